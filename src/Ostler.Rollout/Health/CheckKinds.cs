using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Health;

/// <summary>The kinds of checks and gates, and what holds for all of them.</summary>
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
        new(CheckKind.Http, "http", static c => c.Http, RunnerOfHttp) { Gate = static g => g.Http },
        new(CheckKind.Pods, "pods", static c => c.Pods, static _ => CheckRunner.Controller) { Gate = static g => g.Pods },
        new(CheckKind.Workloads, "workloads", static c => c.Workloads, static _ => CheckRunner.Planner),
        new(CheckKind.Prometheus, "prometheus", static c => c.Prometheus, static _ => CheckRunner.Controller) { Gate = static g =>
            g.Prometheus },
        new(CheckKind.Condition, "condition", static c => c.Condition, static _ => CheckRunner.Controller) { Gate = static g =>
            g.Condition },
        new(CheckKind.Alerts, "alerts", static c => c.Alerts, static _ => CheckRunner.Controller) { Gate = static g => g.Alerts },
        new(CheckKind.NodeConditions, "nodeConditions", static c => c.NodeConditions, static _ =>
            CheckRunner.Controller) { Gate = static g => g.NodeConditions },
    ];

    /// <summary>Its kind; <see cref="CheckKind.Unknown"/> unless exactly one is set that this version knows.</summary>
    public static CheckKind KindOf(HealthCheck check) => RowOf(check)?.Kind ?? CheckKind.Unknown;

    /// <summary>Its kind as the spec calls it, or "none": also a label of metrics.</summary>
    public static string NameOf(HealthCheck check) => RowOf(check)?.Name ?? "none";

    /// <summary>The kind of a gate; <see cref="CheckKind.Unknown"/> unless exactly one is set that this version knows for gates.</summary>
    public static CheckKind KindOf(GateSpec gate) => RowOf(r => r.Gate?.Invoke(gate))?.Kind ?? CheckKind.Unknown;

    /// <summary>The kind of a gate as the spec calls it, or "none".</summary>
    public static string NameOf(GateSpec gate) => RowOf(r => r.Gate?.Invoke(gate))?.Name ?? "none";

    /// <summary>Who runs it.</summary>
    public static CheckRunner RunnerOf(HealthCheck check) => RowOf(check)?.Runner(check) ?? CheckRunner.None;

    /// <summary>Why the check is of no kind, and what to do.</summary>
    /// <param name="check">One whose runner is <see cref="CheckRunner.None"/>.</param>
    /// <param name="program">The program that says so: controller or agent.</param>
    public static string WhyUnknown(HealthCheck check, string program) =>
        WhyUnknown("check", program, [.. Table.Where(r => r.Check(check) is not null).Select(r => r.Name)], check.Unknown);

    /// <summary>Why the gate is of no kind, and what to do.</summary>
    public static string WhyUnknown(GateSpec gate) =>
        WhyUnknown("gate", "controller", [.. Table.Where(r => r.Gate?.Invoke(gate) is not null).Select(r => r.Name)], gate.Unknown);

    private static string WhyUnknown(string what, string program, string[] known, Dictionary<string, JsonElement>? unknown)
    {
        var remedy = $"Upgrade Ostler so that controller, agents and CRDs have the same version, or remove the {what}";
        return known.Length > 1 ? $"it sets {string.Join(" and ", known)}, and a {what} has exactly one kind: split it into several {what}s"
            : unknown is { Count: > 0 }
                ? $"this {program} does not know the kind {string.Join(", ", unknown.Keys.Order(StringComparer.Ordinal))}. {remedy}"
            : known.Length == 1 ? $"this {program} does not know who runs its kind {known[0]}. {remedy}"
            : $"it sets no kind that this {program} knows. {remedy}";
    }

    private static Row? RowOf(HealthCheck check) => RowOf(r => r.Check(check));

    private static Row? RowOf(Func<Row, object?> value)
    {
        Row? found = null;
        foreach (var row in Table)
        {
            if (value(row) is not null)
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

    /// <summary>A kind of check, and of gate if <see cref="Gate"/> is set.</summary>
    /// <param name="Kind">The kind.</param>
    /// <param name="Name">The field of <see cref="HealthCheck"/> and <see cref="GateSpec"/> that it is.</param>
    /// <param name="Check">That field of a check; null when the check is of another kind.</param>
    /// <param name="Runner">Who runs such a check.</param>
    internal sealed record Row(CheckKind Kind, string Name, Func<HealthCheck, object?> Check, Func<HealthCheck, CheckRunner> Runner)
    {
        /// <summary>That field of a gate; null: there are no gates of this kind, because a gate belongs to no host.</summary>
        public Func<GateSpec, object?>? Gate { get; init; }
    }
}
