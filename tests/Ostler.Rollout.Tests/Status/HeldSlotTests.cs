using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Status;

/// <summary>A slot that only a person can free: the policy says so, and whose it is, instead of going on for ever.</summary>
public class HeldSlotTests
{
    public static TheoryData<string, RolloutSnapshot, string> Held => new()
    {
        { "could not go back, others wait to go forward", OneMayFail(Stuck("n1"), Given.Staged("n2")), "kubectl uncordon n1" },
        { "could not go back, nobody may fail", Given.Snapshot(Stuck("n1"), Given.Idle("n2")), "kubectl uncordon n1" },
        { "could not go back, others wait to go back", Back(Stuck("n1"), Given.Upgraded("n2")), "kubectl uncordon n1" },
        { "could not go back for others, the rest waits to", Back(StuckForOthers("n1"), Given.Upgraded("n2"), Given.RolledBack("n3")), "kubectl uncordon n1" },
        { "is refused by its agent, others wait to go back", Back(Refused("n1"), Given.Upgraded("n2")), "kubectl uncordon n1" },
        { "drains late under Hold, others wait to go forward", Hold(Late("n1"), Given.Staged("n2")), "apps/web" },
        { "drains late under Hold, and is the last", Hold(Late("n1"), Given.Updated("n2")), "n1" },
        { "drains late under Hold to go back, others wait to", Hold(LateBack("n1"), Given.Upgraded("n2"), Given.RolledBack("n3")), "apps/web" },
        { "drains late under Hold to go back, and is the last", Hold(LateBack("n1"), Given.RolledBack("n3")), "apps/web" },
        { "is drained late under Hold, its agent silent", Hold(Silent("n1"), Given.Staged("n2")), "has not processed its NodeOS" },
        { "should go back, but for a pod that nobody may evict", Back(Bare("n1"), Given.RolledBack("n3")), "No other node is touched" },
    };

    [Theory]
    [MemberData(nameof(Held))]
    public void A_policy_is_Stalled_when_its_last_slot_is_held_by_a_node_that(string what, RolloutSnapshot snapshot, string says)
    {
        Assert.NotEmpty(what);
        var plan = RolloutPlanner.Plan(snapshot);
        var conditions = RolloutStatus.Compute(snapshot, plan).Conditions!;

        ConditionLint.Check(conditions);
        Assert.True(conditions.IsTrue(ConditionTypes.Stalled), string.Join('\n', conditions));
        Assert.False(conditions.IsTrue(ConditionTypes.Progressing));
        Assert.NotEqual(Reasons.RollingBack, conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.Contains(says, conditions.Find(ConditionTypes.Stalled)!.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, RolloutSnapshot> Moving => new()
    {
        { "one goes back beside the one that cannot", Two(Back(Stuck("n1"), Given.GoingBack("n2", Given.Pod("web")))) },
        { "another slot is free to go back", Two(Back(Stuck("n1"), Given.Upgraded("n2"))) },
        { "its time to go back is not over", Back(Given.RollingBack("n1"), Given.Upgraded("n2")) },
        { "the drain is late under Force, which ends it", Given.Snapshot(Late("n1")).With(s => s with { Drain = s.Drain with { OnTimeout = DrainTimeoutAction.Force } }) },
        { "the drain is late under Hold, and another goes on", Two(Hold(Late("n1"), Given.Booting("n2"))) },
        { "a budget may let the pods of the one to go back leave", Back(Given.Upgraded("n1") with { Preflight = new() { At = Given.Now, Pods = [Refused()] } }, Given.RolledBack("n3")) },
    };

    [Theory]
    [MemberData(nameof(Moving))]
    public void A_policy_is_not_Stalled_while(string what, RolloutSnapshot snapshot)
    {
        Assert.NotEmpty(what);
        var conditions = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions!;

        Assert.True(conditions.IsTrue(ConditionTypes.Reconciling), string.Join('\n', conditions));
    }

    [Fact]
    public void Trying_to_evict_the_pods_of_a_held_drain_again_and_again_is_no_progress()
    {
        var due = Hold(Late("n1", evictedSecondsAgo: 30), Given.Staged("n2"));
        var waiting = Hold(Late("n1", evictedSecondsAgo: 1), Given.Staged("n2"));

        Assert.Equal("EvictPod", RolloutPlanner.Plan(due).Kinds());
        Assert.Empty(RolloutPlanner.Plan(waiting).Actions);
        Assert.Equal(Ready(due), Ready(waiting));

        static (string, string) Ready(RolloutSnapshot snapshot)
        {
            var ready = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions.Find(ConditionTypes.Ready)!;
            return (ready.Reason, ready.Message);
        }
    }

    [Fact]
    public void A_node_that_cannot_go_back_for_a_pod_is_counted_as_one_that_cannot()
    {
        var plan = RolloutPlanner.Plan(Back(Bare("n1"), Given.Upgraded("n2"), Given.RolledBack("n3")));

        Assert.Equal((0, 0, 1, 1), (plan.TakingBack!.Back, plan.TakingBack.UnderWay, plan.TakingBack.Waiting, plan.TakingBack.Stuck));
    }

    // Its time to be back is over.
    private static NodeFacts Stuck(string name) => Given.RollingBack(name).Spec(s => s with { Deadlines = new() { Rollback = Given.Ago(1) } });

    private static NodeFacts StuckForOthers(string name) => Stuck(name).Spec(s => s with { Failure = s.Failure! with { Reason = Reasons.RolledBackByScope } });

    private static NodeFacts Refused(string name) => Given.RollingBack(name).Error(Reasons.RollbackImpossible, NodeStep.Failed);

    private static NodeFacts Late(string name, double evictedSecondsAgo = 1) => Given.Cordoned(name, Refused(evictedSecondsAgo)) with { CordonedAt = Given.Ago(31) };

    private static NodeFacts LateBack(string name) => Given.GoingBack(name, Refused()) with { CordonedAt = Given.Ago(31) };

    private static NodeFacts Silent(string name)
    {
        var node = Given.Cordoned(name) with { CordonedAt = Given.Ago(31) };
        return node with { OS = node.OS! with { Generation = 2 } };
    }

    private static NodeFacts Bare(string name) => Given.Upgraded(name) with { Preflight = new() { At = Given.Now, Pods = [Given.Pod("lone") with { Controller = null }] } };

    private static PodFacts Refused(double secondsAgo = 1) => Given.Pod("web") with
    {
        LastEviction = new()
        {
            Namespace = "apps",
            Name = "web",
            Uid = "web-uid",
            Outcome = EvictionOutcome.BlockedByBudget,
            Budget = "web",
            At = Given.Now.AddSeconds(-secondsAgo),
        },
    };

    private static RolloutSnapshot OneMayFail(params NodeFacts[] nodes) =>
        Given.Snapshot(nodes).With(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(1) } });

    private static RolloutSnapshot Back(params NodeFacts[] nodes) => Given.Snapshot(nodes).With(s => s with { Rollback = s.Rollback with { Scope = RollbackScope.Policy } });

    private static RolloutSnapshot Hold(params NodeFacts[] nodes) => Back(nodes).With(s => s with { Drain = s.Drain with { OnTimeout = DrainTimeoutAction.Hold } });

    private static RolloutSnapshot Two(RolloutSnapshot snapshot) => snapshot.With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } });
}
