using Ostler.Agent.Host;
using Ostler.Api.Shared;
using Ostler.Kubernetes.Connections;
using Ostler.Rollout.Health;
using Ostler.Rollout.Hosts.Checks;

namespace Ostler.Agent.Checks;

/// <summary>
/// Runs the checks that the host itself must pass on its new tree: <c>systemd</c>, <c>exec</c>, and <c>http</c> from the host; each at its
/// interval, one after the other. All other kinds are the controller's, and one that this agent does not know is an error: to leave it out
/// would be to let it pass.
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

        var mine = HostCheckRules.OfHost(checks);
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
        if (CheckKinds.RunnerOf(check) == CheckRunner.None)
        {
            return CheckFinding.Error(CheckKinds.WhyUnknown(check, "agent"));
        }

        try
        {
            return CheckKinds.KindOf(check) switch
            {
                CheckKind.Systemd => await SystemdCheckRun.FindAsync(runner, check.Systemd!, check.Timeout, time, cancellationToken),
                CheckKind.Exec => await ExecCheckRun.FindAsync(runner, check.Exec!, check.Timeout, cancellationToken),
                CheckKind.Http => await HttpCheckRun.FindAsync(check.Http!, check.Timeout, time, outbound ?? OutboundRules.Default, cancellationToken),
                CheckKind.Pods or CheckKind.Workloads or CheckKind.Prometheus or CheckKind.Condition or CheckKind.Alerts
                    or CheckKind.NodeConditions =>
                    CheckFinding.Error($"the agent does not run {CheckKinds.NameOf(check)} checks"),
                CheckKind.Unknown => CheckFinding.Error(CheckKinds.WhyUnknown(check, "agent")),
            };
        }
        catch (HostToolException failure)
        {
            return CheckFinding.Error(failure.Message);
        }
    }
}
