using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class BootingTests
{
    [Fact]
    public void A_node_that_reboots_is_waited_for_until_its_deadline()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Booting("n1") with { Ready = false }));

        Assert.Empty(plan.Actions);
        Assert.Equal((NodeStep.Rebooting, Reasons.WaitingForReboot), (plan.Verdict().Step, plan.Verdict().Reason));
        Assert.Equal(Given.In(10), plan.NextWakeUp);
    }

    [Theory]
    [InlineData("went down", null)]
    [InlineData("may have soft-rebooted", null)]
    [InlineData("kubelet reports a new boot", FailureEvidence.Booted)]
    public void A_node_that_went_down_on_the_order_and_is_not_back_in_time_has_failed(string what, FailureEvidence? evidence)
    {
        var node = Late("n1") with { Ready = false };
        node = what switch
        {
            "went down" => node,
            "may have soft-rebooted" => (node with { Ready = true }).Spec(s => s with { RebootMethod = RebootMethod.Auto }),
            _ => node with { BootID = "n1-boot-2", Ready = true },
        };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node));

        AssertRollsBack(plan, Reasons.RebootTimedOut, "has not reported from a new boot", evidence);
    }

    [Theory]
    [InlineData("never acknowledged", "did not act on the instruction")]
    [InlineData("never acknowledged and not Ready", "did not act on the instruction")]
    [InlineData("never acknowledged, and another boot", "did not act on the instruction")]
    [InlineData("acknowledged and still up", "did not reboot")]
    [InlineData("error", "DiskFull: the host says so")]
    public void A_node_whose_agent_did_not_reboot_it_is_released_and_its_image_is_not_blamed(string what, string message)
    {
        var silent = Late("n1").Status(s => s with { Step = NodeStep.Staged, ObservedGeneration = 0 });
        var node = what switch
        {
            "never acknowledged" => silent,
            "never acknowledged and not Ready" => silent with { Ready = false },
            "never acknowledged, and another boot" => silent with { BootID = "n1-boot-2" },
            "error" => silent.Error(Reasons.DiskFull, NodeStep.Idle),
            _ => Late("n1"),
        };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node, Given.Upgraded("n2")).With(s =>
            s with { Rollback = new() { Scope = RollbackScope.Policy } }));

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.Empty(plan.Of("n2"));
        Assert.Equal((Goal.Observe, Reasons.AgentSilent, 1), (plan.Written().Goal, plan.Written().Backoff!.Reason,
            plan.Written().Backoff!.Count));
        Assert.Contains(message, plan.Written().Backoff!.Message, StringComparison.Ordinal);
        Assert.Null(plan.Written().Failure);
        Assert.False(plan.Failures.Halted);
    }

    private static NodeFacts Late(string name) => Given.Booting(name).Spec(s =>
        s with { Deadlines = new() { Reboot = Given.Now, Healthy = Given.In(10) } });

    [Theory]
    [InlineData(Reasons.BootFellBack)]
    [InlineData(Reasons.FinalizationFailed)]
    [InlineData(Reasons.WatchdogExpired)]
    public void A_node_that_came_up_with_its_former_tree_has_failed_for_what_its_agent_says(string reason)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Booted("n1", Trees.Old).Error(reason, NodeStep.RolledBack)));

        AssertRollsBack(plan, reason, "the host says so", reason == Reasons.WatchdogExpired ? FailureEvidence.Booted
            : FailureEvidence.DidNotBoot);
    }

    [Fact]
    public void A_node_that_came_up_with_its_former_tree_without_a_word_fell_back() =>
        AssertRollsBack(RolloutPlanner.Plan(Given.Snapshot(Given.Booted("n1", Trees.Old))), Reasons.BootFellBack, "the previous image",
            FailureEvidence.DidNotBoot);

    [Fact]
    public void A_node_that_came_up_with_a_foreign_tree_has_failed() =>
        AssertRollsBack(RolloutPlanner.Plan(Given.Snapshot(Given.Booted("n1", Trees.Foreign))), Reasons.UnexpectedTree, "ffffffffffff");

    [Theory]
    [InlineData(0, "release", 1)]
    [InlineData(1, "release", 2)]
    [InlineData(2, "failure", 0)]
    public void A_power_cut_before_the_tree_was_applied_is_not_the_trees_fault_unless_it_happens_three_times(int before, string expected, int count)
    {
        var node = Given.Booted("n1", Trees.Old).Error(Reasons.FinalizationNeverRan, NodeStep.RolledBack);
        node = before == 0
            ? node
            : node.Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.Ago(30), Count = before, Reason = Reasons.FinalizationNeverRan } });

        var plan = RolloutPlanner.Plan(Given.Snapshot(node));

        if (expected == "failure")
        {
            AssertRollsBack(plan, Reasons.FinalizationNeverRan, "third time");
            return;
        }

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.Equal((count, Reasons.FinalizationNeverRan), (plan.Written().Backoff!.Count, plan.Written().Backoff!.Reason));
        Assert.Null(plan.Written().Failure);
        Assert.Equal(0, plan.Failures.Failed);
    }

    [Fact]
    public void A_lost_boot_after_drains_that_timed_out_is_the_first_lost_boot()
    {
        var node = Given.Booted("n1", Trees.Old).Error(Reasons.FinalizationNeverRan, NodeStep.RolledBack)
            .Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.Ago(30), Count = 5, Reason = Reasons.DrainBlocked } });

        Assert.Equal(1, RolloutPlanner.Plan(Given.Snapshot(node)).Written().Backoff!.Count);
    }

    [Fact]
    public void A_host_that_lost_the_staged_tree_before_it_rebooted_is_given_back_and_not_blamed()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Booting("n1").Error(Reasons.NotStaged, NodeStep.Idle)));

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.Equal(Reasons.NotStaged, plan.Written().Backoff!.Reason);
    }

    [Fact]
    public void What_an_agent_said_of_a_former_generation_does_not_give_the_node_back()
    {
        var node = Given.Booting("n1").Error(Reasons.NotStaged, NodeStep.Idle);

        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(node with { OS = node.OS! with { Generation = 2 } })).Actions);
    }

    [Fact]
    public void An_agent_that_gives_up_before_the_reboot_fails_the_attempt_at_once() =>
        AssertRollsBack(
            RolloutPlanner.Plan(Given.Snapshot(Given.Booting("n1").Error(Reasons.FinalizationFailed, NodeStep.Failed))), Reasons.FinalizationFailed,
            "the host says so", FailureEvidence.DidNotBoot);

    [Fact]
    public void A_report_on_a_former_attempt_is_no_new_boot()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Healthy("n1").Spec(s => s with { Attempt = 2 })));

        Assert.Empty(plan.Actions);
        Assert.Equal(NodeStep.Rebooting, plan.Verdict().Step);
    }

    [Fact]
    public void The_target_in_the_same_boot_is_not_taken_for_an_upgrade()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Healthy("n1").Status(s => s with { BootID = "n1-boot-1" })));

        Assert.Empty(plan.Actions);
        Assert.Equal(NodeStep.Rebooting, plan.Verdict().Step);
    }

    [Fact]
    public void A_cordon_that_a_human_removed_is_put_back_while_the_node_is_not_known_to_be_healthy()
    {
        foreach (var node in new[] { Given.Booting("n1"), Given.Booted("n1"), Given.RollingBack("n1") })
        {
            var marked = RolloutPlanner.Plan(Given.Snapshot(node with { Unschedulable = false }));
            Assert.Equal(Given.Ago(10), Assert.IsType<NodeAction.Cordon>(Assert.Single(marked.Of())).At);

            // kubectl edit can take the marks along; the NodeOS still knows.
            var bare = RolloutPlanner.Plan(Given.Snapshot(node with { Unschedulable = false, CordonedBy = null, CordonedAt = null }));
            Assert.Equal(Given.Ago(10), Assert.IsType<NodeAction.Cordon>(Assert.Single(bare.Of())).At);
        }
    }

    [Fact]
    public void With_automatic_rollback_off_a_failed_node_stays_where_it_is()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Booted("n1").Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(1), Healthy = Given.Now } }))
            .With(s => s with { Rollback = new() { Automatic = false } }));

        Assert.Equal("ApplySpec", plan.Kinds());
        var spec = plan.Written();
        Assert.Equal((Goal.Observe, Reasons.HealthTimedOut, Trees.Old), (spec.Goal, spec.Failure!.Reason, spec.Previous!.Digest));
        Assert.Equal((NodeStep.Failed, NodeTally.Failed), (plan.Verdict().Step, plan.Verdict().Tally));
    }

    [Fact]
    public void With_automatic_rollback_off_a_node_that_fell_back_by_itself_is_not_held() =>
        AssertRollsBack(
            RolloutPlanner.Plan(Given.Snapshot(Given.Booted("n1", Trees.Old)).With(s => s with { Rollback = new() { Automatic = false } })),
            Reasons.BootFellBack, "the previous image", FailureEvidence.DidNotBoot);

    private static void AssertRollsBack(RolloutPlan plan, string reason, string message, FailureEvidence? evidence = null)
    {
        var action = Assert.IsType<NodeAction.ApplySpec>(Assert.Single(plan.Of()));
        Assert.Equal((reason, true), (action.Reason, action.IsWarning));
        Assert.Equal((NodeStep.RollingBack, NodeTally.Updating), (plan.Verdict().Step, plan.Verdict().Tally));
        var spec = action.Spec;
        Assert.Equal((Goal.Rollback, Trees.Old, 1L), (spec.Goal, spec.Previous!.Digest, spec.Attempt));
        Assert.Equal((Trees.New, reason, 1L, Given.Now), (spec.Failure!.Digest, spec.Failure.Reason, spec.Failure.Attempt, spec.Failure.At));
        Assert.Equal(evidence, spec.Failure.Evidence);
        Assert.Contains(message, spec.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(new NodeDeadlines { Rollback = Given.In(25) }, spec.Deadlines);
        Assert.Equal(Given.Now, spec.BootRequestedAt);
    }
}
