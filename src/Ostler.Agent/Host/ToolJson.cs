using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ostler.Agent.Host;

/// <summary>
/// Finds the JSON document in what a tool prints. Tools also print progress, warnings and log lines to standard output, before and after
/// it.
/// </summary>
internal static class ToolJson
{
    /// <summary>More lines that begin like a document and are none do not come from a tool in order.</summary>
    private const int MostCandidates = 20;

    /// <summary>The first document of the expected kind; null when there is none.</summary>
    /// <param name="output">All that the tool printed.</param>
    /// <param name="type">What the document is read as.</param>
    /// <param name="isExpected">Whether it is the document: log lines may be JSON as well.</param>
    public static T? Find<T>(string output, JsonTypeInfo<T> type, Func<T, bool> isExpected) where T : class
    {
        foreach (var start in Starts(output).Take(MostCandidates))
        {
            try
            {
                // Reads one value, and leaves what follows it.
                var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(output[start..]));
                if (JsonSerializer.Deserialize(ref reader, type) is { } document && isExpected(document))
                {
                    return document;
                }
            }
            catch (JsonException)
            {
                // A line of another kind: the document may still follow.
            }
        }

        return null;
    }

    /// <summary>The first brace, and every line that begins with one.</summary>
    private static IEnumerable<int> Starts(string output)
    {
        var first = output.IndexOf('{', StringComparison.Ordinal);
        for (var at = first; at >= 0; at = output.IndexOf('{', at + 1))
        {
            if (at == first || output[at - 1] is '\n' or '\r')
            {
                yield return at;
            }
        }
    }
}
