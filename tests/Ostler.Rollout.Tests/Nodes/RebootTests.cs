using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>spec.rollout.rebootBefore, set ten minutes ago: nodes reboot without a new image, and no image is blamed.</summary>
public class RebootTests
{
    private static readonly DateTimeOffset Before = Given.Ago(10);

    public static TheoryData<string, NodeFacts, bool> Due => new()
    {
        { "booted before", Booted(Given.Upgraded("n1"), 11), true },
        { "booted since", Booted(Given.Upgraded("n1"), 10), false },
        { "booted at an unknown time", Given.Upgraded("n1"), true },
        { "runs the target without Ostler's doing", Booted(Given.Idle("n1", Trees.New), 11), true },
        { "was instructed to boot since, though its clock is slow", Booted(Rebooted(9), 60), false },
        { "was instructed to boot before", Booted(Rebooted(11), 60), true },
        { "is on hold", Booted(Given.Upgraded("n1"), 11) with { Hold = Given.Hold }, false },
        { "is cordoned by someone", Booted(Given.Upgraded("n1"), 11) with { Unschedulable = true }, false },
        { "is not Ready", Booted(Given.Upgraded("n1"), 11) with { Ready = false }, false },
    };

    [Theory]
    [MemberData(nameof(Due))]
    public void A_node_that_runs_the_target_is_to_reboot_if_it(string what, NodeFacts node, bool due)
    {
        Assert.NotEmpty(what);
        var plan = Look(node).Plan;

        Assert.Equal(due ? "ApplySpec" : "", plan.Kinds());
        if (due)
        {
            var spec = plan.Written();
            Assert.Equal((Goal.Stage, Trees.New, Before, (Duration?)null),
                (spec.Goal, spec.Image!.Digest, spec.RebootBefore, spec.Watchdog));
            Assert.Equal(node.OS!.Spec.LastUpgrade, spec.LastUpgrade);
            Assert.False(spec.IsReconciling());
        }
    }

    [Fact]
    public void A_node_with_another_image_is_upgraded_and_not_rebooted_beside_it()
    {
        var spec = Look(Booted(Given.Idle("n1"), 11)).Plan.Written();

        Assert.Equal((Goal.Stage, (DateTimeOffset?)null), (spec.Goal, spec.RebootBefore));
    }

    [Fact]
    public void A_node_that_is_to_reboot_is_not_updated_and_the_policy_says_so()
    {
        var (_, status) = Look(Booted(Given.Upgraded("n1"), 11), Booted(Given.Upgraded("n2"), 5));

        Assert.Equal((1, 1), (status.Nodes!.Updated, status.Nodes.Pending));
        var ready = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((ConditionStatus.False, Reasons.RollingOut), (ready.Status, ready.Reason));
        Assert.StartsWith("1 of 2 nodes run 42 (bbbbbbbbbbbb) and have booted since 2026-11-01T11:50:00Z", ready.Message,
            StringComparison.Ordinal);
        Assert.Null(status.CompletedAt);
    }

    [Fact]
    public void A_node_that_cannot_reboot_now_is_not_updated_either()
    {
        var (plan, status) = Look(Booted(Given.Upgraded("n1"), 11) with { Hold = Given.Hold });

        Assert.Equal((Reasons.Held, true), (plan.Verdict().Reason, plan.Verdict().ToReboot));
        Assert.Equal((0, Reasons.NodesHeld), (status.Nodes!.Updated, status.Conditions.Find(ConditionTypes.Ready)!.Reason));
    }

    [Fact]
    public void A_time_in_the_future_takes_effect_then_and_the_controller_wakes_up_by_itself()
    {
        var node = Booted(Given.Upgraded("n1"), 11);
        var (plan, _) = Look(s => s with { Rollout = s.Rollout with { RebootBefore = Given.In(5) } }, Given.Now, node);

        Assert.Empty(plan.Of());
        Assert.Equal(Given.In(5), plan.NextWakeUp);
        Assert.Equal("ApplySpec",
            Look(s => s with { Rollout = s.Rollout with { RebootBefore = Given.In(5) } }, Given.In(5), node).Plan.Kinds());
    }

