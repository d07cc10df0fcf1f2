using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>
/// One policy, one container image, nodes of several architectures: each gets its own manifest, which is what its host will report.
/// </summary>
public sealed class MixedArchitectureTests
{
    private static readonly string Index = "sha256:" + Trees.New;
    private static readonly string Amd64 = "sha256:" + new string('1', 64);
    private static readonly string Arm64 = "sha256:" + new string('2', 64);

    [Fact]
    public void Each_node_is_told_the_manifest_of_its_platform_by_digest_and_the_name_without_a_tag()
    {
        var plan = RolloutPlanner.Plan(Snapshot(On("amd64", Given.Idle("n1")), On("arm64", Given.Idle("n2"))));

        Assert.Equal(Amd64, plan.Written("n1").Image!.Digest);
        Assert.Equal(Arm64, plan.Written("n2").Image!.Digest);
        Assert.All(["n1", "n2"], n => Assert.Equal("quay.io/acme/edge", plan.Written(n).Image!.Container!.Repository));
        Assert.Equal(Index, plan.Target!.Digest);
    }

    [Fact]
    public void What_its_host_reports_of_its_own_platform_is_the_target()
    {
        var snapshot = Snapshot(On("amd64", Given.Idle("n1", Amd64)), On("arm64", Given.Idle("n2", Amd64)), On("arm64", Given.Idle("n3", Index)));

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal([NodeTally.Updated, NodeTally.Pending, NodeTally.Pending], plan.Nodes.Select(n => n.Tally));
    }

    [Theory]
    [InlineData("s390x", "does not exist for linux/s390x, only for linux/amd64, linux/arm64")]
    [InlineData(null, "does not report its architecture")]
    public void A_node_for_which_it_does_not_exist_is_blocked_and_not_disturbed(string? architecture, string why)
    {
        var plan = RolloutPlanner.Plan(Snapshot(On(architecture, Given.Idle("n1")), On("amd64", Given.Idle("n2"))));

        var verdict = plan.Nodes[0];
        Assert.Equal((Reasons.PlatformNotFound, true, true), (verdict.Reason, verdict.Blocked, verdict.NeedsPerson));
        Assert.Contains(why, verdict.Message, StringComparison.Ordinal);
        Assert.Equal("", plan.Kinds("n1"));
        Assert.Equal("ApplySpec", plan.Kinds("n2"));
    }

    [Fact]
    public void A_node_on_its_way_to_an_image_that_has_lost_its_platform_gives_its_slot_back_and_one_that_stages_waits()
    {
        NodeFacts At(NodeFacts node) => On("s390x", node).Spec(s => s with { Image = s.Image! with { Digest = Amd64 } });

        var plan = RolloutPlanner.Plan(Snapshot(At(Given.Cordoned("n1")), At(Given.Staged("n2")), At(Given.Staging("n3"))));

        Assert.Equal("ApplySpec Uncordon", plan.Kinds("n1"));
        Assert.Equal([Reasons.PlatformNotFound, Reasons.PlatformNotFound], plan.Nodes.Skip(1).Select(n => n.Reason));
        Assert.Equal("", plan.Kinds("n2") + plan.Kinds("n3"));
    }

    [Fact]
    public void A_failure_on_one_platform_counts_for_the_release()
    {
        var failed = On("arm64", Given.RolledBack("n1")).Spec(s => s with { Failure = s.Failure! with { Digest = Arm64 } });

        var plan = RolloutPlanner.Plan(Snapshot(failed, On("amd64", Given.Idle("n2"))));

        Assert.True(plan.Failures.Halted);
        Assert.Equal(Index, RolloutStatus.Compute(Snapshot(failed), plan).FailedDigests!.Single().Digest);
        Assert.Equal("", plan.Kinds("n2"));
    }

    [Fact]
    public void A_manifest_that_a_person_denies_goes_to_no_node_and_the_other_does()
    {
        var snapshot = Snapshot(On("amd64", Given.Idle("n1")), On("arm64", Given.Idle("n2")));
        var denying = snapshot with { Image = snapshot.Image! with { Spec = snapshot.Image.Spec with { Quarantine = new() { Deny = [Amd64] } } } };

        var plan = RolloutPlanner.Plan(denying);

        Assert.Equal(Reasons.ImageQuarantined, plan.Nodes[0].Reason);
        Assert.Equal("", plan.Kinds("n1"));
        Assert.Equal(Arm64, plan.Written("n2").Image!.Digest);
    }

    [Fact]
    public void A_slot_is_given_back_when_a_person_denies_the_manifest_in_the_meantime()
    {
        var cordoned = On("amd64", Given.Cordoned("n1")).Spec(s => s with { Image = s.Image! with { Digest = Amd64 } })
            .Status(s => s with { Staged = s.Staged! with { Digest = Amd64 } });
        var snapshot = Snapshot(cordoned);

        Assert.Equal(Goal.Boot, RolloutPlanner.Plan(snapshot).Written("n1").Goal);
        var denying = snapshot with { Image = snapshot.Image! with { Spec = snapshot.Image.Spec with { Quarantine = new() { Deny = [Amd64] } } } };
        Assert.Equal("ApplySpec Uncordon", RolloutPlanner.Plan(denying).Kinds("n1"));
    }

    [Fact]
    public void An_image_that_tells_no_platforms_goes_to_every_node()
    {
        var snapshot = Snapshot(On(null, Given.Idle("n1")));
        var resolved = snapshot.Image!.Status!.Resolved! with { Platforms = null };

        var plan = RolloutPlanner.Plan(snapshot with { Image = snapshot.Image with { Status = snapshot.Image.Status with { Resolved = resolved } } });

        Assert.Equal(Index, plan.Written("n1").Image!.Digest);
    }

    private static NodeFacts On(string? architecture, NodeFacts node) => node with { Platform = NodePlatform.Of("linux", architecture) };

    private static RolloutSnapshot Snapshot(params NodeFacts[] nodes)
    {
        var image = Given.Image();
        return Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(5), StageAhead = IntOrPercent.Count(5) } }) with
        {
            Image = image with
            {
                Spec = new() { Container = new() { Image = "quay.io/acme/edge:stable" } },
                Status = image.Status! with
                {
                    Resolved = new()
                    {
                        Reference = "quay.io/acme/edge:stable",
                        Digest = Index,
                        Version = "42",
                        ResolvedAt = Given.Now,
                        Platforms = [new() { Platform = "linux/amd64", Digest = Amd64 }, new() { Platform = "linux/arm64", Digest = Arm64 }],
                    },
                },
            },
        };
    }
}
