using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Facts;

/// <summary>One tree that is laid down on the host, as the host's tool lists it.</summary>
public sealed record HostDeployment
{
    /// <summary>Its place in the list. 0 is what the next boot runs (a locked staged one excepted).</summary>
    public required int Index { get; init; }

    /// <summary>The set of deployments that share one /var.</summary>
    public required string Stateroot { get; init; }

    public required string Digest { get; init; }
    public required int Serial { get; init; }
    public string? Version { get; init; }
    public string? Reference { get; init; }
    public bool Booted { get; init; }

    /// <summary>Laid down, and to be made the next boot's while the host shuts down.</summary>
    public bool Staged { get; init; }

    public bool Pinned { get; init; }

    /// <summary>Staged, and left out at shutdown until it is unlocked.</summary>
    public bool Locked { get; init; }

    /// <summary>
    /// The OSTree commit that is checked out, where that is not the digest itself: of a container image, or of a tree with packages layered
    /// on it.
    /// </summary>
    public string? Checksum { get; init; }

    /// <summary>What OSTree calls the tree, and its folder.</summary>
    public string Commit => Checksum ?? Digest;

    /// <summary>
    /// Packages that were layered, replaced or removed on this host, the first <see cref="MaxPackages"/>; removed ones with a minus before
    /// the name.
    /// </summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>The tool says that somebody changed the tree in a way that it cannot carry into an update.</summary>
    public bool Incompatible { get; init; }

    /// <summary>
    /// /usr was made writable, or changed live: the running tree is not what its digest promises. As the tool calls it (hotfix,
    /// development, transient); null: it was not.
    /// </summary>
    public string? Mutated { get; init; }

    /// <summary>The tool says that this tree can be entered without going through firmware and kernel.</summary>
    public bool SoftRebootCapable { get; init; }

    /// <summary>A soft reboot would enter it.</summary>
    public bool SoftRebootTarget { get; init; }

    /// <summary>How many packages are kept; more tell nobody anything.</summary>
    public const int MaxPackages = 50;

    public Deployment ToStatus() => new()
    {
        Digest = Digest,
        Serial = Serial,
        Version = Version,
        Reference = Reference,
        Pinned = Pinned,
        Locked = Locked,
    };
}

/// <summary>The trees of the host, in the tool's order.</summary>
public sealed record HostDeployments(IReadOnlyList<HostDeployment> All)
{
    /// <summary>What somebody is at work on just now, in the tool's words; null when nobody is, or the tool does not tell.</summary>
    public string? Transaction { get; init; }

    /// <summary>Another program that updates the host by itself, as it registered with the tool; null when there is none.</summary>
    public string? Driver { get; init; }

    /// <summary>What runs. Every host that the agent acts on has one.</summary>
    public HostDeployment? Booted => All.FirstOrDefault(d => d.Booted);

    public HostDeployment? Staged => All.FirstOrDefault(d => d.Staged);

    /// <summary>What the next boot runs if nothing more happens: a locked staged deployment does not count.</summary>
    public HostDeployment? Next => All.FirstOrDefault(d => !(d.Staged && d.Locked));

    /// <summary>The first one of the same stateroot after the booted one: what is kept to go back to.</summary>
    public HostDeployment? Rollback =>
        Booted is { } booted ? All.FirstOrDefault(d => d.Index > booted.Index && d.Stateroot == booted.Stateroot) : null;

    /// <summary>
    /// What the next boot would run when that is another one than what runs: the staged one, or one that was finalized already. Shown in
    /// status as staged.
    /// </summary>
    public HostDeployment? Upcoming => Staged ?? (Next is { Booted: false } next ? next : null);

    /// <summary>The first deployment of a digest that is not merely staged, or null.</summary>
    public HostDeployment? Find(string digest) => All.FirstOrDefault(d => d.Digest == digest && !d.Staged);
}
