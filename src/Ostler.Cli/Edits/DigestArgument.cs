using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Edits;

/// <summary>A digest as people type it: whole, or its beginning.</summary>
internal static class DigestArgument
{
    private const int ShortestPrefix = 6;

    /// <summary>The whole digest of one whose beginning is given, out of those that the image has or had.</summary>
    /// <param name="image">The image.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="more">Digests that are known beside those of the image.</param>
    public static string Complete(OSImage image, string text, IEnumerable<string> more)
    {
        var bare = Digest.Bare(text);
        if (bare.Any(c => !char.IsAsciiHexDigitLower(c)) || bare.Length is < ShortestPrefix or > 64)
        {
            throw CommandException.Usage($"'{text}' is not a digest. Write its 64 hexadecimal digits in lower case, or the first {ShortestPrefix} or more of one that {image.Metadata.Name} has had.");
        }

        var status = image.Status;
        var images = (status?.History ?? []).Concat((status?.Pending ?? []).Select(p => p.Image)).Append(status?.Resolved);
        var known = images.OfType<ResolvedImage>().Select(r => r.Digest)
            .Concat((status?.Quarantined ?? []).Select(q => q.Digest)).Concat(image.Spec.Quarantine?.Deny ?? []).Concat(image.Spec.Quarantine?.Allow ?? []).Concat(more);
        var matches = known.Where(d => Digest.Bare(d).StartsWith(bare, StringComparison.Ordinal)).DistinctBy(Digest.Bare).ToArray();
        return matches switch
        {
            [var one] => one,
            [] when bare.Length == 64 => text,
            [] => throw new CommandException($"No digest in the history of {image.Metadata.Name} begins with {bare}. Write all 64 digits."),
            _ => throw new CommandException($"Several digests of {image.Metadata.Name} begin with {bare}: {string.Join(", ", matches)}. Write more digits."),
        };
    }
}
