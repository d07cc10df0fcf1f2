using System.Text.Json;
using Ostler.Agent.Host;

namespace Ostler.Agent.HostShell;

/// <summary>The command line <c>ostler-agent host …</c>: for the host's console, if the cluster is unreachable.</summary>
internal static class HostConsoleCommand
{
    public const string Help = """
        ostler-agent host: inspect and change this host without the cluster, as the agent would.

        Usage: ostler-agent host status [-o json]     show the deployments, which one boots next, and the state of agent and watchdog;
                                                      changes nothing
               ostler-agent host stage TREE           download and deploy an image, locked; workloads keep running. TREE is by digest only:
                                                      quay.io/acme/edge-os@sha256:…, or remote:branch@commit
               ostler-agent host apply                reboot in full into the staged image; does not drain pods. Asks for confirmation
               ostler-agent host confirm              declare the running image healthy, so that the watchdog does not roll back
               ostler-agent host rollback             make the next boot run the deployment that is kept for rollback; does not reboot
               ostler-agent host install | uninstall  install this command as /usr/local/bin/ostler-agent, or remove everything that
                                                      Ostler installed on the host

        Options: --dry-run      stage, apply, rollback: print what would be done
                 --yes          apply: do not ask
                 --force        stage, apply: even if the controller has an upgrade in progress on this host
                 --no-watchdog  apply: do not arm the watchdog

        Run it as root on the host; in the agent's pod, OSTLER_HOST_ENTRY=nsenter enters the host. When the cluster is reachable again, a policy
        that selects this node moves it to the policy's target: pause it first, or point its image to the digest that you want.

        Exit codes: 0 done; 1 not possible, or another program is using the host; 2 invalid arguments, or not confirmed.
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

    /// <summary>
    /// How to reach the host; null when OSTLER_HOST_ENTRY is neither word. Typed on the host more often than in a pod, unlike all else that
    /// the agent does.
    /// </summary>
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
                    await error.WriteLineAsync("Use status, stage TREE, apply, confirm, rollback, install or uninstall; see ostler-agent host --help.");
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
            await error.WriteLineAsync("No terminal to ask for confirmation. Add --yes to reboot this host, or --dry-run to see what would happen.");
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
            await error.WriteLineAsync("Not confirmed. No changes were made.");
            return 2;
        }

        await output.WriteLineAsync(done);
        return 0;
    }

    private static bool Only(string[] options, params string[] known) => options.All(o => known.Contains(o)) && options.Distinct().Count() == options.Length;
}
