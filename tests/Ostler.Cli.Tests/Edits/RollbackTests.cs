using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Edits;
using Ostler.Cli.Hosting;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Edits;

/// <summary>The way back of a whole policy: one edit of the image, or a refusal that says why.</summary>
public class RollbackTests
{
    private const string Older = "0000000000000000000000000000000000000000000000000000000000000000";
    private const string Index = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Arm = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    private static OSImage Moved => Given.Image(status: new() { Resolved = Given.Resolved(Given.New, "42.2"), History = [Given.Resolved(Given.Old, "42.1")] });

    private static RollbackFacts Facts(params NodeOS[] systems) => new() { Policy = Given.Policy(status: Given.RollingOut), Image = Moved, Systems = systems };

    /// <summary>A node that was moved to the new tree.</summary>
    private static NodeOS Updated(string name, string? before = Given.Old, string booted = Given.New) => Given.System(name, booted, "42.2", NodeStep.Updated, new()
    {
        Image = new() { Digest = booted, Version = "42.2" },
        LastUpgrade = new() { CompletedAt = Given.Now, Previous = before is null ? null : new() { Digest = before, Version = "42.1" } },
    });

    /// <summary>One that failed on it and went back by itself.</summary>
    private static NodeOS WentBack(string name) => Given.System(name, step: NodeStep.RolledBack, spec: new()
    {
        Image = new() { Digest = Given.New },
        Failure = new() { Digest = Given.New, Reason = Reasons.HealthTimedOut, At = Given.Now },
    });

    private static NodeOS Booting(string name) => Given.System(name, step: NodeStep.Rebooting, spec: new() { Image = new() { Digest = Given.New }, Goal = Goal.Boot, Previous = new() { Digest = Given.Old } });

    private static string Refusal(RollbackFacts facts, string? to = null) => Assert.Throws<CommandException>(() => RollbackEdit.Decide(facts, to)).Message;

    [Fact]
    public void The_image_is_pinned_to_what_the_nodes_ran_before_and_it_is_said_what_follows()
    {
        var edit = RollbackEdit.Decide(Facts(Updated("node-1"), Booting("node-2"), Given.System("node-3"), Given.System("node-4", Older)), null);

        Assert.Equal($$$$"""{"spec":{"ostree":{"commit":"{{{{Given.Old}}}}"}}}""", edit.Change.ToJsonString());
        Golden.Verify(string.Join('\n', edit.Done().Concat(edit.Lines())), "rollback.txt");
    }

    [Fact]
    public void What_else_stands_in_the_way_or_is_touched_is_said_too()
    {
        var policy = Given.Policy(status: Given.Halted, spec: s => Given.Manual(s, "canary") with { Paused = true });
        var edit = RollbackEdit.Decide(Facts(Updated("node-1"), WentBack("node-2")) with { Policy = policy, Others = ["lab"] }, null);

        Golden.Verify(string.Join('\n', edit.Done()), "rollback-more.txt");
    }

    [Fact]
    public void A_version_that_people_wrote_does_not_stay_on_another_tree_and_the_way_forward_puts_it_back()
    {
        var image = Moved with { Spec = new() { Ostree = Moved.Spec.Ostree! with { Commit = Given.New }, Version = "Summer" }, Status = Moved.Status! with { Resolved = Given.Resolved(Given.New, "Summer") } };
        var known = RollbackEdit.Decide(Facts(Updated("node-1")) with { Image = image }, null);
        var unknown = RollbackEdit.Decide(Facts(Updated("node-1")) with { Image = image }, Older);

        Assert.Equal($$$$"""{"spec":{"ostree":{"commit":"{{{{Given.Old}}}}"},"version":"42.1"}}""", known.Change.ToJsonString());
        Assert.Contains(known.Next, n => n.Contains($$$"""{"spec":{"ostree":{"commit":"{{{Given.New}}}"},"version":"Summer"}}""", StringComparison.Ordinal));
        Assert.Contains("# and without spec.version", unknown.Lines().Select(l => l.Text));
    }

