using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;

namespace Ostler.Cli.Edits;

/// <summary>A tree that nodes ran before the present one.</summary>
/// <param name="Digest">Of the release where the image remembers it; else as the nodes recorded it.</param>
/// <param name="Version">For people.</param>
/// <param name="Release">What the image remembers of it; null when it does not.</param>
/// <param name="Nodes">On whose record it is, by name.</param>
internal sealed record PreviousImage(string Digest, string? Version, ResolvedImage? Release, IReadOnlyList<string> Nodes);

/// <summary>What nodes ran before an image's present tree, from the records of their upgrades. Pure.</summary>
internal static class PreviousImages
{
    /// <summary>The tree that most nodes ran first.</summary>
    /// <param name="image">The image.</param>
    /// <param name="current">The tree that it names now.</param>
    /// <param name="systems">The nodes to ask.</param>
    public static IReadOnlyList<PreviousImage> Of(OSImage image, ResolvedImage current, IEnumerable<NodeOS> systems) =>
    [
        .. systems.Select(s => (s.Metadata.Name, Former: Of(current, s)))
            .Where(s => s.Former is not null)
            .Select(s => (s.Name, Former: s.Former!, Release: ReleaseOf(image, s.Former!.Digest)))
            .GroupBy(s => s.Release?.Digest ?? s.Former.Digest, StringComparer.Ordinal)
            .Select(g => new PreviousImage(
                g.Key, g.First().Release?.Version ?? g.Select(s => s.Former.Version).FirstOrDefault(v => v is not null), g.First().Release, [.. g.Select(s => s.Name).Order(StringComparer.Ordinal)]))
            .OrderByDescending(t => t.Nodes.Count).ThenBy(t => t.Digest, StringComparer.Ordinal),
    ];

    /// <summary>Whether a node that booted the digest runs the release: on each platform that is another digest.</summary>
    public static bool Includes(ResolvedImage release, string? digest) => digest is not null && (release.Digest == digest || release.Platforms?.Any(p => p.Digest == digest) == true);

    /// <summary>What the image remembers of a tree that it has named before; null when it does not.</summary>
    public static ResolvedImage? ReleaseOf(OSImage image, string digest) => (image.Status?.History ?? []).FirstOrDefault(h => Includes(h, digest));

    private static PreviousOS? Of(ResolvedImage current, NodeOS os)
    {
        // A record of another upgrade says what the node ran before that one.
        if (!Includes(current, os.Spec.Image?.Digest))
        {
            return null;
        }

        var former = os switch
        {
            // It is there again, whoever took it back.
            { Status: { Step: NodeStep.RolledBack, Booted: { } booted } } => new() { Digest = booted.Digest, Version = booted.Version },
            { Spec.LastUpgrade.Previous: { } before } => before,
            // In flight, or failed and left as it is.
            _ => os.Spec.Previous,
        };
        return former is not null && !Includes(current, former.Digest) ? former : null;
    }
}
