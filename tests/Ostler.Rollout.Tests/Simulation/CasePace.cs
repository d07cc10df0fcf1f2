using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>What holds a random rollout back.</summary>
internal sealed record CasePace
{
    /// <summary>When the simulations begin.</summary>
    public static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>0: none; 1: a canary; 2: a canary and a half by its label; 3: a canary and a second wave that wants approval.</summary>
    public int Waves { get; init; }

    public int Threshold { get; init; } = 100;

    public int WaveSoakMinutes { get; init; }

    /// <summary>How long a window of each hour is open; 0: no windows.</summary>
    public int WindowMinutes { get; init; }

    /// <summary>How many zones may be disrupted; 0: no limit.</summary>
    public int Domains { get; init; }

    /// <summary>How many nodes are of the control plane.</summary>
    public int ControlPlane { get; init; }

    public static CasePace From(SeededSequence random) => new()
    {
        Waves = Math.Max(0, random.Below(6) - 2),
        Threshold = random.Below(3) == 0 ? 50 : 100,
        WaveSoakMinutes = random.Below(2) * 7,
        WindowMinutes = random.Below(3) == 0 ? 12 + random.Below(30) : 0,
        Domains = random.Below(3),
        ControlPlane = Math.Max(0, random.Below(6) - 2),
    };

    public override string ToString() =>
        $"waves {Waves} ({Threshold}%, soak {WaveSoakMinutes}m), window {WindowMinutes}m, domains {Domains}, control plane {ControlPlane}";

    public string ToCode() =>
        $"new() {{ Waves = {Waves}, Threshold = {Threshold}, WaveSoakMinutes = {WaveSoakMinutes}, WindowMinutes = {WindowMinutes}, Domains = {Domains}, ControlPlane = {ControlPlane} }}";

    public UpgradePolicySpec Apply(UpgradePolicySpec spec) => spec with
    {
        Windows = WindowMinutes == 0 ? null : [new() { Schedule = "5 * * * *", Duration = Duration.FromMinutes(WindowMinutes), TimeZone = "America/New_York" }],
        Rollout = spec.Rollout with
        {
            NodeDuration = Duration.FromMinutes(5),
            JoinTaint = true,
            Topology = Domains == 0 ? null : new() { MaxDomainsAtOnce = Domains },
            Waves = Waves == 0
                ? null
                :
                [
                    new() { Name = "canary", Nodes = IntOrPercent.Percent(20), Soak = Duration.FromMinutes(WaveSoakMinutes), SuccessThreshold = IntOrPercent.Percent(Threshold) },
                    .. (WaveSpec[])(Waves switch
                    {
                        2 => [new() { Name = "second", NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["half"] = "second" } }, SuccessThreshold = IntOrPercent.Percent(Threshold) }],
                        3 => [new() { Name = "second", Nodes = IntOrPercent.Count(2), Approval = WaveApproval.Manual, SuccessThreshold = IntOrPercent.Percent(Threshold) }],
                        _ => [],
                    }),
                ],
        },
    };

    /// <summary>Nothing waits for a window or for a person any more: every rollout can end.</summary>
    public static UpgradePolicySpec Lift(UpgradePolicySpec spec) => spec with
    {
        Windows = null,
        Freezes = null,
        Rollout = spec.Rollout with { Waves = null, Topology = null },
    };

    public Dictionary<string, string> Labels(int node, Dictionary<string, string> labels)
    {
        if (node <= ControlPlane)
        {
            labels[node == 1 ? NodeMarks.MasterLabel : NodeMarks.ControlPlaneLabel] = "";
        }

        return labels;
    }
}
