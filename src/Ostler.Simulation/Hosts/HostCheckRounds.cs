using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Hosts.Checks;

namespace Ostler.Simulation.Hosts;

/// <summary>The checks that the agent runs on its host, and what it remembers of them between passes.</summary>
internal sealed class HostCheckRounds
{
    /// <summary>What judges a boot on a host that the policy has no checks for, as greenboot does.</summary>
    private static readonly HealthCheck[] Own = [new() { Name = "edge", Systemd = new() { Active = ["edge.service"] } }];

    private readonly Dictionary<string, CheckObservation> _seen = new(StringComparer.Ordinal);
    private string _seenIn = "";

    /// <summary>The agent died.</summary>
    public void Forget() => _seen.Clear();

    /// <summary>Whether a round has anything to run.</summary>
    public bool AreDue(string of, NodeOSSpec spec, DateTimeOffset now) =>
        _seenIn != of || ChecksOf(spec).Any(c => HostCheckRules.IsDue(c, _seen.GetValueOrDefault(c.Name), now));

    /// <summary>Runs the checks that are due.</summary>
    /// <param name="of">Attempt and boot: what was found in another counts for nothing.</param>
    /// <param name="spec">The checks.</param>
    /// <param name="hadPassed">Whether the status says that all had passed in this boot.</param>
    /// <param name="isHealthy">Whether they pass now.</param>
    /// <param name="now">The time.</param>
    public CheckResult Run(string of, NodeOSSpec spec, bool hadPassed, bool isHealthy, DateTimeOffset now)
    {
        if (_seenIn != of)
        {
            _seen.Clear();
            _seenIn = of;
        }

        var checks = ChecksOf(spec);
        foreach (var check in checks.Where(c => HostCheckRules.IsDue(c, _seen.GetValueOrDefault(c.Name), now)))
        {
            _seen[check.Name] = CheckObservation.After(_seen.GetValueOrDefault(check.Name), check.Name, Find(check, isHealthy), now);
        }

        var result = HostCheckRules.Judge(checks, _seen, hadPassed);

        // The host knows when a further round would find something else, and so need not run in vain until the end of time.
        var settled = result.Status != ConditionStatus.Unknown && checks.All(c => _seen[c.Name].Outcome == Find(c, isHealthy).Outcome);
        return result with { Next = settled ? null : HostCheckRules.Next(checks, _seen, now) };
    }

    private static HealthCheck[] ChecksOf(NodeOSSpec spec) =>
        HostCheckRules.OfHost(spec.HostChecks) is { Length: > 0 } checks ? checks : Own;

    private static CheckFinding Find(HealthCheck check, bool isHealthy) =>
        CheckKinds.RunnerOf(check) == CheckRunner.None ? CheckFinding.Error(CheckKinds.WhyUnknown(check, "agent"))
        : isHealthy ? CheckFinding.Pass()
        : CheckFinding.No("edge.service is failed");
}
