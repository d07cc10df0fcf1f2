using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>What is done about nodes at each stage while a gate is shut.</summary>
public class GateTests
{
    public static TheoryData<string, string, bool, bool, bool> Gates => new()
    {
        // gate, reason, staging goes on, a staged node is withdrawn, a draining node is released
        { "paused", Reasons.Paused, true, false, false },
        { "outside of its windows", Reasons.OutsideWindow, true, false, false },
        { "frozen", Reasons.Frozen, true, false, false },
        { "no window fits", Reasons.NoWindowFits, true, false, false },
        { "its dependency is not Ready", Reasons.DependencyNotReady, true, false, false },
        { "its dependency is missing", Reasons.DependencyNotFound, true, false, false },
        { "it depends on itself", Reasons.DependencyCycle, true, false, false },
        { "invalid", Reasons.Invalid, false, false, true },
        { "no image", Reasons.ImageNotFound, false, false, true },
        { "image of a former spec", Reasons.ImageNotReady, false, false, true },
        { "image never resolved", Reasons.ImageNotReady, false, false, true },
        { "image not valid", Reasons.ImageNotReady, false, false, true },
        { "pinned to what was not resolved", Reasons.ImageNotReady, false, false, true },
        { "quarantined", Reasons.ImageQuarantined, false, true, true },
        { "denied", Reasons.ImageQuarantined, false, true, true },
        { "halted", Reasons.TooManyFailures, false, true, true },
        { "halted before", Reasons.TooManyFailures, false, true, true },
        { "deleting", Reasons.Deleting, false, true, true },
        { "gone", Reasons.Deleting, false, true, true },
    };

    [Theory]
    [MemberData(nameof(Gates))]
    public void While_shut(string gate, string reason, bool stages, bool withdraws, bool releases)
    {
        var snapshot = Shut(Given.Snapshot(Given.Idle("n1"), Given.Staged("n2"), Given.Cordoned("n3"), Given.Booting("n4"), Given.RollingBack("n5")), gate);

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(reason, plan.Gate?.Reason);
        Assert.NotEmpty(plan.Gate!.Message);
        Assert.Empty(plan.Granted());
        Assert.Equal(stages ? ["n1"] : [], plan.StagedNow());
        Assert.Equal(withdraws ? "ApplySpec" : "", plan.Kinds("n2"));
        Assert.Equal(releases ? "ApplySpec Uncordon" : "ApplySpec", plan.Kinds("n3"));
        Assert.Equal(releases ? Goal.Observe : Goal.Boot, plan.Written("n3").Goal);
        // Nodes past the point of no return go on.
        Assert.Empty(plan.Of("n4"));
        Assert.Empty(plan.Of("n5"));
        Assert.Equal([NodeStep.Rebooting, NodeStep.RollingBack], plan.Nodes.Where(n => n.Node is "n4" or "n5").Select(n => n.Step));
    }

    [Theory]
    [MemberData(nameof(Gates))]
    public void A_node_past_the_order_to_boot_is_brought_to_its_end_while_shut(string gate, string reason, bool stages, bool withdraws, bool releases)
    {
        _ = (reason, stages, withdraws, releases);
        NodeFacts[] nodes = [Given.Soaking("n1", 60), Given.Back("n2"),
            (Given.Booting("n3") with { Ready = false }).Spec(s => s with { Deadlines = s.Deadlines! with { Reboot = Given.Now } })];

        var plan = RolloutPlanner.Plan(Shut(Given.Snapshot(nodes), gate));

        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n1"));
        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n2"));
        Assert.Equal(Goal.Rollback, plan.Written("n3").Goal);
    }

    [Fact]
    public void What_an_image_resolved_to_is_rolled_out_although_the_last_poll_failed()
    {
        var image = Given.Image();
        var failing = image with { Status = image.Status! with { Conditions = [Given.Condition(ConditionTypes.Ready, ConditionStatus.False, "timeout")] } };

        Assert.Equal(["n1"], RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1")) with { Image = failing }).Granted());
    }

    private static RolloutSnapshot Shut(RolloutSnapshot snapshot, string gate)
    {
        var image = snapshot.Image!;
        snapshot = snapshot.With(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(2) } });
        return gate switch
        {
            "paused" => snapshot.With(s => s with { Paused = true, Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }),
            "outside of its windows" => snapshot.With(s => s with { Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(60) }], Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }),
            "frozen" => snapshot.With(s => s with { Freezes = [new() { From = Given.Ago(1), To = Given.In(1) }], Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }),
            "no window fits" => snapshot.With(s => s with
            {
                Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(5) }],
                Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) },
            }),
            "its dependency is not Ready" => snapshot.With(s => s with { DependsOn = ["cp"], Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }) with
            {
                OtherPolicies = [new() { Name = "cp", NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "cp" } } }],
            },
            "its dependency is missing" => snapshot.With(s => s with { DependsOn = ["cp"], Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }),
            "it depends on itself" => snapshot.With(s => s with { DependsOn = ["edge"], Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }),
            "invalid" => snapshot.With(s => s with { Health = s.Health with { Checks = [new() { Name = "nothing", Systemd = new() }] } }),
            "no image" => snapshot with { Image = null },
            "image of a former spec" => snapshot with { Image = image with { Spec = image.Spec with { Ostree = image.Spec.Ostree! with { Ref = "other" } } } },
            "image never resolved" => snapshot with { Image = image with { Status = null } },
            "image not valid" => snapshot with { Image = image with { Spec = new() { Container = new() { Image = "acme.example/OS:1" } } } },
            "pinned to what was not resolved" =>
                snapshot with { Image = image with { Spec = image.Spec with { Ostree = image.Spec.Ostree! with { Commit = Trees.Newer } } } },
            "quarantined" => snapshot with
            {
                Image = image with { Status = image.Status! with { Quarantined = [new() { Digest = Trees.New, Reason = "x", Policy = "p", Since = Given.Ago(9) }] } },
            },
            "denied" => snapshot with { Image = image with { Spec = image.Spec with { Quarantine = new() { Deny = [Trees.New] } } } },
            "halted" => snapshot with { Nodes = [.. snapshot.Nodes, Given.RolledBack("n7"), Given.RolledBack("n8"), Given.RolledBack("n9")] },
            "halted before" => snapshot with
            {
                Policy = snapshot.Policy with
                {
                    PreviousStatus = new() { FailedDigests = [new() { Digest = Trees.New, Reason = Reasons.HostCheckFailed, At = Given.Ago(60) }] },
                },
            },
            "deleting" => snapshot with { Policy = snapshot.Policy with { Deleting = true } },
            "gone" => snapshot with { Policy = snapshot.Policy with { Spec = null, Uid = null } },
            _ => throw new ArgumentOutOfRangeException(nameof(gate), gate, "no such gate"),
        };
    }
}