    [Fact]
    public void A_branch_that_was_left_is_gone_back_to_and_another_remote_is_for_a_person()
    {
        var elsewhere = Moved.Status! with { History = [Given.Resolved(Given.Old, "42.1") with { Reference = "acme:acme/old" }] };
        var foreign = Moved.Status! with { History = [Given.Resolved(Given.Old, "42.1") with { Reference = "other:acme/edge" }] };

        Assert.Equal(
            $$$$"""{"spec":{"ostree":{"ref":"acme/old","commit":"{{{{Given.Old}}}}"}}}""", RollbackEdit.Decide(Facts(Updated("node-1")) with { Image = Moved with { Status = elsewhere } }, null).Change.ToJsonString());
        Assert.StartsWith($"edge-os named {Given.Old} while spec.ostree.remote was other", Refusal(Facts(Updated("node-1")) with { Image = Moved with { Status = foreign } }), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_container_image_every_platform_goes_back_to_the_same_release()
    {
        var present = new ResolvedImage { Reference = "quay.io/acme/edge:2", Digest = "sha256:" + Given.New, Version = "42.2", ResolvedAt = Given.Now };
        var image = new OSImage
        {
            Metadata = new() { Name = "edge-os" },
            Spec = new() { Container = new() { Image = "quay.io/acme/edge:2" } },
            Status = new()
            {
                Resolved = present,
                History = [new() { Reference = "quay.io/acme/edge:1", Digest = Index, Version = "42.1", ResolvedAt = Given.Now, Platforms = [new() { Platform = "linux/amd64", Digest = "sha256:" + Given.Old }, new() { Platform = "linux/arm64", Digest = Arm }] }],
            },
        };
        NodeOS[] systems = [Updated("x86", "sha256:" + Given.Old, present.Digest), Updated("arm", Arm, present.Digest)];

        var edit = RollbackEdit.Decide(Facts(systems) with { Image = image }, null);

        Assert.Equal($$$$"""{"spec":{"container":{"image":"quay.io/acme/edge:1@{{{{Index}}}}"}}}""", edit.Change.ToJsonString());
        Assert.Contains("which 2 nodes of edge ran before", edit.Says, StringComparison.Ordinal);
        Assert.Contains(edit.Next, n => n.Contains("""{"spec":{"container":{"image":"quay.io/acme/edge:2"}}}""", StringComparison.Ordinal));
        // Without its history the index is not known, and one platform's manifest is nothing for the others.
        Assert.StartsWith(
            "edge-os has no record of the image with digest sha256:1111", Refusal(Facts(systems[0]) with { Image = image with { Status = image.Status with { History = null } } }), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_former_trees_are_listed_and_one_of_them_can_be_named()
    {
        var facts = Facts(Updated("node-1"), Updated("node-2"), Updated("node-3", Older));

        Assert.Equal(
            "Before 42.2 (424242424242), the nodes of edge ran 2 different images (42.1 (111111111111) on 2 nodes; 42.1 (000000000000) on 1 node). Choose one with --to DIGEST, or create a policy and an image for the others.",
            Refusal(facts));
        Assert.Equal($$$$"""{"spec":{"ostree":{"commit":"{{{{Older}}}}"}}}""", RollbackEdit.Decide(facts, Older[..8]).Change.ToJsonString());
        Assert.True(RollbackEdit.Decide(facts, Given.New[..8]).IsNothing);
    }

    [Fact]
    public void Without_a_record_nothing_is_guessed()
    {
        Assert.Equal(
            "No node of edge runs 42.2 (424242424242) yet, so there is nothing to roll back. To keep it that way, run kubectl ostler pause edge, or, for good, kubectl ostler quarantine add edge-os 424242424242.",
            Refusal(Facts(Given.System("node-1"))));
        Assert.Equal(
            "What the nodes of edge ran before 42.2 (424242424242) is not recorded: they ran it when Ostler first saw them, or returned to it after drift. Choose an image with --to DIGEST; previous digests of edge-os: 42.1 (111111111111).",
            Refusal(Facts(Updated("node-1", before: null))));
        // What it ran before another tree says nothing of this one.
        Assert.StartsWith("No node of edge runs", Refusal(Facts(Updated("node-1", booted: Given.Old, before: Older))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_that_no_node_would_get_is_refused()
    {
        var quarantined = Moved with { Status = Moved.Status! with { Quarantined = [new() { Digest = Given.Old, Reason = Reasons.HealthTimedOut, Policy = "edge", Since = Given.Now }] } };
        var halted = Given.Policy(status: Given.Halted with { FailedDigests = [new() { Digest = Given.Old, Reason = Reasons.HealthTimedOut, At = Given.Now }] });

        Assert.StartsWith("42.1 (111111111111) is quarantined in edge-os, so no node would get it.", Refusal(Facts(Updated("node-1")) with { Image = quarantined }), StringComparison.Ordinal);
        Assert.StartsWith("edge halted because of 42.1 (111111111111) and would halt again at once.", Refusal(Facts(Updated("node-1")) with { Policy = halted }), StringComparison.Ordinal);
        Assert.Contains("kubectl ostler retry edge", Refusal(Facts(Updated("node-1")) with { Policy = halted }), StringComparison.Ordinal);
    }

    [Fact]
    public void While_it_is_not_known_what_the_image_names_nothing_is_changed()
    {
        var unresolved = Moved with { Spec = Given.Image(commit: Older).Spec };

        Assert.StartsWith("edge-os is not resolved (the controller has not processed it), so no node of edge gets it.", Refusal(Facts(Updated("node-1")) with { Image = unresolved }), StringComparison.Ordinal);
    }
}
