using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Drain;

/// <summary>
/// Pods that a controller starts on the cordoned node again. Without a pace, a Deployment that tolerates the cordon had 689 pods evicted in
/// 75 s, and no message said why.
/// </summary>
public class ReturningPodsTests
{
    private const string Toleration = "operator: Exists";

    [Fact]
    public void A_pod_that_came_back_is_evicted_at_a_pace_that_slows_down()
    {
        var (now, evictions) = (Given.Now, new List<DateTimeOffset>());
        PodReturn? back = null;

        // A new pod is there a second after each eviction, for the half hour of a drain.
        for (var second = 0; second < 1800; second++, now = now.AddSeconds(1))
        {
            var pod = Tolerant($"storage-{evictions.Count}") with { Return = back };
            if (DrainPace.Due([pod], now).Length > 0)
            {
                evictions.Add(now);
                back = new(evictions.Count, evictions[0], now);
            }
        }

        Assert.InRange(evictions.Count, 5, 15);
        Assert.Equal(DrainPace.Least, evictions[1] - evictions[0]);
        Assert.All(evictions.Zip(evictions.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, DrainPace.Least, DrainPace.Longest.Add(TimeSpan.FromSeconds(1))));
    }

    [Fact]
    public void Of_the_pods_of_one_controller_that_came_back_one_goes_at_a_time()
    {
        var back = new PodReturn(5, Given.Ago(2), Given.Ago(1));
        PodFacts[] pods = [Tolerant("a") with { Return = back }, Tolerant("b") with { Return = back }, Given.Pod("web")];

        Assert.Equal(["web"], DrainPace.Due(pods, Given.Now.AddSeconds(-1)).Select(p => p.Name));
        Assert.Equal(["a", "web"], DrainPace.Due(pods, Given.Now).Select(p => p.Name));
    }

    [Fact]
    public void A_clock_that_was_set_back_holds_no_pod()
    {
        var pod = Tolerant("a") with { Return = new(1, Given.In(60), Given.In(60)) };

        Assert.Single(DrainPace.Due([pod], Given.Now));
    }

    [Fact]
    public void The_drain_evicts_at_that_pace_and_names_pod_toleration_and_remedy()
    {
        var node = Given.Cordoned("n1", Tolerant("storage") with { Return = new(3, Given.Ago(1), Given.Ago(0.1)), LastEviction = null });

        var plan = RolloutPlanner.Plan(Given.Snapshot(node));

        Assert.DoesNotContain(plan.Of(), a => a is NodeAction.EvictPod);
        var verdict = plan.Verdict();
        Assert.Equal((Reasons.DrainBlocked, true), (verdict.Reason, verdict.Blocked));
        Assert.Contains("apps/storage: ReplicaSet storage", verdict.Message, StringComparison.Ordinal);
        Assert.Contains($"tolerates the cordon ({Toleration})", verdict.Message, StringComparison.Ordinal);
        Assert.Contains("rule with behavior Skip to spec.drain.rules", verdict.Message, StringComparison.Ordinal);
        Assert.InRange(plan.NextWakeUp!.Value - Given.Now, TimeSpan.FromSeconds(6), DrainPace.Longest);
    }

    [Fact]
    public void Without_a_toleration_the_message_names_the_node_name_of_the_template()
    {
        var node = Given.Cordoned("n1", Tolerant("storage") with { CordonToleration = null, Return = new(3, Given.Ago(1), Given.Ago(0.1)) });

        Assert.Contains("remove spec.nodeName from the template", RolloutPlanner.Plan(Given.Snapshot(node)).Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deleted_by_force_it_is_no_faster()
    {
        var node = Given.Cordoned("n1", Tolerant("storage") with { Return = new(3, Given.Ago(1), Given.Ago(0.1)) }) with { CordonedAt = Given.Ago(31) };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node).With(s => s with { Drain = s.Drain with { OnTimeout = DrainTimeoutAction.Force } }));

        Assert.Equal(Reasons.DrainForced, plan.Verdict().Reason);
        Assert.DoesNotContain(plan.Of(), a => a is NodeAction.DeletePod);
    }

    [Theory]
    [InlineData(Toleration, "nodeSelector kubernetes.io/hostname", false)]
    [InlineData(Toleration, null, true)]
    [InlineData(null, "nodeSelector kubernetes.io/hostname", true)]
    public void A_node_is_not_cordoned_for_a_pod_that_is_certain_to_return(string? toleration, string? boundBy, bool granted)
    {
        var pod = Given.Pod("storage") with { CordonToleration = toleration, BoundBy = boundBy };
        var node = Given.Staged("n1") with { Preflight = new() { At = Given.Now, Pods = [pod] } };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node));

        Assert.Equal(granted ? 1 : 0, plan.Granted().Count);
        if (!granted)
        {
            Assert.True(plan.Verdict().NeedsPerson);
            Assert.Contains("apps/storage", plan.Verdict().Message, StringComparison.Ordinal);
            Assert.Contains("is bound to the node by nodeSelector kubernetes.io/hostname", plan.Verdict().Message, StringComparison.Ordinal);
            Assert.Contains("spec.drain.rules", plan.Verdict().Message, StringComparison.Ordinal);
        }
    }

    private static PodFacts Tolerant(string name) => Given.Pod(name) with { CordonToleration = Toleration, Controller = new("ReplicaSet", "storage", "storage-uid") };
}
