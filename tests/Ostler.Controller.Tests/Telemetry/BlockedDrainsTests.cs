using Ostler.Api.NodeOSes;
using Ostler.Controller.Telemetry;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Tests.Telemetry;

public sealed class BlockedDrainsTests
{
    private readonly BlockedDrains _drains = new();

    [Fact]
    public void A_budget_is_counted_from_the_first_look_that_finds_a_drain_held_up_to_the_one_that_does_not()
    {
        Assert.Equal(0, _drains.Observe("edge", [new("a", "apps/db")], Given.Now)["apps/db"]);
        Assert.Equal(20, _drains.Observe("edge", [new("a", "apps/db")], Given.Now.AddSeconds(20))["apps/db"]);
        Assert.Equal(10, _drains.Observe("edge", [], Given.Now.AddSeconds(30))["apps/db"]);
        Assert.Empty(_drains.Observe("edge", [], Given.Now.AddSeconds(60)));
        Assert.Equal(0, _drains.Observe("edge", [new("a", "apps/db")], Given.Now.AddSeconds(90))["apps/db"]);
    }

    [Fact]
    public void Two_drains_that_wait_for_one_budget_count_twice_and_policies_do_not_mix()
    {
        _drains.Observe("edge", [new("a", "apps/db"), new("b", "apps/db")], Given.Now);
        _drains.Observe("other", [new("c", "apps/db")], Given.Now);

        Assert.Equal(20, _drains.Observe("edge", [], Given.Now.AddSeconds(10))["apps/db"]);
        Assert.Equal(10, _drains.Observe("other", [], Given.Now.AddSeconds(10))["apps/db"]);
    }

    [Fact]
    public void More_budgets_than_a_Prometheus_should_hold_share_one_label()
    {
        BlockedDrain[] many = [.. Enumerable.Range(0, BlockedDrains.MostBudgets + 50).Select(i => new BlockedDrain("a", $"apps/{i}"))];

        var counted = _drains.Observe("edge", many, Given.Now);

        Assert.Equal(BlockedDrains.MostBudgets + 1, counted.Count);
        Assert.Equal(50 * 10, _drains.Observe("edge", [], Given.Now.AddSeconds(10))[BlockedDrains.Other]);
    }

    [Fact]
    public void What_this_pass_found_is_newer_than_what_the_pods_carry()
    {
        EvictionResult blocked = new() { Namespace = "apps", Name = "db-0", Uid = "u", Outcome = EvictionOutcome.BlockedByBudget, Budget = "db", At = Given.Now };
        PodFacts pod = new() { Namespace = "apps", Name = "db-0", Uid = "u", LastEviction = blocked };
        NodeVerdict[] nodes =
            [new() { Node = "a", Step = Ostler.Api.NodeOSes.NodeStep.Cordoned, Reason = "Draining", Tally = NodeTally.Updating, Drain = new() { Evict = [pod] } }];

        Assert.Equal([new("a", "apps/db")], BlockedDrain.Of(nodes, []));
        Assert.Empty(BlockedDrain.Of(nodes, [blocked with { Outcome = EvictionOutcome.Accepted }]));
        Assert.Equal([new("a", BlockedDrain.Several)], BlockedDrain.Of(nodes, [blocked with { Outcome = EvictionOutcome.SeveralBudgets }]));
        Assert.Equal([new("a", BlockedDrain.Unnamed)], BlockedDrain.Of(nodes, [blocked with { Budget = null }]));
    }
}
