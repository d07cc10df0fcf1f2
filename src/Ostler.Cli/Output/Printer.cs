using Ostler.Cli.Hosting;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ostler.Cli.Output;

/// <summary>Writes lines: with colours to a terminal, as they are to everything else.</summary>
internal sealed class Printer(CliEnvironment environment)
{
    private IAnsiConsole? _console;

    /// <summary>Spectre looks at NO_COLOR, TERM and the like; asked only where a person looks on.</summary>
    public IAnsiConsole Console => _console ??= AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(environment.Out) });

    /// <summary>How many columns there are; null: it is no terminal, and lines are as long as they are.</summary>
    public int? Width => environment.Terminal ? Console.Profile.Width : null;

    public void Print(IEnumerable<Line> lines)
    {
        if (Width is { } width)
        {
            foreach (var line in Wrapped(lines, width))
            {
                Console.Write(Of(line));
                Console.WriteLine();
            }

            return;
        }

        foreach (var line in lines)
        {
            environment.Out.WriteLine(line.Text);
        }

        environment.Out.Flush();
    }

    public static IRenderable Of(IReadOnlyList<Line> lines) => new Rows(lines.Select(Of));

    /// <summary>Lines that are wrapped to a width; a table's last cell stays in its column.</summary>
    public static IEnumerable<Line> Wrapped(IEnumerable<Line> lines, int width) =>
        lines.SelectMany(l => TextWrap.Lines(l.Text, width, l.Hang).Select(t => l with { Text = t }));

    /// <summary>Lines that fit a screen: wrapped when there is room for that, else cut at the right and below.</summary>
    public static IReadOnlyList<Line> Fit(IReadOnlyList<Line> lines, int width, int height)
    {
        Line[] wrapped = [.. Wrapped(lines, width)];
        return wrapped.Length <= height ? wrapped
            : lines.Count <= height ? [.. lines.Select(l => l with { Text = TextWrap.Cut(l.Text, width) })]
            :
            [
                .. lines.Take(height - 1).Select(l => l with { Text = TextWrap.Cut(l.Text, width) }),
                new($"… {lines.Count - height + 1} more lines: kubectl ostler status without --watch shows them", Tone.Faint),
            ];
    }

    // An empty text has no height, and paragraphs are told apart by empty lines.
    private static Text Of(Line line) => new(line.Text.Length == 0 ? " " : line.Text, line.Tone switch
    {
        Tone.Heading => new Style(decoration: Decoration.Bold),
        Tone.Good => new Style(Color.Green),
        Tone.Attention => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red),
        Tone.Faint => new Style(Color.Grey),
        _ => Style.Plain,
    });
}
