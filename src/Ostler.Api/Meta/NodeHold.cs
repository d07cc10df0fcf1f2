namespace Ostler.Api.Meta;

/// <summary>A user's mark on a Node: it stays in service as it is, and is not upgraded.</summary>
/// <param name="Reason">The reason in the mark, on one line; empty: none was given.</param>
/// <param name="By">The field manager that set the mark, such as <c>kubectl-annotate</c>; null: not known.</param>
/// <param name="IsLabel">Whether the mark is a label and not an annotation.</param>
public sealed record NodeHold(string Reason, string? By, bool IsLabel = false)
{
    /// <summary>Of a Node's metadata; null: it is not held. Whatever the value, the mark holds.</summary>
    public static NodeHold? Of(ObjectMeta node) =>
        node.Annotations?.GetValueOrDefault(NodeMarks.Hold) is { } annotation ? new(OnOneLine(annotation), node.HoldManager)
        : node.Labels?.GetValueOrDefault(NodeMarks.Hold) is { } label ? new(OnOneLine(label), node.HoldManager, IsLabel: true)
        : null;

    // Annotations may be long, and of several lines.
    private static string OnOneLine(string text)
    {
        var words = string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        return words.Length <= MostReason ? words : string.Concat(words.AsSpan(0, MostReason - 1), "…");
    }

    private const int MostReason = 256;
}
