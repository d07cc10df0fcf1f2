using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;

namespace Ostler.Agent.Watchdog;

/// <summary>The command line <c>ostler-agent watchdog …</c>. Runs on the host itself, without a cluster.</summary>
internal static class WatchdogCommand
{
    public const string Help = """
        ostler-agent watchdog: rolls this host back to the previous OS image if the agent does not declare the new one healthy in time.
        The agent installs, arms, disarms and removes it. It exists only while an image is staged or on trial.

        Usage: ostler-agent watchdog check [--uptime=SECONDS]   one check; run by ostler-watchdog.timer. --uptime: assume this uptime
               ostler-agent watchdog uninstall                  disarm it and remove its units, program and record from this host

        Exit codes: 0 done, or nothing to do; 1 the host should roll back and did not, or could not be cleaned up; 2 invalid arguments.
        """;

    public static async Task<int> RunAsync(string[] words, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var log = new AgentLog(Console.Out, time);
        var runner = new ProcessCommandRunner(HostEntry.Direct, time);
        var files = new HostFiles(HostEntry.Direct.Root);
        var store = new WatchdogStore(files);
        switch (words)
        {
            case ["check"]:
                return await new WatchdogCheck(runner, files, store, log, time).RunAsync(null, cancellationToken);
            case ["check", var option] when Seconds(option) is { } uptime:
                return await new WatchdogCheck(runner, files, store, log, time).RunAsync(uptime, cancellationToken);
            case ["uninstall"]:
                return await UninstallAsync(store, new WatchdogInstaller(runner, files, OwnProgram.Read), log, cancellationToken);
            case ["--help"] or ["-h"]:
                Console.WriteLine(Help);
                return 0;
            default:
                Console.Error.WriteLine("Use check or uninstall; see ostler-agent watchdog --help.");
                return 2;
        }
    }

    /// <summary>The record goes first: whatever ends this in the middle, what is left does nothing.</summary>
    private static async Task<int> UninstallAsync(WatchdogStore store, WatchdogInstaller installer, AgentLog log, CancellationToken cancellationToken)
    {
        try
        {
            store.Delete();
            await installer.RemoveAsync(cancellationToken);
            store.DeleteLock();
            log.Info("WatchdogRemoved", "Units, program and record are removed.");
            return 0;
        }
        catch (Exception failure) when (failure is HostToolException or IOException or UnauthorizedAccessException)
        {
            log.Error("WatchdogStays", failure.Message);
            return 1;
        }
    }

    private static TimeSpan? Seconds(string option) =>
        option.StartsWith("--uptime=", StringComparison.Ordinal)
        && double.TryParse(option["--uptime=".Length..], CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
