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
internal readonly record struct Line(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Line(string text) => new(text);

    public override string ToString() => Text;
}
