using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Simulation.Hosts;

/// <summary>The deployments on a host's disk, in the order in which the boot loader tries them, as OSTree keeps them.</summary>
internal sealed class SimulatedDisk
{
    private const string Stateroot = "os";

    private List<HostDeployment> _all = [];
    private HostDeployments? _read;

    public SimulatedDisk(string digest, string? version) => _all = [New(digest, version, null, []) with { Booted = true }];

    public SimulatedDisk(HostDeployments deployments) => _all = [.. deployments.All];

    public HostDeployments Read() => _read ??= new([.. _all.Select((d, i) => d with { Index = i })]);

    public HostDeployment Booted => _all.First(d => d.Booted);

    /// <summary>Stages an image, locked, in the place of what was staged.</summary>
    public void Stage(NodeImage image, IReadOnlyList<string> packages)
    {
        DropStaged();
        var reference = image.Ostree is { } ostree ? $"{ostree.Remote}:{ostree.Ref}" : image.Container?.Repository;
        Set([New(image.Digest, image.Version, reference, packages) with { Staged = true, Locked = true }, .. _all]);
    }

    public void SetLocked(bool locked) => Set([.. _all.Select(d => d.Staged ? d with { Locked = locked } : d)]);

    public void SetPinned(string commit, int serial, bool pinned) =>
        Set([.. _all.Select(d => d.Commit == commit && d.Serial == serial ? d with { Pinned = pinned } : d)]);

    public void SetPackages(IReadOnlyList<string> packages) => Set([.. _all.Select(d => d.Booted ? d with { Packages = packages } : d)]);

    /// <summary>Makes what is staged the boot loader's first choice. Nothing but what runs and what is pinned is kept beside it.</summary>
    public void Apply()
    {
        if (_all.FirstOrDefault(d => d.Staged) is { } staged)
        {
            Set([staged with { Staged = false, Locked = false }, .. _all.Where(d => !d.Staged && (d.Booted || d.Pinned))]);
        }
    }

    /// <summary>Marks what was applied as that which a soft reboot enters.</summary>
    public void SetSoftRebootTarget(string digest) =>
        Set([.. _all.Select(d => d with { SoftRebootTarget = !d.Booted && d.Digest == digest })]);

    /// <summary>The host shuts down in order: what is staged is applied, unless it is locked; then it is lost.</summary>
    public FinalizationReport ShutDown()
    {
        if (_all.FirstOrDefault(d => d.Staged) is { Locked: true })
        {
            DropStaged();
            return new(Finalization.SkippedLocked);
        }

        Apply();
        return new(Finalization.NeverRan);
    }

    /// <summary>The power fails: what is staged is lost.</summary>
    public FinalizationReport LosePower()
    {
        DropStaged();
        return new(Finalization.NeverRan);
    }

    /// <summary>
    /// Makes a deployment that ran before the next boot's, and drops what is staged. False when there is none of that digest.
    /// </summary>
    public bool RollBack(string digest)
    {
        DropStaged();
        if (Read().Find(digest) is not { } found)
        {
            return false;
        }

        Set([_all[found.Index], .. _all.Where((_, i) => i != found.Index)]);
        return true;
    }

    /// <summary>Boots the boot loader's first choice; or what ran before, where it falls back.</summary>
    public void Boot(bool fallsBack)
    {
        if (!fallsBack)
        {
            Set([.. _all.Select((d, i) => d with { Booted = i == 0, SoftRebootTarget = false })]);
        }
    }

    /// <summary>A user deploys another image, and boots it.</summary>
    public void BootForeign(string digest, string version)
    {
        var former = _all.Where(d => d.Booted || d.Pinned).Select(d => d with { Booted = false });
        Set([New(digest, version, null, Booted.Packages) with { Booted = true }, .. former]);
    }

    private void DropStaged() => Set([.. _all.Where(d => !d.Staged)]);

    private void Set(List<HostDeployment> all) => (_all, _read) = (all, null);

    private HostDeployment New(string digest, string? version, string? reference, IReadOnlyList<string> packages) => new()
    {
        Index = 0,
        Stateroot = Stateroot,
        Digest = digest,
        Version = version,
        Reference = reference,
        Serial = _all.Where(d => d.Digest == digest).Select(d => d.Serial + 1).DefaultIfEmpty().Max(),
        Packages = packages,
    };
}
