using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Images;

/// <summary>What one node is moved to.</summary>
internal sealed class TargetTree(NodeImage image)
{
    public NodeImage Image { get; } = image;

    public string Digest => Image.Digest;

    // Thousands of nodes say these; they are made once.
    public string UpdatedMessage { get; } = $"Runs {MessageText.Of(image)}.";

    public string StagedMessage { get; } = $"{MessageText.Of(image)} is staged. Waiting for a slot.";
}

/// <summary>
/// The target of a rollout, tree by tree: a container image for several platforms is one release, known to policies, approvals and
/// quarantines by the digest of its index, and on each platform another tree, which is what the hosts of that platform report.
/// </summary>
internal sealed class TargetTrees
{
    private readonly IReadOnlyList<PlatformManifest> _platforms;
    private readonly Dictionary<string, TargetTree?> _byPlatform = new(StringComparer.Ordinal);
    private readonly TargetTree _release;

    public TargetTrees(NodeImage release, IReadOnlyList<PlatformManifest>? platforms)
    {
        _release = new(release);
        _platforms = platforms ?? [];
    }

    /// <summary>The target as policies know it.</summary>
    public NodeImage Release => _release.Image;

    /// <summary>Whether it is the same tree on each platform.</summary>
    public bool OnePlatform => _platforms.Count == 0;

    /// <summary>What the node is moved to; null: the image does not exist for its platform.</summary>
    public TargetTree? For(NodeFacts node)
    {
        if (_platforms.Count == 0)
        {
            return _release;
        }

        var platform = node.Platform ?? "";
        if (!_byPlatform.TryGetValue(platform, out var tree))
        {
            tree = Platforms.For(node.Platform, _platforms) is { } manifest ? new(On(manifest)) : null;
            _byPlatform[platform] = tree;
        }

        return tree;
    }

    /// <summary>Whether the digest is the release or one of its trees.</summary>
    public bool Includes(string? digest)
    {
        if (digest == Release.Digest)
        {
            return true;
        }

        foreach (var platform in _platforms)
        {
            if (platform.Digest == digest)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>For whom it exists, for messages.</summary>
    public string Offered => MessageText.List([.. _platforms.Select(p => p.Platform)], 8);

    private NodeImage On(PlatformManifest manifest) => Release with { Digest = manifest.Digest };
}
