using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Text;

/// <summary>How trees, times and lists are written in messages.</summary>
public static class MessageText
{
    public static string Of(NodeImage image) => Of(image.Digest, image.Version);

    public static string Of(PreviousOS previous) => Of(previous.Digest, previous.Version);

    public static string Of(Deployment deployment) => Of(deployment.Digest, deployment.Version);

    public static string Of(string digest, string? version)
    {
        var shortened = Shorten(digest);
        return version is { Length: > 0 } ? $"{version} ({shortened})" : shortened;
    }

    /// <summary>The first twelve digits, enough to tell trees apart and to find one.</summary>
    public static string Shorten(string digest)
    {
        var from = digest.IndexOf(':', StringComparison.Ordinal) + 1;
        return digest.Substring(from, Math.Min(12, digest.Length - from));
    }

    public static string Of(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public static string Of(TimeSpan span) => new Duration(span).ToString();

    /// <summary>The first <paramref name="most"/> and how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> items, int most = 3) => items.Count <= most
        ? string.Join(", ", items)
        : $"{string.Join(", ", items.Take(most))} and {items.Count - most} more";

    /// <summary>With a full stop at its end, so that another sentence can follow: what checks and host tools say has none. Null stays nothing.</summary>
    public static string Sentence(string? text) => text is not { Length: > 0 } ? "" : text[^1] is '.' or '!' or '?' or '…' ? text : text + ".";

    /// <summary>Cut to what the API stores.</summary>
    public static string Cut(string text, int most = 2048) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1), "…");
}
