using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Status;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Edits;

/// <summary>What rollback looks at.</summary>
internal sealed record RollbackFacts
{
    public required UpgradePolicy Policy { get; init; }

    /// <summary>The one that the policy names.</summary>
    public required OSImage Image { get; init; }

    /// <summary>Of the nodes that the policy selects.</summary>
    public required IReadOnlyList<NodeOS> Systems { get; init; }

    /// <summary>Other policies that name the same image.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];
}

/// <summary>What rollback changes: the OSImage names the tree that the policy's nodes ran before. Pure.</summary>
internal static class RollbackEdit
{
    private const string Plural = "osimage";
    private const int MostTrees = 5;

    /// <param name="facts">The policy, its image and its nodes.</param>
    /// <param name="to">Which tree, or the beginning of its digest. Default: the one that all nodes with a record ran before.</param>
    public static FieldEdit Decide(RollbackFacts facts, string? to)
    {
        var (policy, image) = (facts.Policy.Metadata.Name, facts.Image);
        var current = Current(facts);
        var formers = PreviousImages.Of(image, current, facts.Systems);
        var tree = to is null ? Only(facts, current, formers) : Named(image, current, formers, to);
        if (PreviousImages.Includes(current, tree.Digest))
        {
            return FieldEdit.None(Plural, image.Metadata.Name, $"{image.Metadata.Name} already names {MessageText.Of(tree.Digest, tree.Version)}.");
        }

        RefuseBad(facts, tree);
        var pin = ImagePin.To(image, tree);
        var undo = new FieldEdit(Plural, image.Metadata.Name, pin.Undo, "");
        var record = tree.Nodes.Count > 0 ? $", which {MessageText.Count(tree.Nodes.Count, "node")} of {policy} ran before" : "";
        return new(Plural, image.Metadata.Name, pin.Pin, $"{image.Metadata.Name} is pinned to {MessageText.Of(tree.Digest, tree.Version)}{record}.")
        {
            Next = [.. Next(facts, current, tree), $"To follow {ImagePin.Followed(image.Spec)} again: {undo.Command}", $"Where {image.Metadata.Name} is in Git, edit it there as well. The next sync reverts an edit in the cluster."],
        };
    }

    private static ResolvedImage Current(RollbackFacts facts)
    {
        var image = facts.Image;
        if (OSImageStatusRules.IsOf(image.Spec, image.Status?.Resolved))
        {
            return image.Status!.Resolved!;
        }

        var ready = image.Status?.Conditions.Find(ConditionTypes.Ready);
        throw new CommandException(
            $"{image.Metadata.Name} is not resolved ({(ready is null ? "the controller has not processed it" : $"{ready.Reason}: {ready.Message}")}), so no node of {facts.Policy.Metadata.Name} gets it. Correct the image, or wait.");
    }

    private static PreviousImage Only(RollbackFacts facts, ResolvedImage current, IReadOnlyList<PreviousImage> formers)
    {
        var (policy, tree) = (facts.Policy.Metadata.Name, MessageText.Of(current.Digest, current.Version));
        if (formers is [var one])
        {
            return one;
        }

        if (formers.Count > 1)
        {
            var ran = string.Join("; ", formers.Take(MostTrees).Select(f => $"{MessageText.Of(f.Digest, f.Version)} on {MessageText.Count(f.Nodes.Count, "node")}"));
            throw new CommandException(
                $"Before {tree}, the nodes of {policy} ran {formers.Count} different images ({ran}{(formers.Count > MostTrees ? "; …" : "")}). Choose one with --to DIGEST, or create a policy and an image for the others.");
        }

        if (!facts.Systems.Any(s => PreviousImages.Includes(current, s.Status?.Booted?.Digest)))
        {
            throw new CommandException($"No node of {policy} runs {tree} yet, so there is nothing to roll back. To keep it that way, run kubectl ostler pause {policy}, or, for good, kubectl ostler quarantine add {facts.Image.Metadata.Name} {Digest.Shorten(current.Digest)}.");
        }

        var history = (facts.Image.Status?.History ?? []).Where(h => h.Digest != current.Digest).Take(MostTrees).Select(h => MessageText.Of(h.Digest, h.Version)).ToArray();
        throw new CommandException(
            $"What the nodes of {policy} ran before {tree} is not recorded: they ran it when Ostler first saw them, or returned to it after drift. Choose an image with --to DIGEST"
            + (history.Length == 0 ? "." : $"; previous digests of {facts.Image.Metadata.Name}: {string.Join(", ", history)}."));
    }

