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

    public void Print(IEnumerable<Line> lines)
    {
        if (environment.Terminal)
        {
            foreach (var line in lines)
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
