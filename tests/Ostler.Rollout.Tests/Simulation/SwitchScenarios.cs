using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Rollouts that users steer: holds on nodes, opened windows, a minimum age, reboots without an image.</summary>
internal static class SwitchScenarios
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<string> Names { get; } =
        ["nodes-on-hold", "opened-by-a-user", "image-comes-of-age", "reboot-without-an-image"];

    public static SimulationScenario? Of(string scenario) => scenario switch
    {
        // n1 is held before its turn, n2 while it is drained, n3 while it reboots: that one finishes. n1 and n2 are released later.
        "nodes-on-hold" => Scenarios.Cluster(
            3, null,
            new SimulationFault.HumanHolds(At(0.01), "n1", "new disks on Monday"),
            new SimulationFault.HumanHolds(At(0.9), "n2", ""),
            new SimulationFault.HumanHolds(At(2.5), "n3", "runs the month-end batch"),
            new SimulationFault.HumanHolds(At(30), "n2", null),
            new SimulationFault.HumanHolds(At(60), "n1", null)),
        "opened-by-a-user" => OpenedByAUser(),

        // 42 is old enough at 2 h. 43 is there at 1 h, is taken back at 2 h 30, and comes again at 4 h.
        "image-comes-of-age" => Scenarios.Cluster(
            2, null,
            new SimulationFault.TargetChanges(At(60), Trees.Newer, "43"),
            new SimulationFault.TargetChanges(At(150), Trees.New, "42"),
            new SimulationFault.TargetChanges(At(240), Trees.Newer, "43")) with
        { Image = Trees.ImageSpec with { MinAge = Duration.FromMinutes(120) } },

        // All run 42 for long. n2 is not healthy after the reboot and is held until a user uncordons it. n3 is on hold.
        "reboot-without-an-image" => Scenarios.Cluster(
            3, s => s with { Rollout = s.Rollout with { Soak = Duration.FromMinutes(1) } },
            new SimulationFault.HumanHolds(At(59), "n3", "runs the month-end batch"),
            new SimulationFault.Boots(At(59), "n2", [SimulatedBoot.Unhealthy]),
            new SimulationFault.PolicyChanges(At(60), "edge", s => s with { Rollout = s.Rollout with { RebootBefore = Start + At(60) } }),
            new SimulationFault.HumanHolds(At(90), "n3", null),
            new SimulationFault.HumanUncordons(At(120), "n2")),
        _ => null,
    };

    // Opened outside of its window at 5 min. A freeze from 10 min on still applies, until a user overrides it at 20 min.
    private static SimulationScenario OpenedByAUser() => Scenarios.Cluster(
        3, s => s with
        {
            Windows = [new() { Schedule = "0 3 * * *", Duration = Duration.FromMinutes(60) }],
            Freezes = [new() { From = Start + At(10), To = Start + At(600), Reason = "trade fair" }],
            Rollout = s.Rollout with { NodeDuration = Duration.FromMinutes(3) },
        },
        new SimulationFault.PolicyChanges(At(5), "edge", s => s with { Rollout = s.Rollout with { OpenUntil = Start + At(120) } }),
        new SimulationFault.PolicyChanges(At(20), "edge", s => s with { Rollout = s.Rollout with { IgnoreFreezes = true } })) with
    { Horizon = TimeSpan.FromHours(6) };

    private static TimeSpan At(double minutes) => TimeSpan.FromMinutes(minutes);
}
