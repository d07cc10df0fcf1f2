using Ostler.Api.Meta;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class GrantOrderTests
{
    [Fact]
    public void Slots_go_zone_after_zone_then_to_the_least_trouble_the_oldest_the_name_and_the_leader_last()
    {
        NodeFacts[] nodes =
        [
            Zone(Given.Staged("leader"), "a"),
            Given.Staged("no-zone"),
            Zone(Given.Staged("b-1"), "b"),
            Zone(Given.Staged("a-trouble"), "a").Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.Ago(1), Reason = "x" } }),
            Zone(Given.Staged("a-failed"), "a").Spec(s => s with { Failure = Given.Failure(1, Trees.Newer), Backoff = new() { Digest = Trees.Newer, Until = Given.Ago(1), Reason = "x" } }),
            Zone(Given.Staged("a-young"), "a") with { CreatedAt = Given.Ago(5) },
            Zone(Given.Staged("a-2"), "a"),
            Zone(Given.Staged("a-1"), "a"),
        ];
        string[] expected = ["a-1", "a-2", "a-young", "a-trouble", "a-failed", "b-1", "no-zone", "leader"];

        for (var slots = 1; slots <= nodes.Length; slots++)
        {
            var plan = RolloutPlanner.Plan(Given.Snapshot(nodes).With(s => s with
            {
                Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(slots) },
            }) with
            { LeaderNode = "leader" });

            Assert.Equal(expected[..slots], plan.Granted());
        }
    }

    [Fact]
    public void Nodes_are_staged_in_the_order_in_which_they_will_go()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Zone(Given.Idle("n1"), "b"), Zone(Given.Idle("n2"), "a"), Given.Idle("n3"), Given.Idle("n4"))
            .With(s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(2) } }));

        Assert.Equal(["n2", "n1"], plan.StagedNow());
    }

    private static NodeFacts Zone(NodeFacts node, string zone) => node.Label("topology.kubernetes.io/zone", zone);
}
