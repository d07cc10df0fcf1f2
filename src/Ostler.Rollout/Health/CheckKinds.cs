using Ostler.Api.Shared;

namespace Ostler.Rollout.Health;

/// <summary>The kinds of checks, and what holds for checks of every kind.</summary>
public static class CheckKinds
{
    /// <summary>So many errors in a row are no passing fault any more: people are told.</summary>
    public const int PersistentErrorThreshold = 3;

    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>An interval or a timeout, whatever the spec of a policy that was edited under a node says.</summary>
    public static TimeSpan Bounded(TimeSpan span) => span < Shortest ? Shortest : span > Longest ? Longest : span;

    /// <summary>
    /// The table: one row for each kind. Validation (<c>SpecValidation.CheckKind</c>), both runners and both judges go by it.
    /// </summary>
    internal static readonly IReadOnlyList<Row> Table =
    [
        new(CheckKind.Systemd, "systemd", static c => c.Systemd, static _ => CheckRunner.Agent),
        new(CheckKind.Exec, "exec", static c => c.Exec, static _ => CheckRunner.Agent),
        new(CheckKind.Http, "http", static c => c.Http, RunnerOfHttp),
        new(CheckKind.Pods, "pods", static c => c.Pods, static _ => CheckRunner.Controller),
        new(CheckKind.Workloads, "workloads", static c => c.Workloads, static _ => CheckRunner.Planner),
        new(CheckKind.Prometheus, "prometheus", static c => c.Prometheus, static _ => CheckRunner.Controller),
        new(CheckKind.Condition, "condition", static c => c.Condition, static _ => CheckRunner.Controller),
    ];

    /// <summary>Its kind; <see cref="CheckKind.Unknown"/> unless exactly one is set that this version knows.</summary>
    public static CheckKind KindOf(HealthCheck check) => RowOf(check)?.Kind ?? CheckKind.Unknown;

    /// <summary>Its kind as the spec calls it, or "none": also a label of metrics.</summary>
    public static string NameOf(HealthCheck check) => RowOf(check)?.Name ?? "none";

    /// <summary>Who runs it.</summary>
    public static CheckRunner RunnerOf(HealthCheck check) => RowOf(check)?.Runner(check) ?? CheckRunner.None;

    /// <summary>Why the check is of no kind, and what to do.</summary>
    /// <param name="check">One whose runner is <see cref="CheckRunner.None"/>.</param>
    /// <param name="program">The program that says so: controller or agent.</param>
    public static string WhyUnknown(HealthCheck check, string program)
    {
        const string Remedy = "Upgrade Ostler so that controller, agents and CRDs have the same version, or remove the check";
        string[] known = [.. Table.Where(r => r.Value(check) is not null).Select(r => r.Name)];
        return known.Length > 1 ? $"it sets {string.Join(" and ", known)}, and a check has exactly one kind: split it into several checks"
            : check.Unknown is { Count: > 0 } unknown ? $"this {program} does not know the kind {string.Join(", ", unknown.Keys.Order(StringComparer.Ordinal))}. {Remedy}"
            : known.Length == 1 ? $"this {program} does not know who runs its kind {known[0]}. {Remedy}"
            : $"it sets no kind that this {program} knows. {Remedy}";
    }

    private static Row? RowOf(HealthCheck check)
    {
        Row? found = null;
        foreach (var row in Table)
        {
            if (row.Value(check) is not null)
            {
                if (found is not null)
                {
                    return null;
                }

                found = row;
            }
        }

        return found;
    }

    private static CheckRunner RunnerOfHttp(HealthCheck check) =>
        check.Http!.From == HttpCheckOrigin.Host ? CheckRunner.Agent : check.Http.From == HttpCheckOrigin.Controller ? CheckRunner.Controller : CheckRunner.None;

    /// <summary>Whether enough tries in a row have passed.</summary>
    public static bool HasPassed(HealthCheck check, CheckObservation? observation) =>
        observation is { Outcome: CheckOutcome.Passed } && observation.InARow >= check.Successes;

    /// <summary>How a check that does not pass is told of, the three ways apart.</summary>
    public static string Describe(CheckObservation observation) => observation.Outcome switch
    {
        CheckOutcome.False => $"{observation.Name}: {observation.Message}",
        CheckOutcome.Error => $"{observation.Name} cannot be checked: {observation.Message}",
        CheckOutcome.Missing => $"{observation.Name} finds nothing to judge: {observation.Message}",
        CheckOutcome.Passed => $"{observation.Name} passes",
    };

    /// <summary>A kind of check.</summary>
    /// <param name="Kind">The kind.</param>
    /// <param name="Name">The field of <see cref="HealthCheck"/> that it is.</param>
    /// <param name="Value">That field; null when a check is of another kind.</param>
    /// <param name="Runner">Who runs such a check.</param>
    internal sealed record Row(CheckKind Kind, string Name, Func<HealthCheck, object?> Value, Func<HealthCheck, CheckRunner> Runner);
}
