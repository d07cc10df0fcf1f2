namespace Ostler.Cli.Output;

/// <summary>How a line is meant; a terminal shows it as a colour, and everything else does without.</summary>
internal enum Tone
{
    Plain,
    Heading,
    Good,
    Attention,
    Bad,
    Faint,
}

/// <summary>A line of text.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tone">How it is meant.</param>
/// <param name="Hang">Where the last cell of a table's row begins, which is wrapped within its column. Default: the line is no row.</param>
internal readonly record struct Line(string Text, Tone Tone = Tone.Plain, int Hang = 0)
{
    public static implicit operator Line(string text) => new(text);

    public override string ToString() => Text;
}
