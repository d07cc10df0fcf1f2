using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>A Node, its NodeOS and the machine behind them.</summary>
public sealed class SimulatedNode
{
    private readonly List<(string Check, string BootID, CheckOutcome Outcome)> _tries = [];

    private NodeFacts? _facts;
    private int _incarnation;
    private LabelSelector? _selector;
    private bool _isSelected;

    internal SimulatedNode(SimulatedNodeSpec spec, DateTimeOffset createdAt, int incarnation)
    {
        Name = spec.Name;
        Uid = $"{spec.Name}-uid-{incarnation}";
        CreatedAt = createdAt;
        Labels = spec.Labels ?? new Dictionary<string, string>();
        IsControlPlane = NodeRoles.Default.IsControlPlane(Labels);
        First = spec;
        Capacity = spec.Capacity;
        Host = new(spec.Digest, spec.Version, $"{spec.Name}-boot-{incarnation}-0", spec.ClockSkew);
        (KubeletBootID, KubeletSession) = (Host.BootID, Host.Session);
        HasJoinTaint = spec.HasJoinTaint;
        Heartbeat = createdAt + spec.ClockSkew;
    }

    public string Name { get; }

    public string Uid { get; }

    public DateTimeOffset CreatedAt { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>Whether its labels say that it belongs to the control plane.</summary>
    internal bool IsControlPlane { get; }

    public bool Unschedulable { get; internal set; }

    public string? CordonedBy { get; internal set; }

    public DateTimeOffset? CordonedAt { get; internal set; }

    /// <summary>Whether a human cordoned the node and no human undid it: what Ostler must never remove.</summary>
    public bool CordonedByHuman { get; internal set; }

    public bool HasJoinTaint { get; internal set; }

    public bool Ready { get; internal set; } = true;

    /// <summary>How many pods of workloads fit on it; null: any number.</summary>
    public int? Capacity { get; internal set; }

    public DateTimeOffset Heartbeat { get; internal set; }

    public string KubeletBootID { get; internal set; }

    /// <summary>The boot that the kubelet last reported from, soft reboots told apart: what it cannot say.</summary>
    public string KubeletSession { get; internal set; }

    public int Version { get; private set; } = 1;

    /// <summary>The NodeOS; null until the controller has created it.</summary>
    public NodeOSFacts? OS
    {
        get;
        internal set
        {
            field = value;
            _facts = null;
        }
    }

    public SimulatedHost Host { get; }

    /// <summary>Spoils what a hostile agent writes; null: it is not.</summary>
    internal HostileReports? Reports { get; set; }

    /// <summary>Until when the API server refuses the controller's writes to the NodeOS.</summary>
    internal DateTimeOffset WritesRefusedUntil { get; set; }

    /// <summary>The last such refusal that the controller saw.</summary>
    internal RefusedWrite? Refused
    {
        get;
        set
        {
            field = value;
            _facts = null;
        }
    }

    internal SimulatedNodeSpec First { get; }

    /// <summary>How the tries of the controller's checks in each boot went, in order.</summary>
    public IReadOnlyList<(string Check, string BootID, CheckOutcome Outcome)> Tries => _tries;

    /// <summary>How much of a script was said already.</summary>
    internal Dictionary<SimulationFault.CheckSays, int> Said { get; } = new(ReferenceEqualityComparer.Instance);

    internal void AddTry(string check, CheckOutcome outcome) => _tries.Add((check, Host.Session, outcome));

    /// <summary>Whether the Node is gone; what is still scheduled for it does nothing.</summary>
    public bool Gone { get; internal set; }

    internal void Touch()
    {
        Version++;
        _facts = null;
    }

    /// <summary>What the controller was told when it asked.</summary>
    internal KnownAnswers Known
    {
        get;
        set
        {
            field = value;
            _facts = null;
        }
    }

    /// <summary>Labels never change, selectors hardly ever, and thousands of nodes are looked up at each look.</summary>
    internal bool IsSelectedBy(LabelSelector selector)
    {
        if (!ReferenceEquals(_selector, selector))
        {
            (_selector, _isSelected) = (selector, selector.Matches(Labels));
        }

        return _isSelected;
    }

    /// <summary>The node as the controller sees it, without its pods. Of thousands few change between two looks: the others are not described anew.</summary>
    internal NodeFacts Facts() => _facts ??= Describe();

    private NodeFacts Describe() => new()
    {
        Name = Name,
        Uid = Uid,
        CreatedAt = CreatedAt,
        Labels = Labels,
        Unschedulable = Unschedulable,
        CordonedBy = CordonedBy,
        CordonedAt = CordonedAt,
        HasJoinTaint = HasJoinTaint,
        Ready = Ready,
        ReadyReason = Ready ? "KubeletReady" : "NodeStatusUnknown",
        ReadyMessage = Ready ? "kubelet is posting ready status" : "Kubelet stopped posting node status.",
        ReadyHeartbeat = Heartbeat,
        BootID = KubeletBootID,
        ResourceVersion = Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
        OS = OS,
        Preflight = Known.Preflight,
        Workloads = Known.Workloads,
        Volumes = Known.Volumes,
        Refused = Refused,
    };

    /// <summary>The host's clock is set: what is told of the present boot, and by the kubelet, is by the new one.</summary>
    internal void SetClock(TimeSpan by)
    {
        Host.Skew += by;
        // Nothing is told of the boot before the first that was ordered.
        Host.BootedAt = Host.Boots == 0 ? Host.BootedAt : Host.BootedAt + by;
        Heartbeat += by;
        Touch();
    }

    /// <summary>No version of a NodeOS is one of its predecessor's.</summary>
    internal void CreateOS()
    {
        _incarnation++;
        OS = new() { Uid = $"os-{Uid}-{_incarnation}", Generation = 1,
            ResourceVersion = (_incarnation * 100_000).ToString(System.Globalization.CultureInfo.InvariantCulture) };
    }

    internal void WriteSpec(NodeOSSpec spec) => OS = OS! with
    {
        // As the API server does: a spec that is the same is no new generation.
        Generation = Equals(OS.Spec, spec) ? OS.Generation : OS.Generation + 1,
        Spec = spec,
        ResourceVersion = Next(OS.ResourceVersion),
    };

    internal void WriteStatus(NodeOSStatus status) => OS = OS! with { Status = Reports?.Spoil(status) ?? status,
        ResourceVersion = Next(OS.ResourceVersion) };

    private static string Next(string? version) =>
        (int.Parse(version ?? "0", System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The machine: what it has booted, what lies on its disk.</summary>
public sealed class SimulatedHost
{
    internal SimulatedHost(string digest, string? version, string bootID, TimeSpan skew)
    {
        Booted = digest;
        BootedVersion = version;
        BootID = bootID;
        Skew = skew;
    }

    public string Booted { get; internal set; }

    public string? BootedVersion { get; internal set; }

    /// <summary>The kernel's.</summary>
    public string BootID { get; internal set; }

    /// <summary>How often user space alone was restarted in that boot.</summary>
    public int SoftReboots { get; internal set; }

    public string Session => BootSession.Of(BootID, SoftReboots)!;

    public DateTimeOffset BootedAt { get; internal set; }

    /// <summary>The tree that it ran before the present one, and keeps.</summary>
    public Deployment? Former { get; internal set; }

    /// <summary>What is staged and locked.</summary>
    public NodeImage? Staged { get; internal set; }

    /// <summary>Whether it is up. A host that goes down takes agent and kubelet with it.</summary>
    public bool IsUp { get; internal set; } = true;

    /// <summary>Whether it runs a kubelet.</summary>
    public bool HasKubelet { get; internal set; } = true;

    /// <summary>Whether an agent starts in this boot.</summary>
    internal bool HasAgent { get; set; } = true;

    /// <summary>The watchdog's record on disk; null: not armed.</summary>
    internal SimulatedWatchdog? Watchdog { get; set; }

    /// <summary>Whether its host checks would pass.</summary>
    public bool IsHealthy { get; internal set; } = true;

    /// <summary>How it differs from the tree that it runs.</summary>
    public DriftStatus? Drift { get; internal set; }

    internal static DriftStatus Layered { get; } = new()
    {
        Reason = Reasons.PackagesLayered,
        Findings = [new() { Reason = Reasons.PackagesLayered, Message = "strace is layered.", Reconcilable = true }],
        Packages = ["strace"],
    };

    /// <summary>After how many of the next boots that undo it the drift is there again.</summary>
    internal int DriftsAgain { get; set; }

    /// <summary>After how many of the next ordered boots somebody boots another tree.</summary>
    internal int ForeignAgain { get; set; }

    /// <summary>Whether the next boot is into a tree that was laid down without what was changed on the host.</summary>
    internal bool DropsChanges { get; set; }

    /// <summary>Whether the next boot is a soft reboot.</summary>
    internal bool EntersSoftly { get; set; }

    /// <summary>The agent's record on disk of the last order to reboot.</summary>
    internal PendingBoot? Pending { get; set; }

    /// <summary>Why the last boot did not bring the ordered tree.</summary>
    internal string? FellBackBecause { get; set; }

    internal Queue<SimulatedBoot> NextBoots { get; } = new();

    internal int StagingFailures { get; set; }

    internal int Boots { get; set; }

    internal TimeSpan Skew { get; set; }

    // What dies with the agent.
    internal int AgentTerm { get; set; }

    internal string? StagingDigest { get; set; }

    internal NodeError? LastError { get; set; }

    internal bool AgentIsAway { get; set; }

    internal bool? CheckResult { get; set; }

    internal bool IsChecking { get; set; }
}

/// <summary>What the host's watchdog goes by.</summary>
internal sealed record SimulatedWatchdog(string Target, PreviousOS Previous, TimeSpan Timeout);

/// <summary>The order to reboot that the agent wrote down before it obeyed.</summary>
internal sealed record PendingBoot(long Attempt, Goal Goal, string BootID);
