using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Simulation.Hosts;

/// <summary>
/// One host: what is on its disk, what it has booted, which records its agent and its watchdog keep, and what goes wrong. It yields the
/// <see cref="HostState"/> from which the agent's real decision is made, and carries out what is decided (<see cref="AgentPass"/>).
/// </summary>
/// <remarks>
/// It knows no time: each method is given it. What time passes between two steps is up to whoever runs the host, in virtual time or in real
/// time.
/// </remarks>
public sealed class SimulatedHost
{
    private static readonly string ForeignDigest = new('f', 64);

    private readonly SimulatedDisk _disk;
    private FinalizationReport _finalization = new(Finalization.NeverRan);
    private PinnedDeployment? _knownGood;
    private bool _isHealthy = true;
    private bool _entersSoftly;

    /// <param name="name">The node's name.</param>
    /// <param name="digest">The image that it runs.</param>
    /// <param name="version">The image's version.</param>
    /// <param name="bootID">The kernel's ID of its first boot.</param>
    /// <param name="bootedAt">When that was, by its own clock; null: its kernel does not say.</param>
    public SimulatedHost(string name, string digest, string? version, string bootID, DateTimeOffset? bootedAt = null)
        : this(name, bootID, new SimulatedDisk(digest, version))
    {
        Boot = Boot with { BootedAt = bootedAt };
    }

    /// <summary>A host with these deployments.</summary>
    internal SimulatedHost(string name, string bootID, HostDeployments deployments)
        : this(name, bootID, new SimulatedDisk(deployments))
    {
    }

    private SimulatedHost(string name, string bootID, SimulatedDisk disk)
    {
        Name = name;
        _disk = disk;
        Boot = new(bootID, null) { SoftReboots = 0 };
    }

    /// <summary>The node's name.</summary>
    public string Name { get; }

    /// <summary>How far the host's clock is ahead.</summary>
    public TimeSpan ClockSkew { get; set; }

    /// <summary>Whether it can enter a new image by a soft reboot.</summary>
    public bool CanSoftReboot { get; init; }

    public HostFaults Faults { get; init; } = new();

    public HostBoot Boot { get; private set; }

    public HostDeployments Deployments => _disk.Read();

    public HostDeployment Booted => _disk.Booted;

    public HostDeployment? Staged => Deployments.Staged;

    /// <summary>What it keeps to go back to.</summary>
    public HostDeployment? Rollback => Deployments.Rollback;

    /// <summary>Whether it is up. A host that goes down takes agent and kubelet with it.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>Whether it runs a kubelet in this boot.</summary>
    public bool HasKubelet { get; private set; } = true;

    /// <summary>Whether it runs an agent in this boot.</summary>
    public bool HasAgent { get; private set; } = true;

    /// <summary>Whether its checks would pass.</summary>
    public bool IsHealthy { get => _isHealthy && !Faults.IsNeverHealthy; internal set => _isHealthy = value; }

    /// <summary>How often it has come up, soft reboots included.</summary>
    public int Boots { get; private set; }

    /// <summary>How the last boot went; null: it has not booted yet.</summary>
    public SimulatedBoot? LastBoot { get; private set; }

    /// <summary>The agent's record of the reboot that it ordered last.</summary>
    public PendingBoot? Pending { get; private set; }

    /// <summary>The watchdog's record; null: not armed.</summary>
    public WatchdogRecord? Watchdog { get; private set; }

    /// <summary>The agent's record of a deployment that it applied before a soft reboot.</summary>
    internal ApplyRecord? Applied { get; private set; }

    /// <summary>The checks that its agent runs.</summary>
    internal HostCheckRounds Checks { get; } = new();

    /// <summary>One pass of the agent.</summary>
    /// <param name="os">Its NodeOS as last seen.</param>
    /// <param name="clock">The time, from which the host's own clock differs by its skew.</param>
    public AgentPass Pass(NodeOS os, Func<DateTimeOffset> clock) => new(this, os, () => clock() + ClockSkew);

    /// <summary>The agent dies. What it remembers between passes is lost; what it wrote on the host is not.</summary>
    public void KillAgent() => Checks.Forget();