    public static TheoryData<string, Func<UpgradePolicySpec, UpgradePolicySpec>> Shut => new()
    {
        { "paused", s => s with { Paused = true } },
        { "outside of its windows", s => s with { Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(60) }] } },
        { "frozen", s => s with { Freezes = [new() { From = Given.Ago(1), To = Given.In(1) }] } },
    };

    [Theory]
    [MemberData(nameof(Shut))]
    public void A_reboot_waits_like_an_upgrade_while_the_policy_is(string what, Func<UpgradePolicySpec, UpgradePolicySpec> change)
    {
        Assert.NotEmpty(what);

        Assert.Equal(["n1"], Look(ReadyToReboot()).Plan.Granted());
        Assert.Empty(Look(change, Given.Now, ReadyToReboot()).Plan.Granted());
    }

    [Fact]
    public void Nodes_reboot_within_maxUnavailable() =>
        Assert.Equal(["n1"], Look(ReadyToReboot(), ReadyToReboot("n2"), ReadyToReboot("n3")).Plan.Granted());

    [Fact]
    public void A_drained_node_is_instructed_to_boot_what_it_runs_in_full_and_without_a_watchdog()
    {
        var (plan, _) = Look(s => s with { Reboot = new() { Method = Ostler.Api.Shared.RebootMethod.Auto } }, Given.Now, Cordoned());

        var spec = plan.Written();
        Assert.Equal((Goal.Boot, Trees.New, Trees.New, Before), (spec.Goal, spec.Image!.Digest, spec.Previous!.Digest, spec.RebootBefore));
        Assert.Equal(((Duration?)null, (Ostler.Api.Shared.RebootMethod?)null), (spec.Watchdog, spec.RebootMethod));
        Assert.True(spec.IsRedeploying());
        Assert.NotNull(spec.LastUpgrade);
    }

    [Fact]
    public void A_node_that_rebooted_by_itself_meanwhile_is_released_and_keeps_the_record_of_its_upgrade()
    {
        var staged = Look(Booted(ReadyToReboot(), 1)).Plan;
        Assert.Equal((Goal.Observe, (DateTimeOffset?)null, Trees.New),
            (staged.Written().Goal, staged.Written().RebootBefore, staged.Written().Image!.Digest));
        Assert.True(staged.Written().IsUpdated());

        var drained = Look(Booted(Cordoned(), 1)).Plan;
        Assert.Equal("ApplySpec Uncordon", drained.Kinds());
        Assert.Equal(Trees.Old, drained.Written().LastUpgrade!.Previous!.Digest);
    }

    [Fact]
    public void A_healthy_node_is_updated_and_still_knows_what_it_ran_before_its_upgrade()
    {
        var plan = Look(Soaking()).Plan;

        Assert.Equal("Uncordon ApplySpec", plan.Kinds());
        var spec = plan.Written();
        Assert.True(spec.IsUpdated());
        Assert.Equal((Trees.Old, Given.Ago(5), (DateTimeOffset?)null),
            (spec.LastUpgrade!.Previous!.Digest, spec.LastUpgrade.BootRequestedAt, spec.RebootBefore));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_unhealthy_node_is_held_and_no_image_is_blamed(bool automatic)
    {
        var node = Soaking().Host(ConditionStatus.False, "edge.service is failed").Spec(s =>
            s with { HealthySince = null, Deadlines = s.Deadlines! with { Healthy = Given.Ago(1) } });
        var (plan, status) = Look(s => s with { Rollback = s.Rollback with { Automatic = automatic } }, Given.Now, node,
            Booted(Given.Upgraded("n2"), 1));

        var spec = plan.Written();
        Assert.Equal((Goal.Observe, Reasons.RebootFailed, (FailureEvidence?)null),
            (spec.Goal, spec.Failure!.Reason, spec.Failure.Evidence));
        Assert.Equal("ApplySpec", plan.Kinds());
        Assert.Contains("The node stays cordoned, because it was rebooted into the image that it ran before", plan.Verdict().Message,
            StringComparison.Ordinal);
        Assert.Null(status.FailedDigests);

        // And in the passes that follow.
        var held = node.Spec(_ => spec);
        (plan, status) = Look(s => s with { Rollback = s.Rollback with { Automatic = automatic } }, Given.Now, held,
            Booted(Given.Upgraded("n2"), 1));
        Assert.Empty(plan.Of());
        Assert.Equal((NodeStep.Failed, Reasons.RebootFailed, true),
            (plan.Verdict().Step, plan.Verdict().Reason, plan.Verdict().NeedsPerson));
        Assert.Equal((0, false), (plan.Failures.Failed, plan.Failures.Halted));
        Assert.Null(status.FailedDigests);
    }

    [Fact]
    public void A_node_that_does_not_come_up_again_is_held()
    {
        var node = (Cordoned() with { Ready = false }).Spec(s =>
            Boot(s) with { Deadlines = new() { Reboot = Given.Ago(1), Healthy = Given.In(9) } })
            .Status(s => s with { Step = NodeStep.Rebooting });
        var spec = Look(node).Plan.Written();

        Assert.Equal((Goal.Observe, Reasons.RebootFailed, (FailureEvidence?)null),
            (spec.Goal, spec.Failure!.Reason, spec.Failure.Evidence));
    }

    [Fact]
    public void A_retry_checks_a_held_node_again_without_another_reboot()
    {
        var held = Soaking().Spec(s => new()
        {
            Policy = s.Policy,
            Image = s.Image,
            RebootBefore = s.RebootBefore,
            Attempt = s.Attempt,
            GrantedAt = s.GrantedAt,
            Previous = s.Previous,
            LastUpgrade = s.LastUpgrade,
            Failure = Given.Failure(30) with { Attempt = s.Attempt, Reason = Reasons.RebootFailed, Evidence = null },
        });

        var spec = Look(s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(1) } }, Given.Now, held).Plan.Written();

        Assert.Equal((Goal.Boot, Before), (spec.Goal, spec.RebootBefore));
        Assert.True(spec.IsRedeploying());
    }

    [Fact]
    public void A_node_that_someone_moved_to_another_image_before_its_reboot_is_upgraded()
    {
        var spec = Look(ReadyToReboot().Status(s => s with { Booted = Given.Tree(Trees.Old) })).Plan.Written();

        Assert.Equal((Goal.Stage, Trees.New, (DateTimeOffset?)null), (spec.Goal, spec.Image!.Digest, spec.RebootBefore));
    }

    [Fact]
    public void A_new_target_takes_the_place_of_the_reboot()
    {
        var snapshot = Given.Snapshot(ReadyToReboot()).With(s => s with { Rollout = s.Rollout with { RebootBefore = Before } })
            with
        { Image = Given.Image(Trees.Newer) };

        Assert.Equal((Trees.Newer, (DateTimeOffset?)null),
            (RolloutPlanner.Plan(snapshot).Written().Image!.Digest, RolloutPlanner.Plan(snapshot).Written().RebootBefore));
    }

    private static NodeFacts Booted(NodeFacts node, double minutesAgo) =>
        node.Status(s => s with { Timings = new() { BootedAt = Given.Ago(minutesAgo) } });

    private static NodeFacts Rebooted(double minutesAgo) =>
        Given.Upgraded("n1").Spec(s => s with { LastUpgrade = s.LastUpgrade! with { BootRequestedAt = Given.Ago(minutesAgo) } });

    /// <summary>Was told to prepare for the reboot, and its agent has nothing to stage.</summary>
    private static NodeFacts ReadyToReboot(string name = "n1") => Booted(Given.Upgraded(name), 60)
        .Spec(s => s with { Goal = Goal.Stage, RebootBefore = Before, Attempt = 2 })
        .Status(s => s with
        {
            Attempt = 2,
            Step = NodeStep.Staged,
            Conditions = [.. s.Conditions!, Given.Condition(ConditionTypes.Staged, ConditionStatus.True)]
        });

    private static NodeFacts Cordoned() => ReadyToReboot() with
    {
        Unschedulable = true,
        CordonedBy = Given.Policy,
        CordonedAt = Given.Ago(10),
        Pods = [],
        Workloads = new() { At = Given.Ago(0.1) },
    };

    private static NodeOSSpec Boot(NodeOSSpec spec) => spec with
    {
        Goal = Goal.Boot,
        GrantedAt = Given.Ago(10),
        BootRequestedAt = Given.Ago(5),
        Previous = new() { Digest = Trees.New, Version = "42", BootID = "n1-boot-1" },
        Deadlines = new() { Reboot = Given.In(10), Healthy = Given.In(20) },
    };

    private static NodeFacts Soaking() => (Cordoned() with { BootID = "n1-boot-2", ReadyHeartbeat = Given.Ago(1) })
        .Spec(s => Boot(s) with { HealthySince = Given.Ago(1) })
        .Status(s => s with { Step = NodeStep.Verifying, BootID = "n1-boot-2", Timings = new() { BootedAt = Given.Ago(2) } })
        .Host(ConditionStatus.True);

    private static (RolloutPlan Plan, UpgradePolicyStatus Status) Look(params NodeFacts[] nodes) => Look(s => s, Given.Now, nodes);

    private static (RolloutPlan Plan, UpgradePolicyStatus Status) Look(Func<UpgradePolicySpec, UpgradePolicySpec> change,
        DateTimeOffset now, params NodeFacts[] nodes)
    {
        var snapshot = Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { RebootBefore = Before } }).With(change).At(now);
        var plan = RolloutPlanner.Plan(snapshot);
        return (plan, RolloutStatus.Compute(snapshot, plan));
    }
}
