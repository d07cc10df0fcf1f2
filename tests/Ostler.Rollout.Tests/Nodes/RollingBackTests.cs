using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class RollingBackTests
{
    [Fact]
    public void A_node_that_is_back_and_Ready_is_uncordoned_and_keeps_its_record()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Back("n1")));

        Assert.Equal("Uncordon ApplySpec", plan.Kinds());
        Assert.Equal(
            new NodeOSSpec { Policy = Given.Policy, Image = Trees.Image(Trees.New), Goal = Goal.Observe, Attempt = 1, Failure = Given.Failure(2) }, plan.Written());
        Assert.Equal((NodeStep.RolledBack, NodeTally.RolledBack), (plan.Verdict().Step, plan.Verdict().Tally));
    }

    [Fact]
    public void A_crash_between_the_uncordon_and_its_record_leaves_only_the_record_to_write() =>
        Assert.Equal(
            "ApplySpec",
            RolloutPlanner.Plan(Given.Snapshot(Given.Back("n1") with { Unschedulable = false, CordonedBy = null, CordonedAt = null })).Kinds());

    [Theory]
    [InlineData("app: edge-app.service is failed", "app: edge-app.service is failed. Rolling back to")]
    [InlineData("It is not Ready.", "It is not Ready. Rolling back to")]
    public void Of_what_others_said_a_sentence_is_made(string said, string told) => Assert.Contains(
        told,
        RolloutPlanner.Plan(Given.Snapshot(Far("not Ready").Spec(s => s with { Failure = s.Failure! with { Message = said } }))).Verdict().Message,
        StringComparison.Ordinal);

    public static TheoryData<string> NotBack => ["failed tree", "agent behind", "former attempt", "kubelet of the former boot", "not Ready", "same boot, no word"];

    [Theory]
    [MemberData(nameof(NotBack))]
    public void A_node_is_not_back_with(string what)
    {
        var waiting = RolloutPlanner.Plan(Given.Snapshot(Far(what)));
        Assert.Empty(waiting.Actions);
        Assert.Equal((NodeStep.RollingBack, Given.In(20)), (waiting.Verdict().Step, waiting.NextWakeUp));

        var late = RolloutPlanner.Plan(Given.Snapshot(Far(what).Spec(s => s with { Deadlines = new() { Rollback = Given.Now } })));
        Assert.Empty(late.Actions);
        Assert.Equal((NodeStep.Failed, Reasons.RollbackTimedOut, NodeTally.Failed), (late.Verdict().Step, late.Verdict().Reason, late.Verdict().Tally));
        Assert.True(late.Verdict() is { NeedsPerson: true, Unavailable: true, InFlight: false });
        Assert.Contains("kubectl uncordon n1", late.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_agent_that_never_left_the_former_tree_is_believed_when_it_says_that_it_is_safe()
    {
        var node = Far("same boot, no word").Status(s => s with { Step = NodeStep.RolledBack });

        Assert.Equal("Uncordon ApplySpec", RolloutPlanner.Plan(Given.Snapshot(node)).Kinds());
    }

    [Fact]
    public void A_node_that_comes_back_after_its_deadline_is_taken_back_all_the_same() =>
        Assert.Equal(
            "Uncordon ApplySpec", RolloutPlanner.Plan(Given.Snapshot(Given.Back("n1").Spec(s => s with { Deadlines = new() { Rollback = Given.Ago(600) } }))).Kinds());

    [Fact]
    public void An_agent_that_cannot_go_back_is_shown_at_once_with_its_own_words()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.RollingBack("n1").Error(Reasons.RollbackImpossible, NodeStep.Failed)));

        Assert.Empty(plan.Actions);
        Assert.Equal((NodeStep.Failed, Reasons.RollbackImpossible), (plan.Verdict().Step, plan.Verdict().Reason));
        Assert.StartsWith("the host says so", plan.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_uncordons_a_node_that_could_not_go_back_has_it()
    {
        var node = Given.RollingBack("n1").Error(Reasons.RollbackImpossible, NodeStep.Failed) with { Unschedulable = false };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node));

        Assert.Equal("Uncordon ApplySpec", plan.Kinds());
        Assert.Equal((Goal.Observe, Reasons.HostCheckFailed), (plan.Written().Goal, plan.Written().Failure!.Reason));
    }

    [Fact]
    public void A_held_node_says_how_to_go_on_and_keeps_its_slot()
    {
        var plan = Plan(Given.Held("n1"));

        Assert.Empty(plan.Actions);
        Assert.Equal((NodeStep.Failed, NodeTally.Failed, true), (plan.Verdict().Step, plan.Verdict().Tally, plan.Verdict().Unavailable));
        Assert.Contains("spec.rollback.automatic", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.Contains("kubectl uncordon n1", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.Contains("kubectl ostler retry", plan.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_held_node_goes_back_when_automatic_rollback_is_switched_on()
    {
        var plan = Plan(Given.Held("n1"), s => s with { Rollback = s.Rollback with { Automatic = true } });

        Assert.Equal((Goal.Rollback, Given.In(25)), (plan.Written().Goal, plan.Written().Deadlines!.Rollback));
    }

    [Fact]
    public void A_held_node_that_a_human_uncordons_is_given_up() =>
        Assert.Equal("Uncordon", Plan(Given.Held("n1") with { Unschedulable = false }).Kinds());

    [Fact]
    public void A_held_node_on_the_target_is_checked_again_on_request_with_a_new_attempt_and_new_deadlines()
    {
        var plan = Plan(Given.Held("n1"), s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(1) } });

        Assert.Equal((Goal.Boot, 2L, Trees.Old), (plan.Written().Goal, plan.Written().Attempt, plan.Written().Previous!.Digest));

        // health.timeout from now: no boot is waited for, and the one that was lies before this order, which else says that a clock is
        // behind.
        Assert.Equal(new NodeDeadlines { Reboot = Given.In(15), Healthy = Given.In(10) }, plan.Written().Deadlines);
    }

    [Fact]
    public void A_held_node_that_never_booted_the_target_is_given_back_on_request() =>
        Assert.Equal(
            "ApplySpec Uncordon",
            Plan(
                Given.Held("n1").Status(s => s with { Booted = Given.Tree(Trees.Old), BootID = "n1-boot-1" }),
                s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(1) } }).Kinds());

    [Fact]
    public void A_held_node_that_booted_and_has_not_reported_stays_cordoned_on_request_until_it_does()
    {
        var silent = Given.Held("n1").Status(
            s => s with { Step = NodeStep.Rebooting, Booted = Given.Tree(Trees.Old), BootID = "n1-boot-1" });
        var requested = (UpgradePolicySpec s) => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(1) } };

        var plan = Plan(silent with { BootID = "n1-boot-2" }, requested);

        Assert.Empty(plan.Actions);
        Assert.Equal((NodeStep.Failed, true), (plan.Verdict().Step, plan.Verdict().Unavailable));
        Assert.Contains("starts when the agent reports", plan.Verdict().Message, StringComparison.Ordinal);

        // One that never went down still runs what it ran.
        Assert.Equal("ApplySpec Uncordon", Plan(silent with { BootID = "n1-boot-1" }, requested).Kinds());
    }

    [Fact]
    public void A_held_node_stays_held_when_the_policy_is_gone()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Held("n1")) with { Policy = new() { Name = Given.Policy } });

        Assert.Empty(plan.Actions);
    }

    private static RolloutPlan Plan(NodeFacts node, Func<UpgradePolicySpec, UpgradePolicySpec>? change = null) => RolloutPlanner.Plan(
        Given.Snapshot(node).With(s => s with { Rollback = new() { Automatic = false } }).With(change ?? (s => s)));

    private static NodeFacts Far(string what) => what switch
    {
        "failed tree" => Given.RollingBack("n1"),
        "agent behind" => Given.Back("n1") with { OS = Given.Back("n1").OS! with { Generation = 2 } },
        "former attempt" => Given.Back("n1").Status(s => s with { Attempt = 0 }),
        "kubelet of the former boot" => Given.Back("n1") with { BootID = "n1-boot-2" },
        "not Ready" => Given.Back("n1") with { Ready = false },
        _ => (Given.Back("n1") with { BootID = "n1-boot-1" }).Status(s => s with { BootID = "n1-boot-1", Step = NodeStep.Rebooting, Timings = null }),
    };
}
