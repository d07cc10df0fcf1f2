using Ostler.Agent.Host;
using Ostler.Api.Shared;
using Ostler.Kubernetes.Connections;
using Ostler.Rollout.Health;
using Ostler.Rollout.Hosts.Checks;

namespace Ostler.Agent.Checks;

/// <summary>
/// Runs the checks that the host itself must pass on its new tree: <c>systemd</c>, <c>exec</c>, and <c>http</c> from the host; each at its
/// interval, one after the other. All other kinds are the controller's.
/// </summary>
/// <remarks>How often each passed in a row is the one thing that the agent remembers between passes. Lost, it is counted again.</remarks>
internal sealed class HostChecks(ICommandRunner runner, TimeProvider time, OutboundRules? outbound = null)
{
    private readonly Dictionary<string, CheckObservation> _seen = new(StringComparer.Ordinal);
    private string _of = "";

    /// <summary>Runs what is due.</summary>
    /// <param name="of">Attempt and boot: what was found in another counts for nothing.</param>
    /// <param name="checks">The checks of the NodeOS.</param>
    /// <param name="hadPassed">Whether the status says that all had passed in this boot.</param>
    /// <param name="cancellationToken">Ends a check under way.</param>
    public async Task<CheckResult> RunAsync(string of, IReadOnlyList<HealthCheck>? checks, bool hadPassed, CancellationToken cancellationToken)
    {
        if (_of != of)
        {
            _seen.Clear();
            _of = of;
        }

        HealthCheck[] mine = [.. (checks ?? []).Where(CheckKinds.IsOfHost)];
        foreach (var check in mine)
        {
            var last = _seen.GetValueOrDefault(check.Name);
            if (HostCheckRules.IsDue(check, last, time.GetUtcNow()))
            {
                var finding = await FindAsync(check, cancellationToken);
                _seen[check.Name] = CheckObservation.After(last, check.Name, finding, time.GetUtcNow());
            }
        }

        return HostCheckRules.Judge(mine, _seen, hadPassed) with { Next = HostCheckRules.Next(mine, _seen, time.GetUtcNow()) };
    }

    private async Task<CheckFinding> FindAsync(HealthCheck check, CancellationToken cancellationToken)
    {
        try
        {
            return check switch
            {
                { Systemd: { } systemd } => await SystemdCheckRun.FindAsync(runner, systemd, check.Timeout, time, cancellationToken),
                { Exec: { } exec } => await ExecCheckRun.FindAsync(runner, exec, check.Timeout, cancellationToken),
                { Http: { } http } => await HttpCheckRun.FindAsync(http, check.Timeout, time, outbound ?? OutboundRules.Default, cancellationToken),
                _ => throw new InvalidOperationException($"The check {check.Name} is of no kind that this agent runs."),
            };
        }
        catch (HostToolException failure)
        {
            return CheckFinding.Error(failure.Message);
        }
    }
}
