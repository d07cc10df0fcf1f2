namespace Ostler.Cli.Hosting;

/// <summary>What a command has around it: where it writes, what time it is, and whether a person looks on.</summary>
internal sealed record CliEnvironment
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>What <c>-f -</c> reads.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Whether output goes to a terminal: then it has colours, and --watch redraws. Otherwise there are plain lines.</summary>
    public bool Terminal { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the agent's program may lie on a host.</summary>
    public IReadOnlyList<string> AgentFolders { get; init; } = [];

    public static CliEnvironment OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = Console.In,
        // Where INSTALL of the agent's image puts it, and where the agent itself does while a tree is on trial.
        AgentFolders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/local/bin", "/var/lib/ostler/bin"],
        Terminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
    };
}
