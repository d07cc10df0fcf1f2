using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;

namespace Ostler.Rollout.Text;

/// <summary>How trees, times and lists are written in messages.</summary>
public static class MessageText
{
    public static string Of(NodeImage image) => Of(image.Digest, image.Version);

    public static string Of(PreviousOS previous) => Of(previous.Digest, previous.Version);

    public static string Of(Deployment deployment) => Of(deployment.Digest, deployment.Version);

    /// <summary><c>42.1 (0123456789ab)</c>, or the first twelve digits alone.</summary>
    public static string Of(string digest, string? version) =>
        version is { Length: > 0 } ? $"{version} ({Digest.Shorten(digest)})" : Digest.Shorten(digest);

    public static string Of(DateTimeOffset time) => Timestamp.Format(time);

    public static string Of(TimeSpan span) => new Duration(span).ToString();

    /// <summary>The first <paramref name="most"/> and how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> items, int most = 3) => items.Count <= most
        ? string.Join(", ", items)
        : $"{string.Join(", ", items.Take(most))} and {items.Count - most} more";

    /// <summary>The first <paramref name="most"/>, parted by semicolons, and how many more there are.</summary>
    public static string Clauses(IReadOnlyCollection<string> clauses, int most, string more = "more") =>
        string.Join("; ", clauses.Take(most)) + (clauses.Count > most ? $"; and {clauses.Count - most} {more}" : "");

    /// <summary><c>1 node</c>, <c>0 nodes</c>.</summary>
    public static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>The word that goes with a number: <c>is</c> or <c>are</c>, <c>it</c> or <c>them</c>.</summary>
    public static string Agree(int count, string one, string several) => count == 1 ? one : several;

    /// <summary>
    /// With a full stop at its end, so that another sentence can follow: what checks and host tools say has none. Null stays nothing.
    /// </summary>
    public static string Sentence(string? text) => text is not { Length: > 0 } ? "" : text[^1] is '.' or '!' or '?' or '…' ? text : text + ".";

    /// <summary>Cut to what the API stores.</summary>
    public static string Cut(string text, int most = 2048) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1), "…");
}