    /// <summary>The host goes down.</summary>
    /// <param name="ordered">What the agent was ordered to do; null: nobody ordered it, and the power fails.</param>
    /// <returns>How the next boot goes.</returns>
    public SimulatedBoot GoDown(Goal? ordered)
    {
        var next = ordered == Goal.Boot && Deployments.Next is { } target ? FateOf(target.Digest) : SimulatedBoot.Works;
        _entersSoftly &= ordered == Goal.Boot;
        _finalization = ordered is null || next == SimulatedBoot.PowerCut ? _disk.LosePower() : _disk.ShutDown();
        IsUp = false;
        KillAgent();
        return next;
    }

    /// <summary>The host comes up.</summary>
    /// <param name="boot">How the boot goes.</param>
    /// <param name="at">When, by the host's clock.</param>
    /// <param name="bootID">The kernel's ID of the boot, unless it is a soft reboot.</param>
    public void ComeUp(SimulatedBoot boot, DateTimeOffset at, string bootID)
    {
        var softly = _entersSoftly && boot is not (SimulatedBoot.PowerCut or SimulatedBoot.FallsBack or SimulatedBoot.Unexpected);
        if (boot == SimulatedBoot.Unexpected)
        {
            _disk.BootForeign(ForeignDigest, "foreign");
        }
        else
        {
            _disk.Boot(boot == SimulatedBoot.FallsBack);
        }

        // What lies in /run outlives a soft reboot alone.
        Applied = softly ? Applied : null;
        Boot = new(softly ? Boot.KernelBootID : bootID, at) { SoftReboots = softly ? Boot.SoftReboots + 1 : 0 };
        Boots++;
        LastBoot = boot;
        _entersSoftly = false;
        _isHealthy = boot != SimulatedBoot.Unhealthy;
        HasKubelet = boot is not (SimulatedBoot.WithoutKubelet or SimulatedBoot.Hangs);
        HasAgent = boot != SimulatedBoot.Hangs;
        IsUp = true;
    }

    /// <summary>
    /// A look of the host's own watchdog. Where it takes the host back, that is the next boot's, and the host is to be rebooted.
    /// </summary>
    /// <param name="uptime">How long this boot has lasted.</param>
    /// <param name="now">The time.</param>
    public WatchdogStep RunWatchdog(TimeSpan uptime, DateTimeOffset now)
    {
        var step = WatchdogDecision.Decide(Watchdog, Boot.BootID, uptime, null);
        if (step is WatchdogStep.Look)
        {
            step = WatchdogDecision.Decide(Watchdog, Boot.BootID, uptime, new WatchdogObservation(Booted.Digest, Assessing: false));
        }

        switch (step)
        {
            case WatchdogStep.Nothing or WatchdogStep.Wait or WatchdogStep.RebootByForce:
                break;
            case WatchdogStep.RollBack:
                var firing = Watchdog!.Fire(Boot.BootID, uptime, now + ClockSkew);
                Watchdog = _disk.RollBack(firing.Previous)
                    ? firing with { State = WatchdogState.Fired }
                    : firing with { Error = "the previous deployment is gone" };
                break;
            default:
                throw new InvalidOperationException($"No such step of the watchdog: {step}");
        }

        return step;
    }

    /// <summary>The host's clock is set: the time of the present boot is told by the new one.</summary>
    public void SetClock(TimeSpan by)
    {
        ClockSkew += by;
        Boot = Boot with { BootedAt = Boot.BootedAt + by };
    }

    /// <summary>A user layers a package on what runs.</summary>
    public void LayerPackage() => _disk.SetPackages(["strace"]);