    private static PreviousImage Named(OSImage image, ResolvedImage current, IReadOnlyList<PreviousImage> formers, string to)
    {
        var digest = DigestArgument.Complete(image, to, formers.Select(f => f.Digest));
        if (Digest.Bare(digest) == Digest.Bare(current.Digest))
        {
            return new(current.Digest, current.Version, current, []);
        }

        if (formers.FirstOrDefault(f => Digest.Bare(f.Digest) == Digest.Bare(digest)) is { } former)
        {
            return former;
        }

        var release = PreviousImages.ReleaseOf(image, digest);
        return new(release?.Digest ?? digest, release?.Version, release, []);
    }

    private static void RefuseBad(RollbackFacts facts, PreviousImage tree)
    {
        var (policy, image, name) = (facts.Policy, facts.Image, MessageText.Of(tree.Digest, tree.Version));
        if (OSImageStatusRules.IsQuarantined(image.Spec, image.Status, tree.Digest))
        {
            throw new CommandException($"{name} is quarantined in {image.Metadata.Name}, so no node would get it. To allow it, run kubectl ostler quarantine remove {image.Metadata.Name} {Digest.Shorten(tree.Digest)}, then this command again.");
        }

        // The quarantine follows within seconds; until then the policy would halt at once.
        if (image.Spec.Quarantine?.Allow?.Contains(tree.Digest) != true
            && policy.Status?.FailedDigests?.Any(f => f.Digest == tree.Digest && !(f.At <= policy.Spec.Rollout.RetryFailuresBefore)) == true)
        {
            throw new CommandException($"{policy.Metadata.Name} halted because of {name} and would halt again at once. To try it again, run kubectl ostler retry {policy.Metadata.Name}, then this command again.");
        }
    }

    private static IEnumerable<string> Next(RollbackFacts facts, ResolvedImage current, PreviousImage tree)
    {
        var (policy, name) = (facts.Policy, facts.Policy.Metadata.Name);
        bool UnderWay(NodeOS s) => s.Spec.Goal == Goal.Boot && PreviousImages.Includes(current, s.Spec.Image?.Digest);
        bool RunsIt(NodeOS s) => s.Status?.Booted?.Digest is { } booted && (booted == tree.Digest || (tree.Release is { } release && PreviousImages.Includes(release, booted)));
        var (underWay, still) = (facts.Systems.Count(UnderWay), facts.Systems.Where(s => !UnderWay(s)).ToArray());
        var (there, back) = (still.Count(RunsIt), still.Count(s => PreviousImages.Includes(current, s.Status?.Booted?.Digest)));
        var other = still.Length - there - back;
        yield return $"{MessageText.Count(back, "node")} of {name} {MessageText.Agree(back, "rolls", "roll")} back like an upgrade: in the slots, waves and windows of {name}, with its drain and its checks. {there} already {MessageText.Agree(there, "runs", "run")} it."
            + (underWay > 0 ? $" {underWay} in flight {MessageText.Agree(underWay, "finishes", "finish")} first." : "")
            + (other > 0 ? $" {other} more {MessageText.Agree(other, "runs", "run")} another image and {MessageText.Agree(other, "gets", "get")} it as well." : "");
        if (PolicyState.IsHalted(policy))
        {
            yield return $"{name} is halted because of {MessageText.Of(current.Digest, current.Version)}, which stays quarantined. With this image, {name} continues.";
        }

        if (policy.Spec.Paused)
        {
            yield return $"{name} is paused, so no node is disrupted until you run kubectl ostler resume {name}.";
        }

        var manual = (policy.Spec.Rollout.Waves ?? []).Where(w => w.Approval == WaveApproval.Manual && policy.Spec.Rollout.Approvals?.Any(a => a.Wave == w.Name && a.Digest == tree.Digest) != true).Select(w => w.Name).ToArray();
        if (manual.Length > 0)
        {
            yield return $"{(manual.Length == 1 ? $"Wave {manual[0]} waits" : $"Waves {string.Join(", ", manual)} wait")} for approval of this image: kubectl ostler approve {name} --wave {manual[0]}";
        }

        if (facts.Others.Count > 0)
        {
            yield return $"{string.Join(", ", facts.Others.Order(StringComparer.Ordinal))} {MessageText.Agree(facts.Others.Count, "uses", "use")} {facts.Image.Metadata.Name} as well, so {MessageText.Agree(facts.Others.Count, "its", "their")} nodes get this image too.";
        }
    }
}
