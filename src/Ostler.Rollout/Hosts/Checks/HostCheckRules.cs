using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Hosts.Checks;

/// <summary>Which checks are due, and what those that were made say together. Pure.</summary>
public static class HostCheckRules
{
    /// <summary>How many failing checks are named; a broken host fails them all for one reason.</summary>
    private const int Named = 5;

    /// <summary>
    /// Those of the checks that the agent runs. One whose kind it does not know is among them, as an error: to leave it out would be to let
    /// it pass.
    /// </summary>
    public static HealthCheck[] OfHost(IReadOnlyList<HealthCheck>? checks) =>
        [.. (checks ?? []).Where(static c => CheckKinds.RunnerOf(c) is CheckRunner.Agent or CheckRunner.None)];

    /// <summary>A try that seems to lie in the future was made before the clock was set back.</summary>
    public static bool IsDue(HealthCheck check, CheckObservation? last, DateTimeOffset now) => last is null || last.At > now || now - last.At >= CheckKinds.Bounded(check.Interval);

    /// <summary>How long until the next is due.</summary>
    public static TimeSpan? Next(IReadOnlyList<HealthCheck> checks, IReadOnlyDictionary<string, CheckObservation> seen, DateTimeOffset now) => checks.Count == 0
        ? null
        : checks.Min(c => IsDue(c, seen.GetValueOrDefault(c.Name), now) ? TimeSpan.Zero : seen[c.Name].At + CheckKinds.Bounded(c.Interval) - now);

    /// <param name="checks">All of them.</param>
    /// <param name="seen">What they found, by name.</param>
    /// <param name="hadPassed">
    /// Whether all had passed before, as the status says. An agent that was started again has lost count; that takes nothing back.
    /// </param>
    public static CheckResult Judge(IReadOnlyList<HealthCheck> checks, IReadOnlyDictionary<string, CheckObservation> seen, bool hadPassed)
    {
        if (checks.Count == 0)
        {
            return new(ConditionStatus.True, Reasons.HostChecksPass, "There are no host checks.");
        }

        CheckObservation[] failing = [.. checks.Select(c => seen.GetValueOrDefault(c.Name)).OfType<CheckObservation>().Where(o => o.Outcome != CheckOutcome.Passed)];
        if (failing.Length > 0)
        {
            return new(ConditionStatus.False, ReasonOf(failing), MessageText.Clauses([.. failing.Select(CheckKinds.Describe)], Named));
        }

        var waiting = checks.Where(c => !CheckKinds.HasPassed(c, seen.GetValueOrDefault(c.Name))).ToArray();
        return waiting.Length == 0 || (hadPassed && waiting.All(c => seen.ContainsKey(c.Name)))
            ? new(ConditionStatus.True, Reasons.HostChecksPass, $"Pass: {string.Join(", ", checks.Select(c => c.Name))}.")
            : new(
                ConditionStatus.Unknown, Reasons.WaitingForHostChecks,
                $"{string.Join(", ", waiting.Take(Named).Select(c => $"{c.Name} passed {seen.GetValueOrDefault(c.Name)?.InARow ?? 0} of {c.Successes} times in a row"))}.");
    }

    // One that says no is certain; it goes before those that say nothing.
    private static string ReasonOf(CheckObservation[] failing) =>
        failing.Any(o => o.Outcome == CheckOutcome.False) ? Reasons.HostCheckFailed
        : failing.Any(o => o.Outcome == CheckOutcome.Error) ? Reasons.HostCheckError
        : Reasons.HostCheckMissing;
}
