using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Ostler.Benchmarks.Harness;

/// <summary>Writes figures down: a table for people, a line of JSON each for programs.</summary>
internal sealed class Report(string folder, TimeProvider time)
{
    /// <summary>Replaces the former figures of a benchmark by these.</summary>
    public async Task SaveAsync(string benchmark, IReadOnlyList<Figure> figures, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllLinesAsync(Path.Combine(folder, benchmark + ".jsonl"), figures.Select(f => Line(benchmark, f)), cancellationToken);
    }

    public static void Show(IEnumerable<(string Benchmark, Figure Figure)> figures)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("Figure")
            .AddColumn(new TableColumn("Wanted").RightAligned())
            .AddColumn(new TableColumn("Measured").RightAligned())
            .AddColumn("")
            .AddColumn("How");
        foreach (var (benchmark, figure) in figures)
        {
            table.AddRow(
                Markup.Escape($"{benchmark}: {figure.Name}"),
                figure.AtMost is { } limit ? Markup.Escape($"<= {Text(limit)} {figure.Unit}") : "",
                Markup.Escape($"{Text(figure.Measured)} {figure.Unit}"),
                figure.Met switch { true => "met", false => "MISSED", null => "" },
                Markup.Escape(figure.How));
        }

        AnsiConsole.Write(table);
    }

    private string Line(string benchmark, Figure figure) => new JsonObject
    {
        ["benchmark"] = benchmark,
        ["figure"] = figure.Name,
        ["measured"] = figure.Measured,
        ["unit"] = figure.Unit,
        ["atMost"] = figure.AtMost,
        ["met"] = figure.Met,
        ["how"] = figure.How,
        ["processors"] = Environment.ProcessorCount,
        ["at"] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
    }.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static string Text(double value) => value.ToString(value >= 100 || value == Math.Truncate(value) ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
