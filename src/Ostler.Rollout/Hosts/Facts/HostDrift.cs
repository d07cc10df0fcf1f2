using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Facts;

/// <summary>What a look at the host found that is too dear for each pass. Kept as long as the boot lasts, or until the next look.</summary>
/// <param name="EtcChanges">How many files of /etc differ from the tree's defaults; null: it could not be found out.</param>
/// <param name="EtcFiles">The first <see cref="MaxFiles"/> of them, sorted by path.</param>
/// <param name="RemoteUrl">The address of the image's remote on the host; empty: there is no such remote; null: not asked, or not
/// known.</param>
public sealed record HostDrift(int? EtcChanges, IReadOnlyList<string> EtcFiles, string? RemoteUrl)
{
    /// <summary>As many as status.drift has room for.</summary>
    public const int MaxFiles = 50;

    /// <summary>The CRD's limit on a line of it.</summary>
    private const int MaxLine = 256;

    /// <summary>Nothing was looked at yet.</summary>
    public static HostDrift Unknown { get; } = new(null, [], null);

    /// <summary>What a report of before the agent started says of the same boot.</summary>
    public static HostDrift From(DriftStatus? reported) => reported is null ? Unknown : new(reported.EtcChanges, reported.EtcFiles ?? [], null);

    /// <summary>
    /// Reads what <c>ostree admin config-diff</c> prints: a letter, spaces, and the path below /etc. Lines of another kind are passed over.
    /// </summary>
    public static HostDrift OfEtc(string output)
    {
        var count = 0;
        var files = new List<string>();
        foreach (var line in output.AsSpan().EnumerateLines())
        {
            if (line.Length > 2 && line[0] is 'M' or 'A' or 'D' && line[1] == ' ')
            {
                count++;
                files.Add($"{line[0]} {Printable(line[2..].TrimStart())}");
            }
        }

        // By path: the tool's own order is that of the directory, and may be another one each time.
        files.Sort(static (x, y) => string.CompareOrdinal(x, 2, y, 2, MaxLine));
        return new HostDrift(count, files.Count > MaxFiles ? files.GetRange(0, MaxFiles) : files, null);
    }

    /// <summary>Names of files are whatever somebody wrote there.</summary>
    private static string Printable(ReadOnlySpan<char> path)
    {
        var shown = path.Length > MaxLine - 2 ? path[..(MaxLine - 2)] : path;
        return string.Create(shown.Length, shown, static (to, from) =>
        {
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? '?' : from[i];
            }
        });
    }
}
