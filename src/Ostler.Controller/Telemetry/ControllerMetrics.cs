using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Ostler.Api;
using Ostler.Rollout;

namespace Ostler.Controller.Telemetry;

/// <summary>
/// The instruments of the controller, in the one meter <see cref="MeterName"/>. What is counted of nodes comes from the last plan of each
/// policy, never from increments: a restart or a missed event cannot make it wrong. Durations are seconds.
/// </summary>
public sealed class ControllerMetrics : IDisposable
{
    public const string MeterName = "Ostler.Controller";

    private static readonly InstrumentAdvice<double> Long = new()
    {
        HistogramBucketBoundaries = [5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400],
    };

    private readonly ConcurrentDictionary<string, PolicyFigures> _policies = new();
    private readonly ConcurrentDictionary<string, int> _quarantined = new();
    private readonly Meter _meter;
    private readonly Histogram<double> _stepDuration;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _rollbacks;
    private readonly Counter<long> _updates;
    private readonly Counter<long> _evictions;
    private readonly Counter<long> _resolves;
    private readonly Counter<long> _checks;

    /// <param name="meterName">Another name keeps tests that run side by side apart.</param>
    public ControllerMetrics(string meterName = MeterName)
    {
        _meter = new(meterName);
        _stepDuration = _meter.CreateHistogram("node_step_duration_seconds", "s", "How long a step of a node's upgrade took.", null, Long);
        _failures = _meter.CreateCounter<long>("node_failures_total", null, "Attempts that failed, by reason.");
        _rollbacks = _meter.CreateCounter<long>("node_rollbacks_total", null, "Nodes that went back to their former tree.");
        _updates = _meter.CreateCounter<long>("node_updates_total", null, "Nodes that reached their target, healthy.");
        _evictions = _meter.CreateCounter<long>("evictions_total", null, "Evictions and deletions of pods by outcome.");
        _resolves = _meter.CreateCounter<long>("image_resolves_total", null, "Tries to resolve an OSImage by reason.");
        _checks = _meter.CreateCounter<long>("health_check_errors_total", null, "Tries of the controller's health checks that did not pass, by kind and outcome.");
        _meter.CreateObservableGauge("nodes", Nodes, null, "Nodes of a policy by step.");
        _meter.CreateObservableGauge("nodes_unavailable", () => Of(f => f.Unavailable), null, "Nodes that count against maxUnavailable.");
        _meter.CreateObservableGauge("nodes_blocked", Blocked, null, "Nodes that cannot go on by themselves, by reason.");
        _meter.CreateObservableGauge("rollout_progress_ratio", () => Of(f => f.Progress), null, "Updated nodes of a policy, from 0 to 1.");
        _meter.CreateObservableGauge("rollout_halted", () => Of(f => f.Halted ? 1 : 0), null, "1 while too many nodes have failed.");
        _meter.CreateObservableGauge("quarantined_digests", () => _quarantined.Select(q => new Measurement<int>(q.Value, Label("image", q.Key))), null, "Digests that no node may get.");
        foreach (var outcome in Enum.GetNames<EvictionOutcome>())
        {
            _evictions.Add(0, Label("outcome", outcome));
        }

        foreach (var kind in (string[])["http", "pods", "prometheus", "condition"])
        {
            foreach (var outcome in Enum.GetNames<CheckOutcome>().Where(o => o != nameof(CheckOutcome.Passed)))
            {
                _checks.Add(0, Label("check", kind), Label("outcome", outcome));
            }
        }

        foreach (var reason in (string[])[Reasons.Resolved, Reasons.Pinned, Reasons.ResolveFailed, Reasons.RefNotFound])
        {
            _resolves.Add(0, Label("reason", reason));
        }
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>Where the nodes of a policy are now. A policy without a spec is gone and no longer told of.</summary>
    public void ObservePolicy(RolloutSnapshot snapshot, RolloutPlan plan)
    {
        if (!snapshot.Policy.Exists)
        {
            _policies.TryRemove(snapshot.Policy.Name, out _);
            return;
        }

        if (_policies.TryAdd(snapshot.Policy.Name, PolicyFigures.None))
        {
            _updates.Add(0, Label("policy", snapshot.Policy.Name));
        }

        NodeVerdict[] selected = [.. plan.Nodes.Where(n => n.Selected)];
        _policies[snapshot.Policy.Name] = new(
            selected.GroupBy(n => n.Step).ToDictionary(g => g.Key, g => g.Count()),
            selected.Where(n => n.Blocked).GroupBy(n => n.Reason).ToDictionary(g => g.Key, g => g.Count()),
            plan.Availability.Unavailable,
            selected.Length == 0 ? 1 : (double)selected.Count(n => n.Tally == NodeTally.Updated) / selected.Length,
            plan.Failures.Halted);
    }

    /// <summary>A write to a node that went through: what it ended, and how long that took.</summary>
    public void Applied(NodeFacts before, NodeAction action, DateTimeOffset now)
    {
        if (action is not NodeAction.ApplySpec { Spec: var spec } || before.OS is not { } os)
        {
            return;
        }

        var policy = spec.Policy ?? os.Spec.Policy ?? "";
        foreach (var (step, took) in StepDurations.Ended(before, os, spec, now))
        {
            _stepDuration.Record(took.TotalSeconds, Label("step", step));
        }

        if (spec.Failure is { Reason: not Reasons.RolledBackByScope } failure && failure != os.Spec.Failure)
        {
            _failures.Add(1, Label("policy", policy), Label("reason", failure.Reason));
        }

        if (action.Reason == Reasons.RolledBack)
        {
            _rollbacks.Add(1, Label("policy", policy), Label("reason", (spec.Failure ?? os.Spec.Failure)?.Reason ?? ""));
        }

        if (action.Reason == Reasons.Updated)
        {
            _updates.Add(1, Label("policy", policy));
        }
    }

    public void Evicted(EvictionResult result) => _evictions.Add(1, Label("outcome", result.Outcome.ToString()));

    /// <summary>A try of a check that did not pass. False, Error and Missing are told apart: only the first speaks of the node.</summary>
    public void CheckFailed(string kind, CheckOutcome outcome) => _checks.Add(1, Label("check", kind), Label("outcome", outcome.ToString()));

    public void Resolved(string reason) => _resolves.Add(1, Label("reason", reason));

    public void ObserveImage(string image, OSImageStatus? status) => _quarantined[image] = status?.Quarantined?.Count ?? 0;

    public void ForgetImage(string image) => _quarantined.TryRemove(image, out _);

    /// <summary>Another process leads now: what this one last saw is no longer told.</summary>
    public void ForgetAll()
    {
        _policies.Clear();
        _quarantined.Clear();
    }

    private IEnumerable<Measurement<int>> Nodes() =>
        from policy in _policies
        from step in Enum.GetValues<NodeStep>()
        select new Measurement<int>(policy.Value.Steps.GetValueOrDefault(step), Label("policy", policy.Key), Label("step", step.ToString()));

    private IEnumerable<Measurement<int>> Blocked() =>
        from policy in _policies
        from reason in policy.Value.Blocked
        select new Measurement<int>(reason.Value, Label("policy", policy.Key), Label("reason", reason.Key));

    private IEnumerable<Measurement<double>> Of(Func<PolicyFigures, double> figure) =>
        _policies.Select(p => new Measurement<double>(figure(p.Value), Label("policy", p.Key)));

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    private sealed record PolicyFigures(
        IReadOnlyDictionary<NodeStep, int> Steps, IReadOnlyDictionary<string, int> Blocked, int Unavailable, double Progress, bool Halted)
    {
        public static PolicyFigures None { get; } = new(new Dictionary<NodeStep, int>(), new Dictionary<string, int>(), 0, 0, false);
    }
}
