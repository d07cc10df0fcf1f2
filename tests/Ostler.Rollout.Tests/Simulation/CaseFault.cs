using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>One thing that befalls the cluster.</summary>
internal sealed record CaseFault(string Kind, int Minute, int Node, int Variant)
{
    private static readonly SimulatedBoot[] Boots = [.. Enum.GetValues<SimulatedBoot>().Except([SimulatedBoot.Works, SimulatedBoot.Hangs])];

    private static readonly TimeSpan[] Jumps =
    [
        .. ((TimeSpan[])[TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(20), TimeSpan.FromHours(1),
            TimeSpan.FromDays(2)]).SelectMany(j => (TimeSpan[])[j, -j]),
    ];

    private static readonly string[] Kinds =
    [
        "boot", "boot", "boot", "bad tree", "staging fails", "controller", "controller", "agent", "agent", "agent away", "cordon",
            "uncordon", "uncordon",
        "kubelet", "power", "deleted", "replaced", "target", "pause", "second policy", "policy deleted", "retry", "selector", "slots",
        "check", "check", "check of one", "freeze", "approve", "joins", "volumes", "hangs", "no watchdog", "nodeos deleted",
            "nodeos deleted", "clock", "clock", "server clock", "api away",
        "hold", "hold", "open", "reboot", "reboot",
    ];

    public static CaseFault From(SeededSequence random) => new(Kinds[random.Below(Kinds.Length)], random.Below(46), random.Below(7),
        random.Below(21));

    /// <summary>A boot that proves the image to be bad.</summary>
    public static CaseFault Blames(SeededSequence random, int node)
    {
        SimulatedBoot[] proofs = [SimulatedBoot.Unhealthy, SimulatedBoot.FallsBack, SimulatedBoot.WithoutKubelet];
        return new("boot", 0, node, Array.IndexOf(Boots, proofs[random.Below(proofs.Length)]));
    }

    public string ToCode() => $"new(\"{Kind}\", {Minute}, {Node}, {Variant})";

    public override string ToString() => $"{Kind} at {Minute}m (node {Node}, variant {Variant})";

    public SimulationFault ToFault(int nodes)
    {
        var at = TimeSpan.FromMinutes(Minute) + TimeSpan.FromMilliseconds(Variant * 977);
        var node = $"n{(Node % nodes) + 1}";
        var boot = Boots[Variant % Boots.Length];
        return Kind switch
        {
            "boot" => new SimulationFault.Boots(TimeSpan.Zero, node, [boot]),
            "bad tree" => new SimulationFault.BadTree(TimeSpan.Zero, Trees.New, boot),
            "hangs" => new SimulationFault.Boots(TimeSpan.Zero, node, [SimulatedBoot.Hangs]),
            "no watchdog" => new SimulationFault.PolicyChanges(at, "edge", s =>
                s with { Rollback = s.Rollback with { Watchdog = Duration.Zero } }),
            "staging fails" => new SimulationFault.StagingFails(at, node, Variant),
            "controller" => new SimulationFault.ControllerRestarts(at),
            "agent" => new SimulationFault.AgentRestarts(at, node),
            "agent away" => new SimulationFault.AgentIsAway(at, node, TimeSpan.FromMinutes(1 + (Variant * 3))),
            "cordon" => new SimulationFault.HumanCordons(at, node),
            "uncordon" => new SimulationFault.HumanUncordons(at, node),
            "kubelet" => new SimulationFault.KubeletIsAway(at, node, TimeSpan.FromMinutes(1 + Variant)),
            "power" => new SimulationFault.PowerCycle(at, node),
            "deleted" => new SimulationFault.NodeDeleted(at, node),
            "replaced" => new SimulationFault.NodeReplaced(at, node),
            "target" => new SimulationFault.TargetChanges(at, Trees.Newer, "43"),
            "nodeos deleted" => new SimulationFault.NodeOSDeleted(at, node),
            "clock" => new SimulationFault.NodeClockJumps(at, node, Jumps[Variant % Jumps.Length]),
            "server clock" => new SimulationFault.ServerClockJumps(at + TimeSpan.FromMinutes(1), Jumps[Variant % Jumps.Length],
                TimeSpan.FromMinutes(5)),
            "api away" => new SimulationFault.ApiIsAway(at, TimeSpan.FromMinutes(1 + Variant)),
            "volumes" => new SimulationFault.VolumesHang(at, node),
            "pause" => new SimulationFault.PolicyChanges(at, "edge", s => s with { Paused = true }),
            "second policy" => new SimulationFault.PolicyCreated(
                at, "second", Trees.Policy(s => s with
                {
                    NodeSelector = new()
                    {
                        MatchLabels = new Dictionary<string,
                    string>
                        { ["half"] = "first" }
                    }
                })),
            "policy deleted" => new SimulationFault.PolicyDeleted(at, "edge"),
            "retry" => new SimulationFault.Retry(at, "edge"),
            "selector" => new SimulationFault.PolicyChanges(
                at, "edge", s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["half"] = "second" } } }),
            "check" => new SimulationFault.CheckSays(at, $"check-{Node % 2}", Said(Variant)),
            "check of one" => new SimulationFault.CheckSays(at, $"check-{Node % 2}", Said(Variant), node),
            "freeze" => new SimulationFault.PolicyChanges(
                at, "edge", s => s with
                {
                    Freezes = [new() { From = CasePace.Start + at,
                    To = CasePace.Start + at + TimeSpan.FromMinutes(10 + Variant) }]
                }),
            "approve" => new SimulationFault.PolicyChanges(
                at, "edge", s => s with
                {
                    Rollout = s.Rollout with
                    {
                        Approvals = [new() { Wave = "second", Digest = Variant % 3 == 0
                    ? Trees.Newer : Trees.New }]
                    }
                }),
            "joins" => new SimulationFault.NodeJoins(
                at, new()
                {
                    Name = $"x{Variant}",
                    Digest = Trees.Old,
                    Version = "41",
                    HasJoinTaint = true,
                    Labels = new Dictionary<string,
                    string>
                    { ["half"] = Variant % 2 == 0 ? "first" : "second" }
                }),
            "slots" => new SimulationFault.PolicyChanges(at, "edge", s =>
                s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(1 + (Variant % 3)) } }),
            _ => ToSwitch(at, node),
        };
    }

    private SimulationFault ToSwitch(TimeSpan at, string node)
    {
        var late = TimeSpan.FromHours(Variant > 6 ? 2 : 0);
        var opened = CasePace.Start + at + TimeSpan.FromMinutes(10 + (Variant * 3));
        return Kind switch
        {
            "hold" => new SimulationFault.HumanHolds(at, node, "new disks"),
            "open" => new SimulationFault.PolicyChanges(
                at, "edge", s => s with { Rollout = s.Rollout with { OpenUntil = opened, IgnoreFreezes = Variant % 2 == 0 } }),

            // Most come late, when there is nothing else to do.
            "reboot" => new SimulationFault.PolicyChanges(
                at + late, "edge", s => s with { Rollout = s.Rollout with { RebootBefore = CasePace.Start + at + late } }),
            _ => throw new InvalidOperationException($"no fault is called {Kind}"),
        };
    }

    // Up to three words and then the last of them for good; most of them pass in the end.
    private static CheckOutcome[] Said(int variant) =>
        [(CheckOutcome)(variant % 4), (CheckOutcome)(variant / 4 % 4), variant % 3 == 0 ? (CheckOutcome)(1 + (variant % 2))
            : CheckOutcome.Passed];
}
