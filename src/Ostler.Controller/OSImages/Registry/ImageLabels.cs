using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Rollout.Text;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>What a container image says of itself.</summary>
internal static class ImageLabels
{
    private const int LongestValue = 256;
    private const int LongestVersion = 128;
    private static readonly DateTimeOffset NoDate = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const string Version = "org.opencontainers.image.version";

    /// <summary>The names that are kept in status: enough to find the sources of a tree, and to see that it can be booted.</summary>
    private static readonly string[] Kept =
    [
        "containers.bootc", "org.opencontainers.image.created", "org.opencontainers.image.revision", "org.opencontainers.image.source",
        "org.opencontainers.image.title", Version, "ostree.bootable", "ostree.commit", "ostree.linux",
    ];

    /// <summary>
    /// The annotations of the index and of the manifest and the labels of the config, in this order of precedence: annotations belong to
    /// the very image, labels may be inherited from the one that it was made from.
    /// </summary>
    public static IReadOnlyDictionary<string, string>? Of(params IReadOnlyDictionary<string, string>?[] sources)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Kept)
        {
            if (Find(name, sources) is { } value)
            {
                found[name] = MessageText.Cut(value, LongestValue);
            }
        }

        return found.Count == 0 ? null : found;
    }

    /// <summary>The version for people: OCI's name for it, or else the one that rpm-ostree has always used.</summary>
    public static string? VersionOf(params IReadOnlyDictionary<string, string>?[] sources) =>
        (Find(Version, sources) ?? Find("version", sources)) is { } version ? MessageText.Cut(version, LongestVersion) : null;

    /// <summary>
    /// When the image was made: its config says so, or else the annotations of the very image. A label does not count, since it may be
    /// inherited.
    /// </summary>
    /// <returns>Null: not known. Reproducible builds write a date before any container existed, which is none.</returns>
    public static DateTimeOffset? CreatedOf(string? config, params IReadOnlyDictionary<string, string>?[] annotations) =>
        DateOf(config) ?? DateOf(Find("org.opencontainers.image.created", annotations));

    private static DateTimeOffset? DateOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date) && date > NoDate
            ? date.TruncateToSeconds()
            : null;

    // What a registry sent ends up on terminals.
    private static string? Find(string name, IReadOnlyDictionary<string, string>?[] sources)
    {
        foreach (var source in sources)
        {
            if (source?.GetValueOrDefault(name) is { Length: > 0 } value)
            {
                return new([.. value.Select(c => char.IsControl(c) ? ' ' : c)]);
            }
        }

        return null;
    }
}
