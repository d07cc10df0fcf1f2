using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Cli.Output;

namespace Ostler.Cli.History;

/// <summary>Entries for people, the oldest first, and for programs.</summary>
internal static class HistoryText
{
    public static IEnumerable<Line> Lines(IEnumerable<HistoryEntry> entries, string of, bool wide)
    {
        var ordered = Ordered(entries);
        if (ordered.Length == 0)
        {
            return [new($"Nothing is recorded for {of} yet.")];
        }

        string[] columns = ["TIME", "OF", "RESULT", "REASON", "FROM", "TO", "TOOK", "MESSAGE"];
        string[] steps = ["STAGING", "DRAIN", "REBOOT", "VERIFY", "SOAK"];
        var table = new TextTable(wide ? [.. columns[..^1], .. steps, columns[^1]] : columns);
        foreach (var e in ordered)
        {
            string?[] cells = [Timestamp.Format(e.At), e.Subject, e.Result, e.Reason, Tree(e.From, wide), Tree(e.To, wide), Span(e.Took), e.Message];
            string?[] took = [Span(e.Steps?.Staging), Span(e.Steps?.Drain), Span(e.Steps?.Reboot), Span(e.Steps?.Verify), Span(e.Steps?.Soak)];
            table.Add(e.Tone, wide ? [.. cells[..^1], .. took, cells[^1]] : cells);
        }

        return [.. table.Lines(), new("Ostler keeps the last upgrade and the last failure of each node, the rollout of the current target, and the last 10 digests of an image. For older data, see your metrics, traces and logs.", Tone.Faint)];
    }

    public static JsonObject Document(IEnumerable<HistoryEntry> entries) => new()
    {
        ["entries"] = new JsonArray([.. Ordered(entries).Select(e => (JsonNode)Present(
            ("at", Timestamp.Format(e.At)), ("subject", e.Subject), ("result", e.Result), ("reason", e.Reason), ("from", Tree(e.From)), ("to", Tree(e.To)), ("took", Exact(e.Took)), ("message", e.Message),
            ("steps", e.Steps is not { } steps ? null : Present(
                ("staging", Exact(steps.Staging)), ("drain", Exact(steps.Drain)), ("reboot", Exact(steps.Reboot)), ("verify", Exact(steps.Verify)), ("soak", Exact(steps.Soak))))))]),
    };

    private static HistoryEntry[] Ordered(IEnumerable<HistoryEntry> entries) => [.. entries.OrderBy(e => e.At).ThenBy(e => e.Subject, StringComparer.Ordinal).ThenBy(e => e.Result, StringComparer.Ordinal)];

    private static string? Tree(HistoryTree? tree, bool wide) => tree is null ? null : wide ? tree.ToString() : tree.Version is { Length: > 0 } version ? version : Digest.Shorten(tree.Digest);

    private static JsonObject? Tree(HistoryTree? tree) => tree is null ? null : Present(("digest", tree.Digest), ("version", tree.Version));

    private static string? Span(TimeSpan? span) => span is { } known ? Format.Span(known) : null;

    private static string? Exact(TimeSpan? span) => span is { } known ? new Duration(known).ToString() : null;

    private static JsonObject Present(params (string Name, JsonNode? Value)[] fields) => new(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value)));
}
