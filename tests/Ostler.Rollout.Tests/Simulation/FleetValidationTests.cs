using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Validation;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>A description that makes no sense is refused with the field and what to write instead.</summary>
public class FleetValidationTests
{
    private static readonly FleetNodes One = new() { Name = "n1" };

    public static TheoryData<string, FleetDescription, string, string> Descriptions => new()
    {
        { "no nodes", Fleets.Of(), "nodes", "describe at least one node, as in {name: edge, count: 3}" },
        { "a name that no Node has", Fleets.Of(One, One with { Name = "Edge_1" }), "nodes[1].name", "lower case letters, digits" },
        { "an empty name", Fleets.Of(One with { Name = "" }), "nodes[0].name", "must be a Node's name" },
        { "none of a group", Fleets.Of(One with { Count = 0 }), "nodes[0].count", "must be 1 or more, or be omitted for one node named n1" },
        { "a name twice", Fleets.Of(One with { Name = "n", Count = 3 }, One with { Name = "n-2" }), "nodes[1].name", "describes n-2 a second time" },
        { "more nodes than anybody has", Fleets.Of(One with { Count = 30_000 }, One with { Name = "m", Count = 30_000 }), "nodes", "at most 50000 nodes" },
        { "no zone among the zones", Fleets.Of(One with { Zones = [] }), "nodes[0].zones", "as in [a, b, c]" },
        { "an empty zone", Fleets.Of(One with { Zones = ["a", ""] }), "nodes[0].zones", "omit it if there are none" },
        { "a short digest", Fleets.Of(One with { Digest = "abc" }), "nodes[0].digest", "64 hexadecimal digits" },
        { "negative room", Fleets.Of(One with { Capacity = -1 }), "nodes[0].capacity", "0 or more" },
        { "a range upside down", Fleets.Of(One) with { Durations = new() { Reboot = new(Duration.FromMinutes(5), Duration.FromMinutes(1)) } }, "durations.reboot", "least (5m) exceeds most (1m): swap them" },
        { "a negative duration", Fleets.Of(One) with { Durations = new() { Staging = new(Duration.FromMinutes(-1), Duration.FromMinutes(1)) } }, "durations.staging.least", "must not be negative" },
        { "a percentage as a share", Fleets.Of(One) with { Failures = new() { Unhealthy = 5 } }, "failures.unhealthy", "write 0.05 for one node in twenty" },
        { "no number", Fleets.Of(One) with { Failures = new() { Staging = double.NaN } }, "failures.staging", "from 0 to 1" },
        { "more failures than boots", Fleets.Of(One) with { Failures = new() { Unhealthy = 0.6, FallsBack = 0.6 } }, "failures", "must not exceed 1 together" },
        { "no time to look at", Fleets.Of(One) with { Horizon = Duration.Zero }, "horizon", "must lie between 1s and 8784h, as in 720h" },
        { "looks further apart than answers hold", Fleets.Of(One) with { Resolution = Duration.FromSeconds(31) }, "resolution", "between 100ms and 30s" },
        { "an approval in the past", Fleets.Of(One) with { ApprovedAfter = Duration.FromMinutes(-1) }, "approvedAfter", "between 0s and" },
        { "a leader of another fleet", Fleets.Of(One) with { LeaderNode = "n9" }, "leaderNode", "n9 is not one of the described nodes" },
        { "a workload without a name", Fleets.Of(One) with { Workloads = [new() { Name = "", Replicas = 1 }] }, "workloads[0].name", "must not be empty" },
        { "a workload twice", Fleets.Of(One) with { Workloads = [new() { Name = "web", Replicas = 1 }, new() { Name = "web", Replicas = 2 }] }, "workloads[1].name", "web is described before" },
        { "negative replicas", Fleets.Of(One) with { Workloads = [new() { Name = "web", Replicas = -1 }] }, "workloads[0].replicas", "0 or more" },
        { "a negative budget", Fleets.Of(One) with { Workloads = [new() { Name = "web", Replicas = 1, MinAvailable = -1 }] }, "workloads[0].minAvailable", "omitted if there is no PodDisruptionBudget" },
        { "a home that nobody described", Fleets.Of(One) with { Workloads = [new() { Name = "web", Replicas = 1, Homes = ["n1", "n9"] }] }, "workloads[0].homes", "a node that is not described" },
        { "a million pods", Fleets.Of(One) with { Workloads = [new() { Name = "web", Replicas = 1_000_000 }] }, "workloads", "at most 500000 pods" },
    };

    [Theory]
    [MemberData(nameof(Descriptions))]
    public void A_description_is_refused_by_field(string what, FleetDescription fleet, string field, string message)
    {
        Assert.NotEmpty(what);

        var problem = Assert.Single(RolloutSimulation.Validate(fleet, Trees.Policy(), Fleets.Target));

        Assert.Equal((field, Reasons.Invalid), (problem.Field, problem.Reason));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_and_target_are_checked_as_well()
    {
        var policy = Trees.Policy(s => s with { Windows = [Fleets.Nightly(1) with { TimeZone = "Europe/Atlantis" }] });
        var target = Fleets.Target with { Digest = "latest", Image = new() };

        var problems = RolloutSimulation.Validate(Fleets.Of(One), policy, target);

        Assert.Equal(["target.digest", "target.image.spec", "policy.spec.windows[0].timeZone"], problems.Select(p => p.Field));
    }

    [Fact]
    public void A_policy_that_selects_none_of_the_nodes_is_refused()
    {
        var policy = Trees.Policy(s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "edge" } } });

        Assert.Equal("policy.spec.nodeSelector", Assert.Single(RolloutSimulation.Validate(Fleets.Of(One), policy, Fleets.Target)).Field);
        Assert.Empty(RolloutSimulation.Validate(Fleets.Of(One with { Labels = new Dictionary<string, string> { ["role"] = "edge" } }), policy, Fleets.Target));
    }

    [Fact]
    public void No_forecast_is_made_of_what_is_refused()
    {
        var refused = Assert.Throws<ArgumentException>(() => Fleets.Forecast(Fleets.Of(One with { Count = -1 }) with { Horizon = Duration.Zero }));

        Assert.Contains("nodes[0].count: must be 1 or more", refused.Message, StringComparison.Ordinal);
        Assert.Contains("\nhorizon: must lie between", refused.Message, StringComparison.Ordinal);
    }
}
