using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class DependencyTests
{
    public static TheoryData<string, string?, OtherPolicy[]> Situations => new()
    {
        // situation, reason; null: a slot is granted
        { "Ready", null, [Ready("cp")] },
        { "not Ready", Reasons.DependencyNotReady, [Ready("cp", ready: ConditionStatus.False)] },
        { "never looked at", Reasons.DependencyNotReady, [Ready("cp") with { Status = null }] },
        { "Ready for its former spec", Reasons.DependencyNotReady, [Ready("cp") with { Generation = 3 }] },
        { "Ready with the former tree of its image", Reasons.DependencyNotReady, [Ready("cp") with { ImageDigest = Trees.Newer }] },
        { "missing", Reasons.DependencyNotFound, [Ready("other")] },
        { "being deleted", Reasons.DependencyNotFound, [Ready("cp") with { Deleting = true }] },
        { "depends on this one", Reasons.DependencyCycle, [Ready("cp") with { DependsOn = ["edge"] }] },
        { "depends on one that depends on this one", Reasons.DependencyCycle, [Ready("cp") with { DependsOn = ["mid"] }, Ready("mid") with { DependsOn = ["x", "edge"] }] },
        { "in a circle of others", Reasons.DependencyNotReady, [Ready("cp", ready: ConditionStatus.False) with { DependsOn = ["mid"] }, Ready("mid") with { DependsOn = ["cp"] }] },
    };

    [Theory]
    [MemberData(nameof(Situations))]
    public void A_policy_that_it_depends_on_is(string situation, string? reason, OtherPolicy[] others)
    {
        Assert.NotEmpty(situation);
        var snapshot = Snapshot(["cp"], others, Given.Staged("n1"), Given.Idle("n2"));

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(reason, plan.Gate?.Reason);
        Assert.Equal(reason is null ? ["n1"] : [], plan.Granted());
        Assert.Equal(["n2"], plan.StagedNow());
        ConditionLint.Check(RolloutStatus.Compute(snapshot, plan).Conditions!);
    }

    [Theory]
    [InlineData(Reasons.DependencyNotReady, true)]
    [InlineData(Reasons.DependencyNotFound, false)]
    [InlineData(Reasons.DependencyCycle, false)]
    public void What_only_a_person_can_mend_is_stalled(string reason, bool mends)
    {
        OtherPolicy[] others = reason switch
        {
            Reasons.DependencyNotReady => [Ready("cp", ready: ConditionStatus.False)],
            Reasons.DependencyNotFound => [],
            _ => [Ready("cp") with { DependsOn = ["edge"] }],
        };
        var snapshot = Snapshot(["cp"], others, Given.Staged("n1"));

        var conditions = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions!;

        Assert.Equal(reason, conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.Equal((mends, !mends), (conditions.IsTrue(ConditionTypes.Reconciling), conditions.IsTrue(ConditionTypes.Stalled)));
        Assert.False(conditions.IsTrue(ConditionTypes.Progressing));
        Assert.Equal(mends, conditions.IsTrue(ConditionTypes.Accepted));
    }

    [Fact]
    public void A_circle_is_named_and_no_link_too_many()
    {
        var plan = RolloutPlanner.Plan(Snapshot(
            ["lone", "cp"], [Ready("lone"), Ready("cp") with { DependsOn = ["lone", "mid"] }, Ready("mid") with { DependsOn = ["edge"] }], Given.Staged("n1")));

        Assert.Contains("a cycle (edge → cp → mid → edge)", plan.Gate!.Message, StringComparison.Ordinal);
        Assert.Contains("(edge → edge)", RolloutPlanner.Plan(Snapshot(["edge"], [], Given.Staged("n1"))).Gate!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_names_what_the_other_waits_for()
    {
        var plan = RolloutPlanner.Plan(Snapshot(["a", "cp"], [Ready("a"), Ready("cp", ready: ConditionStatus.False)], Given.Staged("n1")));

        Assert.Contains("Waiting until policy cp is Ready: RollingOut: 1 of 3 nodes.", plan.Gate!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_in_flight_is_brought_to_its_end()
    {
        var plan = RolloutPlanner.Plan(Snapshot(["cp"], [Ready("cp", ready: ConditionStatus.False)], Given.Cordoned("n1")));

        Assert.Equal(Goal.Boot, plan.Written("n1").Goal);
    }

    private static OtherPolicy Ready(string name, ConditionStatus ready = ConditionStatus.True) => new()
    {
        Name = name,
        NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["policy"] = name } },
        Generation = 2,
        ImageDigest = Trees.New,
        Status = new()
        {
            ObservedGeneration = 2,
            Target = new() { Digest = Trees.New },
            Conditions = [new() { Type = ConditionTypes.Ready, Status = ready, Reason = Reasons.RollingOut, Message = "1 of 3 nodes." }],
        },
    };

    private static RolloutSnapshot Snapshot(string[] dependsOn, OtherPolicy[] others, params NodeFacts[] nodes) =>
        Given.Snapshot(nodes).With(s => s with { DependsOn = dependsOn }) with { OtherPolicies = others };
}
