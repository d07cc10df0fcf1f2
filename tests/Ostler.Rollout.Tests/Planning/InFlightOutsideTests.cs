using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>What is closed holds back those that hold no slot. Whoever holds one is brought to an end: forward, and back.</summary>
public class InFlightOutsideTests
{
    private static readonly Dictionary<string, (NodeFacts Node, string Kinds, Goal? Goal)> Steps = new()
    {
        ["is drained"] = (Given.Cordoned("n1"), "ApplySpec", Goal.Boot),
        ["has pods to evict"] = (Given.Cordoned("n1", Given.Pod("web")), "EvictPod", null),
        ["never came back from its boot"] = ((Given.Booting("n1") with { Ready = false }).Spec(s =>
            s with { Deadlines = new() { Reboot = Given.Ago(1), Healthy = Given.In(5) } }), "ApplySpec", Goal.Rollback),
        ["did not become healthy in time"] = (Given.Booted("n1").Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(9), Healthy = Given.Ago(1) } }), "ApplySpec", Goal.Rollback),
        ["fell back"] = (Given.Booted("n1", Trees.Old), "ApplySpec", Goal.Rollback),
        ["passes its checks"] = (Given.Healthy("n1"), "ApplySpec", Goal.Boot),
        ["has soaked"] = (Given.Soaking("n1", 60), "Uncordon ApplySpec", Goal.Observe),
        ["is back on its former tree"] = (Given.Back("n1"), "Uncordon ApplySpec", Goal.Observe),
        ["goes back for others and is drained"] = (Given.GoingBack("n1"), "ApplySpec", Goal.Rollback),
        ["is held after a failure, and may go back now"] = (Given.Held("n1"), "ApplySpec", Goal.Rollback),
    };

    private static readonly Dictionary<string, Func<UpgradePolicySpec, UpgradePolicySpec>> Closed = new()
    {
        ["outside of its windows"] = s => s with { Windows = [new() { Schedule = "0 1 1 1 *", Duration = Duration.FromMinutes(60) }] },
        ["in a freeze"] = s => s with { Freezes = [new() { From = Given.Ago(60), To = Given.In(600) }] },
        ["while paused"] = s => s with { Paused = true },
        ["while a policy is awaited"] = s => s with { DependsOn = ["control-plane"] },
    };

    public static MatrixTheoryData<string, string> All => new(Steps.Keys, Closed.Keys);

    [Theory]
    [MemberData(nameof(All))]
    public void A_node_takes_its_next_step_that(string step, string closed)
    {
        var (node, kinds, goal) = Steps[step];

        // n9 failed, which takes others back where that is what the step is about.
        var snapshot = (step.StartsWith("goes back", StringComparison.Ordinal) ? Given.Snapshot(node, Given.RolledBack("n9")) : Given.Snapshot(node, Given.Staged("n2")))
            .With(s => Closed[closed](s) with { Rollback = s.Rollback with { Scope = RollbackScope.Policy }, Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) } });

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.NotNull(plan.Gate);
        Assert.Equal(kinds, plan.Kinds());
        Assert.Empty(plan.Granted());
        if (goal is not null)
        {
            Assert.Equal(goal, plan.Written().Goal);
        }
    }
}
