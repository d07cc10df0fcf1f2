using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Checks;

/// <summary>Asks the host's systemd for the state of units.</summary>
internal static class SystemdCheckRun
{
    private const int Named = 5;

    /// <summary>What is wrong, or null.</summary>
    public static async Task<string?> FailureAsync(ICommandRunner runner, SystemdCheck check, CancellationToken ct)
    {
        if (check.Active is { Count: > 0 } units)
        {
            if (units.FirstOrDefault(u => !HostArguments.IsUnit(u)) is { } invalid)
            {
                return $"{HostToolException.Trim(invalid)} is not the name of a unit";
            }

            // Its exit code says that one of them is active; the lines, one for each unit, are what counts.
            var result = await runner.RunAsync(new HostCommand("systemctl", ["is-active", "--", .. units]), ct);
            var states = result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (result.TimedOut || states.Length != units.Count)
            {
                return $"systemctl is-active does not answer: {HostToolException.Trim(result.Stderr)}";
            }

            var others = units.Zip(states).Where(u => u.Second != "active").Select(u => $"{u.First} is {u.Second}").ToList();
            if (others.Count > 0)
            {
                return Join(others);
            }
        }

        return check.NoneFailed ? await FailedUnitsAsync(runner, ct) : null;
    }

    private static async Task<string?> FailedUnitsAsync(ICommandRunner runner, CancellationToken ct)
    {
        var result = await runner.RunAsync(new HostCommand("systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--full"), ct);
        if (!result.Succeeded)
        {
            return $"systemctl list-units does not answer: {HostToolException.Trim(result.Stderr)}";
        }

        var failed = result.Stdout
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => $"{line.Split(' ')[0]} has failed")
            .ToList();
        return failed.Count > 0 ? Join(failed) : null;
    }

    private static string Join(List<string> parts) =>
        string.Join(", ", parts.Take(Named)) + (parts.Count > Named ? $" and {parts.Count - Named} more" : "");
}
