using System.Text;

namespace Ostler.Cli.Output;

/// <summary>Columns as kubectl prints them: capitals above, three spaces between, nothing after the last.</summary>
internal sealed class TextTable(params string[] headers)
{
    private const int Gap = 3;
    private readonly List<(string[] Cells, Tone Tone)> _rows = [];

    public int Count => _rows.Count;

    /// <summary>Adds a row; what is empty shows as -, and line ends become spaces.</summary>
    public TextTable Add(Tone tone, params string?[] cells)
    {
        if (cells.Length != headers.Length)
        {
            throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns", nameof(cells));
        }

        _rows.Add(([.. cells.Select(c => string.IsNullOrWhiteSpace(c) ? "-" : c.ReplaceLineEndings(" ").Trim())], tone));
        return this;
    }

    /// <summary>The lines, each with <paramref name="indent"/> spaces before it.</summary>
    public IEnumerable<Line> Lines(int indent = 0)
    {
        var widths = headers.Select((h, i) => _rows.Select(r => r.Cells[i].Length).Append(h.Length).Max()).ToArray();
        var hang = indent + widths.SkipLast(1).Sum(w => w + Gap);
        yield return new(Row(headers, widths, indent), Tone.Heading, hang);
        foreach (var (cells, tone) in _rows)
        {
            yield return new(Row(cells, widths, indent), tone, hang);
        }
    }

    private static string Row(string[] cells, int[] widths, int indent)
    {
        var text = new StringBuilder().Append(' ', indent);
        for (var i = 0; i < cells.Length; i++)
        {
            text.Append(i == cells.Length - 1 ? cells[i] : cells[i].PadRight(widths[i] + Gap));
        }

        return text.ToString().TrimEnd();
    }
}
