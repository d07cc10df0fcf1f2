using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;
using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>A Node, its NodeOS and the machine behind them.</summary>
public sealed class SimulatedNode
{
    private readonly List<(string Check, string BootID, CheckOutcome Outcome)> _tries = [];

    private NodeFacts? _facts;
    private int _incarnation;
    private LabelSelector? _selector;
    private bool _isSelected;

    internal SimulatedNode(
        SimulatedNodeSpec spec, DateTimeOffset createdAt, int incarnation, IReadOnlyDictionary<string, SimulatedBoot> badImages)
    {
        Name = spec.Name;
        Uid = $"{spec.Name}-uid-{incarnation}";
        CreatedAt = createdAt;
        Labels = spec.Labels ?? new Dictionary<string, string>();
        IsControlPlane = NodeRoles.Default.IsControlPlane(Labels);
        First = spec;
        Capacity = spec.Capacity;
        Host = new(spec.Name, spec.Digest, spec.Version, $"{spec.Name}-boot-{incarnation}-0", spec.BootedAt)
        {
            ClockSkew = spec.ClockSkew,
            CanSoftReboot = spec.SoftReboots,
            Faults = new() { BadImages = badImages },
        };
        (KubeletBootID, KubeletSession) = (Host.Boot.KernelBootID, Host.Boot.BootID);
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

    /// <summary>Who holds it back from upgrades; null: nobody.</summary>
    public NodeHold? Hold { get; internal set; }

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

    /// <summary>The agent's process on the host.</summary>
    internal AgentProcess Agent { get; } = new();

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

    /// <summary>The agent is gone, and nothing starts another one.</summary>
    internal void KillAgent()
    {
        Agent.Kill();
        Host.KillAgent();
    }

    internal SimulatedNodeSpec First { get; }

    /// <summary>How the tries of the controller's checks in each boot went, in order.</summary>
    public IReadOnlyList<(string Check, string BootID, CheckOutcome Outcome)> Tries => _tries;

    /// <summary>How much of a script was said already.</summary>
    internal Dictionary<SimulationFault.CheckSays, int> ScriptedTries { get; } = new(ReferenceEqualityComparer.Instance);

    internal void AddTry(string check, CheckOutcome outcome) => _tries.Add((check, Host.Boot.BootID, outcome));

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

    /// <summary>
    /// The node as the controller sees it, without its pods. Of thousands few change between two looks: the others are not described anew.
    /// </summary>
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
        Hold = Hold,
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
        Host.SetClock(by);
        Heartbeat += by;
        Touch();
    }

    /// <summary>No version of a NodeOS is one of its predecessor's.</summary>
    internal void CreateOS()
    {
        _incarnation++;
        OS = new()
        {
            Uid = $"os-{Uid}-{_incarnation}",
            Generation = 1,
            ResourceVersion = (_incarnation * 100_000).ToString(System.Globalization.CultureInfo.InvariantCulture)
        };
    }

    internal void WriteSpec(NodeOSSpec spec) => OS = OS! with
    {
        // As the API server does: a spec that is the same is no new generation.
        Generation = Equals(OS.Spec, spec) ? OS.Generation : OS.Generation + 1,
        Spec = spec,
        ResourceVersion = Next(OS.ResourceVersion),
    };

    internal void WriteStatus(NodeOSStatus status) => OS = OS! with
    {
        Status = Reports?.Spoil(status) ?? status,
        ResourceVersion = Next(OS.ResourceVersion)
    };

    /// <summary>The NodeOS as the agent reads it.</summary>
    internal NodeOS? Read() => OS is not { } os ? null : new()
    {
        Metadata = new() { Name = Name, Uid = os.Uid, Generation = os.Generation, ResourceVersion = os.ResourceVersion },
        Spec = os.Spec,
        Status = os.Status,
    };

    private static string Next(string? version) =>
        (int.Parse(version ?? "0", System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
