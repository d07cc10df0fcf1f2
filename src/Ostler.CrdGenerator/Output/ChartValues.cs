using System.Text;

namespace Ostler.CrdGenerator.Output;

/// <summary>The table of the chart's values, from values.yaml and the comments in it.</summary>
/// <remarks>
/// Reads lines, not YAML: a parser drops the comments, which are the documentation. The file is ours, and has only what is read here: maps
/// by indentation, values on one line, and lists of maps.
/// </remarks>
internal static class ChartValues
{
    public const string FileName = "VALUES.md";

    private const string Head = """
        # Values of the chart

        Generated from [`values.yaml`](values.yaml) by `make manifests`; do not edit. `values.schema.json` refuses everything
        that is not in this table.

        | value | default | meaning |
        |---|---|---|

        """;

    public static string Of(IEnumerable<string> lines)
    {
        var rows = new List<Row>();
        var path = new Stack<(int Indent, string Name)>();
        var comment = new List<string>();
        foreach (var line in lines)
        {
            var text = line.TrimStart();
            var indent = line.Length - text.Length;
            if (text.Length == 0)
            {
                comment.Clear();
            }
            else if (text.StartsWith("# - ", StringComparison.Ordinal))
            {
                // An example of the list above, and no word about what follows.
            }
            else if (text.StartsWith('#'))
            {
                comment.Add(text[1..].Trim());
            }
            else if (text.StartsWith("- ", StringComparison.Ordinal))
            {
                rows[^1].Items.Add([text[2..]]);
            }
            else if (rows is [.., { Items.Count: > 0 } list] && indent > path.Peek().Indent)
            {
                list.Items[^1].Add(text);
            }
            else
            {
                var (name, value) = text.Split(':', 2) is [var n, var v]
                    ? (n, v.Trim())
                    : throw new InvalidDataException($"Not a line of values.yaml: {line}");
                while (path.TryPeek(out var last) && last.Indent >= indent)
                {
                    path.Pop();
                }

                path.Push((indent, name));
                rows.Add(new(string.Join('.', path.Reverse().Select(p => p.Name)), value, string.Join(' ', comment.Where(c => c.Length > 0))));
                comment.Clear();
            }
        }

        var shown = rows.Where(row => row.Default.Length > 0 || row.Meaning.Length > 0);
        return shown.Aggregate(new StringBuilder(Head), static (table, row) => table.Append(row)).ToString();
    }

    private sealed record Row(string Path, string Value, string Meaning)
    {
        public List<List<string>> Items { get; } = [];

        public string Default => Items.Count == 0 ? Value : $"[{string.Join(", ", Items.Select(item => $"{{{string.Join(", ", item)}}}"))}]";

        public override string ToString() => $"| `{Path}` | {(Default.Length > 0 ? $"`{Escaped(Default)}`" : "")} | {Escaped(Meaning)} |\n";

        private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
    }
}
