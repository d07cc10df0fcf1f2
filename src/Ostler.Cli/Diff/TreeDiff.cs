using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Edits;
using Ostler.Rollout.OSImages;

namespace Ostler.Cli.Diff;

/// <summary>Something that is otherwise in the target.</summary>
/// <param name="Field">What, as in <c>version</c> or <c>label org.opencontainers.image.revision</c>.</param>
/// <param name="From">Null: it is not there before.</param>
/// <param name="To">Null: it is not there any more.</param>
internal sealed record TreeChange(string Field, string? From, string? To);

/// <summary>Nodes that run the same tree, and how the target differs from it.</summary>
internal sealed record TreeGroup
{
    public required Deployment Booted { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyList<NodeOS> Nodes { get; init; }

    public required IReadOnlyList<TreeChange> Changes { get; init; }

    /// <summary>Whether the image remembers the tree: otherwise only version and digest can be compared.</summary>
    public required bool Remembered { get; init; }
}

/// <summary>What changes on a policy's nodes when they get to its target. Pure.</summary>
internal sealed record TreeDiff
{
    public required string Policy { get; init; }

    public required string Image { get; init; }

    /// <summary>Null: the image names no tree now, as <see cref="Problem"/> says.</summary>
    public ResolvedImage? Target { get; init; }

    /// <summary>Why no node gets the target; null when nodes do.</summary>
    public string? Problem { get; init; }

    /// <summary>The tree that most nodes run first; without those that run the target.</summary>
    public IReadOnlyList<TreeGroup> Groups { get; init; } = [];

    /// <summary>Nodes that run the target.</summary>
    public IReadOnlyList<NodeOS> UpToDate { get; init; } = [];

    /// <summary>Nodes whose agent has not said what they run.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <param name="policy">The policy.</param>
    /// <param name="image">Its image; null when there is none.</param>
    /// <param name="systems">Of the nodes that it selects.</param>
    public static TreeDiff Of(UpgradePolicy policy, OSImage? image, IReadOnlyList<NodeOS> systems)
    {
        var diff = new TreeDiff { Policy = policy.Metadata.Name, Image = policy.Spec.ImageRef.Name, Unknown = [.. systems.Where(s => s.Status?.Booted is null).Select(s => s.Metadata.Name).Order(StringComparer.Ordinal)] };
        if (image is null)
        {
            return diff with { Problem = "it does not exist. Create it, or correct spec.imageRef.name." };
        }

        if (!OSImageStatusRules.IsOf(image.Spec, image.Status?.Resolved))
        {
            return diff with { Problem = image.Status?.Conditions.Find(ConditionTypes.Ready) is { } ready ? $"{ready.Reason}: {ready.Message}" : "the controller has not resolved it yet." };
        }

        var target = image.Status!.Resolved!;
        var reporting = systems.Where(s => s.Status?.Booted is not null).OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).ToLookup(s => PreviousImages.Includes(target, s.Status!.Booted!.Digest));
        return diff with
        {
            Target = target,
            Problem = OSImageStatusRules.IsQuarantined(image.Spec, image.Status, target.Digest) ? $"it is quarantined. To allow it, run kubectl ostler quarantine remove {image.Metadata.Name} {Ostler.Api.Shared.Digest.Shorten(target.Digest)}." : null,
            UpToDate = [.. reporting[true]],
            Groups = [.. reporting[false].GroupBy(s => s.Status!.Booted!.Digest, StringComparer.Ordinal).Select(g => Group(image, target, [.. g])).OrderByDescending(g => g.Nodes.Count).ThenBy(g => g.Booted.Digest, StringComparer.Ordinal)],
        };
    }

    private static TreeGroup Group(OSImage image, ResolvedImage target, NodeOS[] nodes)
    {
        var booted = nodes[0].Status!.Booted!;
        var release = PreviousImages.ReleaseOf(image, booted.Digest);
        // What a node of this platform gets, once it was told; until then the release.
        var wanted = nodes.Select(n => n.Spec.Image?.Digest).FirstOrDefault(d => PreviousImages.Includes(target, d)) ?? target.Digest;
        List<TreeChange> changes = [new("version", booted.Version ?? release?.Version, target.Version), new("digest", booted.Digest, wanted)];
        if (release is not null)
        {
            changes.Add(new("reference", release.Reference, target.Reference));
            changes.Add(new("signed with key", release.VerifiedWith, target.VerifiedWith));
            changes.Add(new("platforms", Platforms(release), Platforms(target)));
            foreach (var label in (release.Labels ?? Nothing).Keys.Union((target.Labels ?? Nothing).Keys).Order(StringComparer.Ordinal))
            {
                changes.Add(new($"label {label}", release.Labels?.GetValueOrDefault(label), target.Labels?.GetValueOrDefault(label)));
            }
        }

        return new() { Booted = booted, Nodes = nodes, Changes = [.. changes.Where(c => c.From != c.To)], Remembered = release is not null };
    }

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    private static string? Platforms(ResolvedImage image) => image.Platforms is { Count: > 0 } platforms ? string.Join(", ", platforms.Select(p => p.Platform).Order(StringComparer.Ordinal)) : null;
}
