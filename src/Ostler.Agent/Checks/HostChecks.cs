using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Checks;

/// <summary>Runs the checks that the host itself must pass on its new tree: <c>systemd</c> and <c>exec</c>. All other kinds are the controller's.</summary>
internal sealed class HostChecks(ICommandRunner runner)
{
    /// <summary>How many failing checks are named; a broken host fails them all for one reason.</summary>
    private const int Named = 5;

    /// <summary>One round, in order. A check that cannot be run fails, with the reason why.</summary>
    public async Task<CheckResult> RunAsync(IReadOnlyList<HealthCheck>? checks, CancellationToken ct)
    {
        var mine = (checks ?? []).Where(c => c.Systemd is not null || c.Exec is not null).ToList();
        List<string> failures = [];
        foreach (var check in mine)
        {
            if (await RunAsync(check, ct) is { } failure)
            {
                failures.Add($"{check.Name}: {failure}");
            }
        }

        return failures.Count > 0
            ? new CheckResult(false, string.Join("; ", failures.Take(Named)) + (failures.Count > Named ? $"; and {failures.Count - Named} more" : ""))
            : new CheckResult(true, mine.Count == 0 ? "There are no host checks." : $"Pass: {string.Join(", ", mine.Select(c => c.Name))}.");
    }

    private async Task<string?> RunAsync(HealthCheck check, CancellationToken ct)
    {
        try
        {
            return check.Systemd is { } systemd ? await SystemdCheckRun.FailureAsync(runner, systemd, ct) : await ExecCheckRun.FailureAsync(runner, check.Exec!, ct);
        }
        catch (HostToolException failure)
        {
            return failure.Message;
        }
    }
}
