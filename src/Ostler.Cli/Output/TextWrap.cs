namespace Ostler.Cli.Output;

/// <summary>Fits text to the width of a screen.</summary>
internal static class TextWrap
{
    // Where less than this is left beside the columns, the last one goes below them.
    private const int LeastBeside = 30;

    private const int Below = 4;

    /// <summary>Wraps at spaces. What follows the first line begins at column <paramref name="hang"/>.</summary>
    /// <param name="text">One line.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="hang">Where the text that may be wrapped begins; what is before it is kept together. 0: all may be wrapped.</param>
    public static IEnumerable<string> Lines(string text, int width, int hang)
    {
        if (text.Length <= width)
        {
            yield return text;
            yield break;
        }

        var indent = hang;
        if (hang > 0 && width - hang < LeastBeside && hang < text.Length)
        {
            var indented = text.Length - text.TrimStart(' ').Length;
            foreach (var line in Lines(text[..hang].TrimEnd(), width, 0))
            {
                yield return line;
            }

            indent = indented + Below;
            text = new string(' ', indent) + text[hang..];
        }

        while (text.Length > width && width > indent + 1)
        {
            var space = text.LastIndexOf(' ', width, width - indent);
            var end = space > indent ? space : width;
            yield return text[..end].TrimEnd();
            text = new string(' ', indent) + text[end..].TrimStart();
        }

        if (text.Trim().Length > 0)
        {
            yield return text;
        }
    }

    /// <summary>Cuts what does not fit.</summary>
    public static string Cut(string text, int width) => text.Length <= width ? text : width <= 1 ? text[..width] : text[..(width - 1)]
        + "…";
}
