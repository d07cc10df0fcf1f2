using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Text;

namespace Ostler.Agent.Checks;

/// <summary>Asks the host's systemd for the state of units.</summary>
internal static class SystemdCheckRun
{
    private const int Named = 5;

    /// <param name="runner">Runs systemctl on the host.</param>
    /// <param name="check">What is asked.</param>
    /// <param name="timeout">Of the whole check, however many units and commands it takes.</param>
    /// <param name="time">The agent's clock.</param>
    /// <param name="cancellationToken">Ends it before.</param>
    public static async Task<CheckFinding> FindAsync(ICommandRunner runner, SystemdCheck check, Duration timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var limit = new Limit(timeout, time, time.GetTimestamp());
        var finding = check.Active is { Count: > 0 } units ? await ActiveAsync(runner, units, limit, cancellationToken) : CheckFinding.Pass();
        return finding.Outcome == CheckOutcome.Passed && check.NoneFailed ? await NoneFailedAsync(runner, limit, cancellationToken) : finding;
    }

    private static async Task<CheckFinding> ActiveAsync(ICommandRunner runner, IReadOnlyList<string> units, Limit limit, CancellationToken cancellationToken)
    {
        if (units.FirstOrDefault(u => !HostArguments.IsUnit(u)) is { } invalid)
        {
            return CheckFinding.Error($"{HostToolException.Trim(invalid)} is not the name of a unit");
        }

        // Its exit code says that one of them is active; the lines, one for each unit, are what counts.
        var result = await runner.RunAsync(new HostCommand("systemctl", ["is-active", "--", .. units]) { Timeout = limit.Left }, cancellationToken);
        var states = result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (result.TimedOut || states.Length != units.Count)
        {
            return CheckFinding.Error(result.TimedOut
                ? $"systemctl is-active takes longer than {limit.Timeout}"
                : $"systemctl is-active does not answer: {HostToolException.Trim(result.Stderr)}");
        }

        var others = units.Zip(states).Where(u => u.Second != "active").ToList();
        if (others.Count == 0)
        {
            return CheckFinding.Pass();
        }

        var message = MessageText.List([.. others.Select(u => $"{u.First} is {u.Second}")], Named);
        var absent = await AbsentAsync(runner, [.. others.Where(u => u.Second is "inactive" or "unknown").Select(u => u.First)], limit, cancellationToken);
        return absent.Count == 0 ? CheckFinding.No(message)
            : absent.Count == others.Count ? CheckFinding.Missing(NoUnits(absent))
            : CheckFinding.No($"{message}; {NoUnits(absent)}");
    }

    private static string NoUnits(List<string> absent) => MessageText.List(absent.ConvertAll(u => $"the image has no unit {u}"), Named);

    /// <summary>
    /// Those that do not exist: is-active calls them inactive, as it does one that was stopped. A systemctl that does not know is no reason
    /// to fail.
    /// </summary>
    private static async Task<List<string>> AbsentAsync(ICommandRunner runner, IReadOnlyList<string> units, Limit limit, CancellationToken cancellationToken)
    {
        if (units.Count == 0)
        {
            return [];
        }

        // A block of lines for each unit, in order.
        var result = await runner.RunAsync(new HostCommand("systemctl", ["show", "--property=LoadState", "--", .. units]) { Timeout = limit.Left }, cancellationToken);
        var states = result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return result.Succeeded && states.Length == units.Count ? [.. units.Zip(states).Where(u => u.Second == "LoadState=not-found").Select(u => u.First)] : [];
    }

    private static async Task<CheckFinding> NoneFailedAsync(ICommandRunner runner, Limit limit, CancellationToken cancellationToken)
    {
        var command = new HostCommand("systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--full") { Timeout = limit.Left };
        var result = await runner.RunAsync(command, cancellationToken);
        if (!result.Succeeded)
        {
            return CheckFinding.Error(result.TimedOut
                ? $"systemctl list-units takes longer than {limit.Timeout}"
                : $"systemctl list-units does not answer: {HostToolException.Trim(result.Stderr)}");
        }

        var failed = result.Stdout
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => $"{line.Split(' ')[0]} has failed")
            .ToList();
        return failed.Count > 0 ? CheckFinding.No(MessageText.List(failed, Named)) : CheckFinding.Pass();
    }

    /// <summary>
    /// What is left of the time of the check. A command that begins when it is over has a moment, and says by that that there was too
    /// little.
    /// </summary>
    private readonly record struct Limit(Duration Timeout, TimeProvider Time, long Began)
    {
        private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

        public TimeSpan Left => Timeout.Value - Time.GetElapsedTime(Began) is var left && left > Moment ? left : Moment;
    }
}
