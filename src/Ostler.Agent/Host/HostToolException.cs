namespace Ostler.Agent.Host;

/// <summary>Something on the host did not do what was asked. The reason is one of <see cref="Ostler.Api.Meta.Reasons"/>.</summary>
internal sealed class HostToolException(string reason, string message) : Exception(message)
{
    /// <summary>The most that of a tool's own words goes into a message: enough for its last line, too little for a log file.</summary>
    public const int MaxToolWords = 256;

    public string Reason => reason;

    /// <summary>
    /// The tool itself cannot be driven by this agent, whatever the host: too old, too new, or broken. Another tool may do.
    /// </summary>
    public bool IsUnusable { get; init; }

    /// <summary>
    /// The beginning of what a tool printed on one line, cut to <see cref="MaxToolWords"/>. For output that cannot be read: its beginning
    /// shows what kind of output it is.
    /// </summary>
    public static string Head(string words)
    {
        var line = string.Join(' ', words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length == 0 ? "(nothing)" : line.Length <= MaxToolWords ? line : line[..(MaxToolWords - 1)] + "…";
    }

    /// <summary>
    /// A tool's own words on one line, cut to <see cref="MaxToolWords"/>. The end is kept: that is where tools say what went wrong.
    /// </summary>
    public static string Trim(string words)
    {
        var line = string.Join(' ', words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= MaxToolWords ? line : "…" + line[^(MaxToolWords - 1)..];
    }
}