    /// <summary>All that the agent sees of it.</summary>
    internal HostState Observe(NodeOS os, DateTimeOffset now)
    {
        var host = new HostState
        {
            Now = now,
            Boot = Boot,
            Deployments = Deployments,
            Backend = "ostree",
            BackendVersion = "simulated",
            Pending = Pending,
            Watchdog = Watchdog,
            RevertMethod = Booted.Packages.Count > 0 ? RevertMethod.Redeploy : RevertMethod.Nothing,
        };
        return HostProbes.Of(os.Metadata.Uid!, os.Spec, host, () => Applied) switch
        {
            HostProbe.None => host,

            // An agent that looks is not being shut down: a host that goes down takes it along at once.
            HostProbe.ShuttingDown => host with { ShuttingDown = false },
            HostProbe.Applying or HostProbe.Finalizing => host with { Finalization = _finalization },

            // Neither greenboot nor a boot loader that counts is on it.
            HostProbe.Fallback => host with { FellBackBecause = null },
            var unknown => throw new InvalidOperationException($"No such probe: {unknown}"),
        };
    }

    /// <summary>Before anything is decided: what the agent keeps for an order that is over is removed.</summary>
    internal void Tidy(NodeOS os)
    {
        if (NodeOrder.IsAtRest(os.Spec))
        {
            Pending = null;
        }

        var uid = os.Metadata.Uid!;
        if (Watchdog is not null && WatchdogDecision.IsObsolete(Watchdog, uid, os.Spec, Boot.BootID)
            && !WatchdogDecision.IsOnTrial(Watchdog, uid, os.Spec, Boot.BootID, Booted.Digest))
        {
            Watchdog = null;
        }

        if (_knownGood is { } kept && NodeOrder.ReleasesPrevious(uid, os.Spec, kept, Booted))
        {
            _disk.SetPinned(kept.Commit, kept.Serial, pinned: false);
            _knownGood = null;
        }
    }

    /// <summary>Stages an image. Packages that were layered are carried over, unless they are discarded.</summary>
    internal void Stage(NodeImage image, bool discardLocalChanges) => _disk.Stage(image, discardLocalChanges ? [] : Booted.Packages);

    internal void Lock() => _disk.SetLocked(locked: true);

    internal void Unlock() => _disk.SetLocked(locked: false);

    /// <summary>Makes a kept deployment the next boot's. False when there is none of that digest.</summary>
    internal bool ChooseNext(string digest) => _disk.RollBack(digest);

    /// <summary>Pins what runs, unless a user did.</summary>
    /// <param name="uid">The UID of the NodeOS whose order puts the next image on trial.</param>
    internal void KeepKnownGood(string uid)
    {
        if (Booted is { Pinned: false } booted)
        {
            _knownGood = PinnedDeployment.Of(uid, booted);
            _disk.SetPinned(booted.Commit, booted.Serial, pinned: true);
        }
    }

    internal void Arm(NodeOS os, TimeSpan timeout, HostDeployment target, DateTimeOffset now) =>
        Watchdog = WatchdogRecord.Arm(new(os.Metadata.Uid!, os.Spec.Attempt, timeout), "ostree", Booted, target, Boot, now);

    /// <summary>Notes in the watchdog's record what was found in the boot on trial.</summary>
    internal void Note(bool checksPass, bool apiUnreachable, DateTimeOffset now) =>
        Watchdog = Watchdog?.Note(Boot.BootID, checksPass, apiUnreachable, now);

    /// <summary>Disarms the watchdog for good. False: it was too late, and the host is going back.</summary>
    internal bool TryDisarm()
    {
        if (Watchdog?.IsGoingBackIn(Boot.BootID) == true)
        {
            return false;
        }

        Watchdog = null;
        return true;
    }

    /// <summary>Applies what is staged now, and makes it what a soft reboot enters.</summary>
    internal void ApplyForSoftReboot(NodeOS os, HostDeployment target)
    {
        if (target.Staged)
        {
            Applied = new() { NodeUid = os.Metadata.Uid!, Attempt = os.Spec.Attempt, Target = target.Digest, BootID = Boot.BootID };
            _disk.Apply();
        }

        _disk.SetSoftRebootTarget(target.Digest);
    }

    internal void Order(PendingBoot pending, RebootKind method) => (Pending, _entersSoftly) = (pending, method == RebootKind.SoftReboot);

    private SimulatedBoot FateOf(string digest) => Faults.BadImages.TryGetValue(digest, out var bad) ? bad
        : Faults.NextBoots.TryDequeue(out var next) ? next
        : SimulatedBoot.Works;
}
