using System.Text.Json;
using Ostler.Agent.Host;

namespace Ostler.Agent.Inspection;

/// <summary>The command line <c>ostler-agent host …</c>: for the person at the console, when the cluster is away.</summary>
internal static class HostConsoleCommand
{
    public const string Help = """
        ostler-agent host: this host as the agent sees it, without a cluster.

        Usage: ostler-agent host status [-o json]       which trees are laid down, which boots next, what the agent and the watchdog are about; changes nothing
               ostler-agent host rollback [--dry-run]   make the next boot run the tree that is kept to go back to; does not reboot
               ostler-agent host install | uninstall    give the host this command, as /usr/local/bin/ostler-agent; take off it all that Ostler put there

        Run it as root on the host; in the agent's pod, OSTLER_HOST_ENTRY=nsenter leads to the host. New trees come by policies alone:
        to stage or boot one by hand use the host's own tool.

        Exit codes: 0 done; 1 the host cannot be read or cannot do it; 2 the command line is not right.
        """;

    public static Task<int> RunAsync(string[] words, CancellationToken ct)
    {
        if (Entry() is not { } host)
        {
            Console.Error.WriteLine("OSTLER_HOST_ENTRY must be nsenter or direct.");
            return Task.FromResult(2);
        }

        var time = TimeProvider.System;
        return RunAsync(words, new HostInspection(new ProcessCommandRunner(host, time), new HostFiles(host.Root), time), Console.Out, Console.Error, ct);
    }

    /// <summary>How to reach the host; null when OSTLER_HOST_ENTRY is neither word. Typed on the host more often than in a pod, unlike all else that the agent does.</summary>
    internal static HostEntry? Entry() => HostEntry.Parse(Environment.GetEnvironmentVariable("OSTLER_HOST_ENTRY") is { Length: > 0 } entry ? entry : "direct");

    internal static async Task<int> RunAsync(string[] words, HostInspection inspection, TextWriter output, TextWriter error, CancellationToken ct)
    {
        try
        {
            switch (words)
            {
                case ["status"]:
                    foreach (var line in HostReportText.Lines(await inspection.ReadAsync(ct)))
                    {
                        await output.WriteLineAsync(line);
                    }

                    return 0;
                case ["status", "-o", "json"]:
                    await output.WriteLineAsync(JsonSerializer.Serialize(await inspection.ReadAsync(ct), HostReportJson.Default.HostReport));
                    return 0;
                case ["rollback"] or ["rollback", "--dry-run"]:
                    await output.WriteLineAsync(await inspection.RollBackAsync(dryRun: words.Length == 2, ct));
                    return 0;
                case ["--help"] or ["-h"]:
                    await output.WriteLineAsync(Help);
                    return 0;
                default:
                    await error.WriteLineAsync("Say status or rollback; see ostler-agent host --help.");
                    return 2;
            }
        }
        catch (Exception failure) when (failure is HostToolException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(failure.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }
}
