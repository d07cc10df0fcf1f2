using System.Globalization;
using Ostler.Api.Meta;

namespace Ostler.Agent.Host;

/// <summary>
/// Runs what takes long as a transient unit of the host's systemd: it goes on while the agent is replaced or killed, is found again by the
/// next agent, is kept by systemd from taking the disks from those that serve, and on SELinux hosts runs as a service of the host instead
/// of as a container.
/// </summary>
/// <remarks>
/// There is one unit, so systemd itself sees to it that one staging runs at a time; what it is about stands in its description. Its output
/// goes to the journal: a pipe from a pod may not be written to by a service of the host.
/// </remarks>
internal sealed class StagingUnit(ICommandRunner runner, HostFiles files, TimeProvider time)
{
    public const string Name = "ostler-stage.service";

    /// <summary>systemd keeps the file as long as it knows the unit: while it runs, and when it has failed.</summary>
    public const string Fragment = "/run/systemd/transient/" + Name;

    /// <summary>How often a running unit is looked at.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    /// <summary>systemd gives a unit 90 s to stop before it kills it.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Weights yield only when somebody else wants the same disk or processor: on an idle node a staging is as fast as ever. Not the idle
    /// class, by which a busy node would never stage.
    /// </summary>
    private static readonly string[] Limits =
    [
        "--property=Nice=10", "--property=CPUWeight=20", "--property=IOWeight=20", "--property=IOSchedulingClass=best-effort", "--property=IOSchedulingPriority=7",
    ];

    /// <summary>systemd knows the unit: it may be running.</summary>
    public bool IsLoaded => files.Exists(Fragment);

    /// <summary>Whether a staging runs.</summary>
    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken) => IsLoaded && (await ShowAsync(cancellationToken)).IsRunning;

    /// <summary>
    /// Runs a command to its end, or waits for the end of the same command that an earlier agent started. One that is about something else
    /// is stopped first. Cancelling leaves the unit running.
    /// </summary>
    /// <returns>How it ended. Of one that succeeded no output is kept; of one that failed both streams are, as one.</returns>
    public async Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var line = command.ToString();
        var state = await ShowAsync(cancellationToken);
        if (state.IsRunning && state.Description != line)
        {
            await StopAsync(cancellationToken);
            state = await ShowAsync(cancellationToken);
        }

        if (!state.IsRunning)
        {
            await ForgetAsync(state, cancellationToken);
            await StartAsync(command, line, cancellationToken);
            state = await ShowAsync(cancellationToken);
        }

        while (state.IsRunning)
        {
            await Task.Delay(Poll, time, cancellationToken);
            state = await ShowAsync(cancellationToken);
        }

        if (!state.HasFailed)
        {
            return new CommandResult(0, "", "");
        }

        var words = await WordsAsync(state.InvocationID, cancellationToken);
        await ForgetAsync(state, cancellationToken);
        return new CommandResult(state.ExitStatus is 0 ? -1 : state.ExitStatus, words, words) { TimedOut = state.Result == "timeout" };
    }

    /// <summary>Stops the unit if it runs, and forgets it if it failed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!IsLoaded)
        {
            return;
        }

        await runner.RunAsync(new HostCommand("systemctl", "stop", Name) { Timeout = StopTimeout }, cancellationToken);
        await ForgetAsync(await ShowAsync(cancellationToken), cancellationToken);
    }

    private async Task StartAsync(HostCommand command, string line, CancellationToken cancellationToken)
    {
        // The limit holds although the agent may be gone by then.
        var limit = string.Create(CultureInfo.InvariantCulture, $"--property=RuntimeMaxSec={(long)command.Timeout.TotalSeconds}");
        string[] arguments =
        [
            "--quiet", "--unit=" + Name, "--description=" + line, .. Limits, limit,
            .. ProcessCommandRunner.ToolEnvironment.Select(variable => $"--setenv={variable.Key}={variable.Value}"),
            "--", command.Program, .. command.Arguments,
        ];
        var result = await runner.RunAsync(new HostCommand("systemd-run", arguments), cancellationToken);
        if (!result.Succeeded)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"systemd-run cannot start {command.Program}: {HostToolException.Trim(result.Stderr)}");
        }
    }

    /// <summary>A failed unit keeps its name taken until it is reset.</summary>
    private async Task ForgetAsync(State state, CancellationToken cancellationToken)
    {
        if (state.HasFailed)
        {
            await runner.RunAsync(new HostCommand("systemctl", "reset-failed", Name), cancellationToken);
        }
    }

    private async Task<State> ShowAsync(CancellationToken cancellationToken)
    {
        var command = new HostCommand("systemctl", "show", "--property=ActiveState,Result,ExecMainStatus,Description,InvocationID", Name);
        var result = await runner.RunAsync(command, cancellationToken);
        return result.Succeeded
            ? State.Parse(result.Stdout)
            : throw new HostToolException(Reasons.HostToolFailed, $"systemd does not report {Name}: {HostToolException.Trim(result.Stderr)}");
    }

    private async Task<string> WordsAsync(string invocation, CancellationToken cancellationToken)
    {
        // What a program said last may still be on its way when its end is known.
        await runner.RunAsync(new HostCommand("journalctl", "--sync"), cancellationToken);
        var result = await runner.RunAsync(
            new HostCommand("journalctl", "--output=cat", "--no-pager", "--quiet", "--lines=50", "_SYSTEMD_INVOCATION_ID=" + invocation), cancellationToken);
        return result.Succeeded ? result.Stdout : "";
    }

    /// <summary>What <c>systemctl show</c> tells: a line <c>Name=value</c> for each property, in any order.</summary>
    private sealed record State(string ActiveState, string Result, int ExitStatus, string Description, string InvocationID)
    {
        public bool IsRunning => ActiveState is "active" or "activating" or "deactivating" or "reloading";

        public bool HasFailed => ActiveState == "failed";

        public static State Parse(string text)
        {
            var properties = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var line in text.Split('\n'))
            {
                if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
                {
                    properties[line[..at]] = line[(at + 1)..];
                }
            }

            return new State(
                Get("ActiveState"), Get("Result"), int.TryParse(Get("ExecMainStatus"), CultureInfo.InvariantCulture, out var status) ? status : 0, Get("Description"), Get("InvocationID"));

            string Get(string name) => properties.GetValueOrDefault(name, "");
        }
    }
}
