using Ostler.Api.Shared;

namespace Ostler.Rollout.Health;

/// <summary>What holds for checks of every kind.</summary>
public static class CheckKinds
{
    /// <summary>So many errors in a row are no passing fault any more: people are told.</summary>
    public const int PersistentErrorThreshold = 3;

    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>An interval or a timeout, whatever the spec of a policy that was edited under a node says.</summary>
    public static TimeSpan Bounded(TimeSpan span) => span < Shortest ? Shortest : span > Longest ? Longest : span;

    /// <summary>Whether the agent runs it, on the host.</summary>
    public static bool IsOfHost(HealthCheck check) =>
        check.Systemd is not null || check.Exec is not null || check.Http is { From: HttpCheckOrigin.Host };

    /// <summary>Whether the controller runs it.</summary>
    public static bool IsOfController(HealthCheck check) =>
        check.Http is { From: HttpCheckOrigin.Controller } || check.Pods is not null || check.Prometheus is not null || check.Condition is not null;

    /// <summary>Its kind as the spec calls it: also a label of metrics.</summary>
    public static string KindOf(HealthCheck check) => KindsOf(check).FirstOrDefault() ?? "none";

    /// <summary>The kinds that are set; one, if it is valid.</summary>
    public static IEnumerable<string> KindsOf(HealthCheck check)
    {
        (string Kind, object? Value)[] kinds =
        [
            ("systemd", check.Systemd),
            ("exec", check.Exec),
            ("http", check.Http),
            ("pods", check.Pods),
            ("workloads", check.Workloads),
            ("prometheus", check.Prometheus),
            ("condition", check.Condition),
        ];
        return kinds.Where(k => k.Value is not null).Select(k => k.Kind);
    }

    /// <summary>Whether enough tries in a row have passed.</summary>
    public static bool HasPassed(HealthCheck check, CheckObservation? observation) =>
        observation is { Outcome: CheckOutcome.Passed } && observation.InARow >= check.Successes;

    /// <summary>How a check that does not pass is told of, the three ways apart.</summary>
    public static string Describe(CheckObservation observation) => observation.Outcome switch
    {
        CheckOutcome.False => $"{observation.Name}: {observation.Message}",
        CheckOutcome.Error => $"{observation.Name} cannot be checked: {observation.Message}",
        CheckOutcome.Missing => $"{observation.Name} finds nothing to judge: {observation.Message}",
        _ => $"{observation.Name} passes",
    };
}
