using System.Text.Json;
using Ostler.Agent.Host;

namespace Ostler.Agent.HostShell;

/// <summary>The command line <c>ostler-agent host …</c>: for the person at the console, when the cluster is away.</summary>
internal static class HostConsoleCommand
{
    public const string Help = """
        ostler-agent host: this host as the agent sees it, and what the agent would do to it, without a cluster.

        Usage: ostler-agent host status [-o json]     which trees are laid down, which boots next, what the agent and the watchdog are about; changes nothing
               ostler-agent host stage TREE           fetch a tree and lay it down, locked; the host goes on as it is. TREE is by digest alone:
                                                      quay.io/acme/edge-os@sha256:…, or remote:branch@commit
               ostler-agent host apply                reboot into what is staged, in full; pods are not drained. Asks first
               ostler-agent host confirm              call the running tree healthy, so that the watchdog does not take the host back
               ostler-agent host rollback             make the next boot run the tree that is kept to go back to; does not reboot
               ostler-agent host install | uninstall give the host this command, as /usr/local/bin/ostler-agent; take off it all that Ostler put there

        Options: --dry-run      stage, apply, rollback: say what would be done
                 --yes          apply: do not ask
                 --force        stage, apply: although the operator has an upgrade under way on this host
                 --no-watchdog  apply: the host does not go back by itself

        Run it as root on the host; in the agent's pod, OSTLER_HOST_ENTRY=nsenter leads to the host. A policy that selects this node brings it to its own tree
        when the cluster is back: pause it first, or point its image at the tree that you want.

        Exit codes: 0 done; 1 the host cannot be read or cannot do it, or somebody else is at it; 2 the command line is not right, or nobody said yes.
        """;

    public static Task<int> RunAsync(string[] words, CancellationToken cancellationToken)
    {
        if (Entry() is not { } host)
        {
            Console.Error.WriteLine("OSTLER_HOST_ENTRY must be nsenter or direct.");
            return Task.FromResult(2);
        }

        var time = TimeProvider.System;
        var (runner, files) = (new ProcessCommandRunner(host, time), new HostFiles(host.Root));
        var operation = new HostOperation(runner, files, time, OwnProgram.Read, Console.Out);
        return RunAsync(words, new HostInspection(runner, files, time), operation, Console.IsInputRedirected ? null : Console.In, Console.Out, Console.Error, cancellationToken);
    }

    /// <summary>How to reach the host; null when OSTLER_HOST_ENTRY is neither word. Typed on the host more often than in a pod, unlike all else that the agent does.</summary>
    internal static HostEntry? Entry() => HostEntry.Parse(Environment.GetEnvironmentVariable("OSTLER_HOST_ENTRY") is { Length: > 0 } entry ? entry : "direct");

    /// <param name="words">The command line behind <c>host</c>.</param>
    /// <param name="inspection">Looks.</param>
    /// <param name="operation">Changes.</param>
    /// <param name="terminal">Where a person answers; null: there is none.</param>
    /// <param name="output">For what was asked for.</param>
    /// <param name="error">For what is wrong.</param>
    /// <param name="cancellationToken">Cancels.</param>
    internal static async Task<int> RunAsync(
        string[] words, HostInspection inspection, HostOperation operation, TextReader? terminal, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        try
        {
            switch (words)
            {
                case ["status"]:
                    foreach (var line in HostReportText.Lines(await inspection.ReadAsync(cancellationToken)))
                    {
                        await output.WriteLineAsync(line);
                    }

                    return 0;
                case ["status", "-o", "json"]:
                    await output.WriteLineAsync(JsonSerializer.Serialize(await inspection.ReadAsync(cancellationToken), HostReportJson.Default.HostReport));
                    return 0;
                case ["rollback"] or ["rollback", "--dry-run"]:
                    await output.WriteLineAsync(await inspection.RollBackAsync(dryRun: words.Length == 2, cancellationToken));
                    return 0;
                case ["stage", var tree, .. var options] when !tree.StartsWith('-') && Only(options, "--dry-run", "--force"):
                    if (ConsoleTarget.Parse(tree, out var problem) is not { } image)
                    {
                        await error.WriteLineAsync(problem);
                        return 2;
                    }

                    await output.WriteLineAsync(await operation.StageAsync(image, options.Contains("--dry-run"), options.Contains("--force"), cancellationToken));
                    return 0;
                case ["apply", .. var options] when Only(options, "--dry-run", "--force", "--yes", "--no-watchdog"):
                    return await ApplyAsync(options, operation, terminal, output, error, cancellationToken);
                case ["confirm"]:
                    await output.WriteLineAsync(await operation.ConfirmAsync(cancellationToken));
                    return 0;
                case ["--help"] or ["-h"]:
                    await output.WriteLineAsync(Help);
                    return 0;
                default:
                    await error.WriteLineAsync("Say status, stage TREE, apply, confirm, rollback, install or uninstall; see ostler-agent host --help.");
                    return 2;
            }
        }
        catch (Exception failure) when (failure is HostToolException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(failure.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }

    private static async Task<int> ApplyAsync(string[] options, HostOperation operation, TextReader? terminal, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var apply = new ApplyOptions
        {
            Yes = options.Contains("--yes"),
            Force = options.Contains("--force"),
            DryRun = options.Contains("--dry-run"),
            Watchdog = !options.Contains("--no-watchdog"),
        };
        if (terminal is null && !apply.Yes && !apply.DryRun)
        {
            await error.WriteLineAsync("There is no terminal to ask on: say --yes to reboot this host, or --dry-run to see what would happen.");
            return 2;
        }

        var done = await operation.ApplyAsync(
            apply,
            question =>
            {
                output.Write($"{question} [y/N] ");
                output.Flush();
                return terminal!.ReadLine()?.Trim() is "y" or "Y" or "yes";
            },
            cancellationToken);
        if (done is null)
        {
            await error.WriteLineAsync("Nobody said yes: nothing was changed.");
            return 2;
        }

        await output.WriteLineAsync(done);
        return 0;
    }

    private static bool Only(string[] options, params string[] known) => options.All(o => known.Contains(o)) && options.Distinct().Count() == options.Length;
}
