using Ostler.Api.UpgradePolicies;

namespace Ostler.Controller.Telemetry;

/// <summary>Nodes by OS version, with as many different labels as a metric may have. Pure.</summary>
/// <remarks>A version is text that an agent reports: if each node reports its own, there must still not be a series per node.</remarks>
internal static class VersionCounts
{
    /// <summary>How many versions are told apart.</summary>
    public const int Most = 10;

    /// <summary>The label of all further versions together.</summary>
    public const string Other = "other";

    /// <summary>The label of images that have no version.</summary>
    public const string Unknown = "unknown";

    private const int Longest = 64;

    /// <summary>
    /// The versions that most nodes run; by name where the counts are equal, so that no series depends on the order of nodes.
    /// </summary>
    public static IReadOnlyDictionary<string, int> Of(IEnumerable<RunningDigest> running)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var digest in running)
        {
            var label = LabelOf(digest.Version);
            counts[label] = counts.GetValueOrDefault(label) + digest.Nodes;
        }

        if (counts.Count <= Most)
        {
            return counts;
        }

        var ranked = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).ToArray();
        var kept = ranked.Take(Most).ToDictionary(StringComparer.Ordinal);
        kept[Other] = kept.GetValueOrDefault(Other) + ranked.Skip(Most).Sum(c => c.Value);
        return kept;
    }

    private static string LabelOf(string? version)
    {
        if (string.IsNullOrWhiteSpace(version))
        {
            return Unknown;
        }

        var cut = version.Length > Longest ? version[..Longest] : version;
        return string.Concat(cut.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '+' or '~' or ':' or ' ' ? c : '?'));
    }
}
