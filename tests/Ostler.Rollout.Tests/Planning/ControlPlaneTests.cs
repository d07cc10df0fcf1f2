using Ostler.Api.Meta;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>The nodes of the control plane go one at a time, whatever maxUnavailable says.</summary>
public class ControlPlaneTests
{
    [Theory]
    [InlineData("node-role.kubernetes.io/control-plane", "")]
    [InlineData("node-role.kubernetes.io/control-plane", "true")]
    [InlineData("node-role.kubernetes.io/master", "")]
    [InlineData("node-role.kubernetes.io/etcd", "true")]
    [InlineData("node-role.kubernetes.io/controlplane", "true")]
    [InlineData("node-role.kubernetes.io/arbiter", "")]
    public void They_go_one_at_a_time_beside_others(string label, string value)
    {
        var plan = Plan([Given.Staged("cp1").Label(label, value), Given.Staged("cp2").Label(label, value), Given.Staged("w1"), Given.Staged("w2")]);

        Assert.Equal(["cp1", "w1", "w2"], plan.Granted());
        Assert.Equal(Reasons.WaitingForControlPlane, plan.Verdict("cp2").Reason);
        Assert.Contains("cp1", plan.Verdict("cp2").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_labels_that_mark_them_can_be_named()
    {
        NodeFacts Server(string name, string label) => Given.Staged(name).Label(label, "") with { Roles = new(["acme.example/server"]) };

        Assert.Equal(["s1"], Plan([Server("s1", "acme.example/server"), Server("s2", "acme.example/server")]).Granted());
        Assert.Equal(["s1", "s2"], Plan([Server("s1", "node-role.kubernetes.io/etcd"), Server("s2", "node-role.kubernetes.io/etcd")]).Granted());
    }

    public static TheoryData<string, Func<NodeFacts, NodeFacts>, bool> Others => new()
    {
        { "in service", n => n, true },
        { "not Ready", n => n with { Ready = false }, false },
        { "cordoned by a person", n => n with { Unschedulable = true }, false },
        { "draining", _ => Cp(Given.Cordoned("cp2", Given.Pod("web"))), false },
        { "draining, its cordon lost", _ => Cp(Given.Cordoned("cp2", Given.Pod("web"))) with { Unschedulable = false }, false },
        { "rebooting", _ => Cp(Given.Booting("cp2")), false },
        { "rebooting, all marks lost", _ => Cp(Given.Booting("cp2")) with { Unschedulable = false, CordonedBy = null }, false },
        { "soaking", _ => Cp(Given.Soaking("cp2", 1)), false },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Beside_another_one_that_the_policy_selects(string what, Func<NodeFacts, NodeFacts> change, bool goes)
    {
        Assert.NotEmpty(what);
        var plan = Plan([Cp(Given.Staged("cp1")), change(Cp(Given.Updated("cp2")))]);

        Assert.Equal(goes ? ["cp1"] : [], plan.Granted());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Beside_another_one_that_nobody_selects(bool inService, bool goes)
    {
        var snapshot = Snapshot([Cp(Given.Staged("cp1"))]) with { ControlPlane = [new("cp1", true), new("cp2", inService)] };

        Assert.Equal(goes ? ["cp1"] : [], RolloutPlanner.Plan(snapshot).Granted());
    }

    [Fact]
    public void The_only_one_may_go_and_workers_never_wait_for_it()
    {
        Assert.Equal(["cp1", "w1"], Plan([Cp(Given.Staged("cp1")), Given.Staged("w1")]).Granted());
        Assert.Equal(["w1"], Plan([Cp(Given.Idle("cp1")) with { Ready = false }, Given.Staged("w1")]).Granted());
    }

    [Fact]
    public void A_policy_that_waits_for_the_control_plane_says_so()
    {
        var snapshot = Snapshot([Cp(Given.Staged("cp1"))]) with { ControlPlane = [new("cp1", true), new("cp9", false)] };

        var conditions = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions!;

        ConditionLint.Check(conditions);
        Assert.Equal(Reasons.WaitingForControlPlane, conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.Contains("cp9 is not Ready, cordoned or in flight", conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.True(conditions.IsTrue(ConditionTypes.Reconciling));
    }

    private static NodeFacts Cp(NodeFacts node) => node.Label(NodeMarks.ControlPlaneLabel, "");

    private static RolloutPlan Plan(NodeFacts[] nodes) => RolloutPlanner.Plan(Snapshot(nodes));

    private static RolloutSnapshot Snapshot(NodeFacts[] nodes) =>
        Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(9) } });
}
