using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Telemetry;
using Ostler.Rollout.Health;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Telemetry;

/// <summary>
/// The instruments of the controller, in the one meter <see cref="MeterName"/>. What is counted of nodes comes from the last plan of each
/// policy, never from increments: a restart or a missed event cannot make it wrong. Durations are seconds.
/// </summary>
internal sealed class ControllerMetrics : IDisposable
{
    public const string MeterName = "Ostler.Controller";

    private const string Taken = "Taken";
    private const string Lost = "Lost";

    private static readonly string[] KnownFailures =
    [
        Reasons.BootFellBack, Reasons.RebootTimedOut, Reasons.HealthTimedOut, Reasons.HostCheckFailed, Reasons.WatchdogExpired,
        Reasons.FinalizationFailed, Reasons.StagingFailed,
    ];

    private static readonly InstrumentAdvice<double> Long = new()
    {
        HistogramBucketBoundaries = [5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400],
    };

    private readonly ConcurrentDictionary<string, PolicyFigures> _policies = new();
    private readonly ConcurrentDictionary<string, int> _quarantined = new();
    private readonly ConcurrentDictionary<string, (bool Holds, string Reason)> _images = new();
    private readonly AgentSilence _silence = new();
    private readonly Meter _meter;
    private readonly Histogram<double> _stepDuration;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _rollbacks;
    private readonly Counter<long> _updates;
    private readonly Counter<long> _evictions;
    private readonly Counter<long> _resolves;
    private readonly Counter<long> _checks;
    private readonly Counter<long> _spans;
    private readonly Counter<long> _notifications;
    private readonly Counter<double> _drainBlocked;
    private readonly BlockedDrains _blockedDrains = new();
    private readonly TimeProvider _time;

    /// <param name="meterName">Another name keeps tests that run side by side apart.</param>
    /// <param name="time">The controller's clock. Default: the system's.</param>
    public ControllerMetrics(string meterName = MeterName, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _meter = new(meterName);
        _stepDuration = _meter.CreateHistogram(
            "node_step_duration_seconds", "s", "How long a step of a node's upgrade took: stage, drain, boot, soak, update (all of it) or rollback.", MetricLabels.Of("step"), Long);
        _failures = Counter("node_failures_total", "Failed attempts, by reason.", "policy", "reason");
        _rollbacks = Counter("node_rollbacks_total", "Nodes that rolled back to the previous image, by the reason of the failure.", "policy", "reason");
        _updates = Counter("node_updates_total", "Nodes that became healthy on their target.", "policy");
        _evictions = Counter("evictions_total", "Evictions and deletions of pods by outcome.", "outcome");
        _resolves = Counter("image_resolves_total", "Attempts to resolve an OSImage, by reason.", "reason");
        _checks = Counter("health_check_errors_total", "Runs of the controller's health checks that did not pass, by kind and outcome.", "check", "outcome");
        _spans = Counter("spans_total", "Spans sent to the collector of traces, by outcome.", "outcome");
        _notifications = Counter("notifications_total", "Attempts to deliver a notification, by outcome.", "type", "outcome");
        _drainBlocked = _meter.CreateCounter<double>(
            "drain_blocked_seconds_total", "s", "How long drains have been blocked, by the PodDisruptionBudget that allowed no eviction.", MetricLabels.Of("policy", "budget"));
        Gauge("nodes", Nodes, "Nodes of a policy by step.", "policy", "step");
        Gauge("nodes_by_version", Versions, $"Nodes of a policy by the OS version that they run: the {VersionCounts.Most} that most nodes run, and the rest as {VersionCounts.Other}.", "policy", "version");
        Gauge("nodes_max_unavailable", () => Of(f => f.MaxUnavailable), "How many nodes of a policy may be unavailable at once: spec.rollout.maxUnavailable as a number of nodes.", "policy");
        Gauge("nodes_unavailable", () => Of(f => f.Unavailable), "Nodes that count against maxUnavailable.", "policy");
        Gauge("nodes_blocked", Blocked, "Nodes that cannot continue on their own, by reason.", "policy", "reason");
        Gauge("nodes_left_cordoned", () => Of(f => f.LeftCordoned), "Nodes that Ostler cordoned and for which nothing is in progress: failed nodes, which a user must release.", "policy");
        Gauge("nodes_drifted", Drifted, "Nodes that differ from the image that they run, by reason: UnexpectedTree, PackagesLayered, TreeUnlocked, RemoteChanged or Other. Files in /etc do not count.", "policy", "reason");
        Gauge("distinct_digests", () => Of(f => f.DistinctDigests), "How many different images the nodes of a policy have booted. An image for several platforms counts once.", "policy");
        Gauge("agent_silence_seconds", () => Of(f => f.Silence.TotalSeconds), "The longest time for which an agent of the policy has not acted on a change of its NodeOS.", "policy");
        Gauge("rollout_progress_ratio", () => Of(f => f.Progress), "Share of updated nodes, from 0 to 1.", "policy");
        Gauge("rollout_halted", () => Of(f => f.Halted ? 1 : 0), "1 while too many nodes have failed.", "policy");
        Gauge("rollout_window_open", () => Of(f => f.WindowOpen ? 1 : 0), "1 while windows and freezes allow disruption.", "policy");
        Gauge("gate_closed_seconds", ClosedGates,
            "How long a gate of a policy with outdated nodes has been closed, for whatever reason; 0 while it is open.", "policy", "gate");
        Gauge("policy_ready", Ready, "1 while the condition Ready of a policy is True, else 0. The label has its reason; each policy has one series.", "policy", "reason");
        Gauge("target_quarantined", () => Of(f => f.TargetQuarantined ? 1 : 0), "1 while the digest to which the policy's image resolves is quarantined.", "policy");
        Gauge("quarantined_digests", () => _quarantined.Select(q => new Measurement<int>(q.Value, Label("image", q.Key))), "Digests of an OSImage that no node may get.", "image");
        Gauge("image_ready", Images, "1 while the condition Ready of an OSImage is True, else 0. The label has its reason; each image has one series.", "image", "reason");
        Gauge("clock_doubt_seconds", Doubt, "How far the API server's clock is ahead of the controller's machine while neither is trusted, just after the start; 0: the time is trusted.");
        BeginCounters();
    }

    /// <summary>How far the clocks disagree while it is not known which of them is wrong; null: the time is trusted.</summary>
    public Func<TimeSpan?> ClockDoubt { get; init; } = static () => null;

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

            // A counter that begins with 1 shows no increase: the first failure of a policy would be in no panel and no annotation.
            foreach (var reason in KnownFailures)
            {
                _failures.Add(0, Label("policy", snapshot.Policy.Name), Label("reason", reason));
                _rollbacks.Add(0, Label("policy", snapshot.Policy.Name), Label("reason", reason));
            }

            // No budget by name is known yet; that none holds up a drain is worth a series, too.
            _drainBlocked.Add(0, Label("policy", snapshot.Policy.Name), Label("budget", ""));
        }

        var reported = _policies[snapshot.Policy.Name];
        _policies[snapshot.Policy.Name] =
            PolicyFigures.Of(snapshot, plan, _silence.Observe(snapshot)) with { Ready = reported.Ready, Gates = reported.Gates };
    }

    /// <summary>What a policy says of itself.</summary>
    public void ObserveStatus(string policy, UpgradePolicyStatus? status)
    {
        if (_policies.TryGetValue(policy, out var figures) && status?.Conditions.Find(ConditionTypes.Ready) is { } ready)
        {
            _policies[policy] = figures with
            {
                Ready = (ready.Status == ConditionStatus.True, ready.Reason),
                Gates = (status.Gates ?? []).DistinctBy(g => g.Name)
                    .ToDictionary(g => g.Name, g => g.Reason == Reasons.GateOpen ? null : g.Since),
            };
        }
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

    /// <summary>
    /// The drains of a policy that budgets hold up now. What has passed since the last look is counted for those that were held up then.
    /// </summary>
    public void ObserveDrains(string policy, IReadOnlyCollection<BlockedDrain> blocked, DateTimeOffset now)
    {
        foreach (var (budget, seconds) in _blockedDrains.Observe(policy, blocked, now))
        {
            _drainBlocked.Add(seconds, Label("policy", policy), Label("budget", budget));
        }
    }

    public void SpansSent(int count, bool taken) => _spans.Add(count, Label("outcome", taken ? Taken : Lost));

    /// <summary>A try to deliver a notification that is over.</summary>
    public void Notified(NotificationType type, DeliveryOutcome outcome) =>
        _notifications.Add(1, Label("type", type.ToString()), Label("outcome", outcome.ToString()));

    public void Resolved(string reason) => _resolves.Add(1, Label("reason", reason));

    public void ObserveImage(string image, OSImageStatus? status)
    {
        _quarantined[image] = status?.Quarantined?.Count ?? 0;
        if (status?.Conditions.Find(ConditionTypes.Ready) is { } ready)
        {
            _images[image] = (ready.Status == ConditionStatus.True, ready.Reason);
        }
    }

    public void ForgetImage(string image)
    {
        _quarantined.TryRemove(image, out _);
        _images.TryRemove(image, out _);
    }

    /// <summary>Another process leads now: what this one last saw is no longer told.</summary>
    public void ForgetAll()
    {
        _policies.Clear();
        _quarantined.Clear();
        _images.Clear();
        _silence.Clear();
        _blockedDrains.Clear();
    }

    private IEnumerable<Measurement<int>> Nodes() =>
        from policy in _policies
        from step in Enum.GetValues<NodeStep>()
        select new Measurement<int>(policy.Value.Steps.GetValueOrDefault(step), Label("policy", policy.Key), Label("step", step.ToString()));

    private IEnumerable<Measurement<int>> Versions() =>
        from policy in _policies
        from version in policy.Value.Versions
        select new Measurement<int>(version.Value, Label("policy", policy.Key), Label("version", version.Key));

    private IEnumerable<Measurement<int>> Images() =>
        _images.Select(i => new Measurement<int>(i.Value.Holds ? 1 : 0, Label("image", i.Key), Label("reason", i.Value.Reason)));

    private IEnumerable<Measurement<int>> Blocked() =>
        from policy in _policies
        from reason in policy.Value.Blocked
        select new Measurement<int>(reason.Value, Label("policy", policy.Key), Label("reason", reason.Key));

    private IEnumerable<Measurement<int>> Drifted() =>
        from policy in _policies
        from reason in DriftFacts.Words
        select new Measurement<int>(policy.Value.Drifted.GetValueOrDefault(reason), Label("policy", policy.Key), Label("reason", reason));

    private IEnumerable<Measurement<double>> ClosedGates() =>
        from policy in _policies
        from gate in policy.Value.Gates
        select new Measurement<double>(
            gate.Value is { } since ? Math.Max(0, (_time.GetUtcNow() - since).TotalSeconds)
                : 0, Label("policy", policy.Key), Label("gate", gate.Key));

    private IEnumerable<Measurement<int>> Ready() =>
        from policy in _policies
        where policy.Value.Ready is not null
        select new Measurement<int>(policy.Value.Ready!.Value.Holds ? 1 : 0, Label("policy", policy.Key), Label("reason", policy.Value.Ready!.Value.Reason));

    private IEnumerable<Measurement<double>> Of(Func<PolicyFigures, double> figure) =>
        _policies.Select(p => new Measurement<double>(figure(p.Value), Label("policy", p.Key)));

    // A counter that begins with 1 shows no increase.
    private void BeginCounters()
    {
        foreach (var outcome in Enum.GetNames<EvictionOutcome>())
        {
            _evictions.Add(0, Label("outcome", outcome));
        }

        foreach (var outcome in (string[])[Taken, Lost])
        {
            _spans.Add(0, Label("outcome", outcome));
        }

        foreach (var type in Enum.GetNames<NotificationType>())
        {
            foreach (var outcome in Enum.GetNames<DeliveryOutcome>())
            {
                _notifications.Add(0, Label("type", type), Label("outcome", outcome));
            }
        }

        foreach (var kind in (string[])["http", "pods", "prometheus", "condition", "alerts", "nodeConditions"])
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

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    private Counter<long> Counter(string name, string description, params string[] labels) =>
        _meter.CreateCounter<long>(name, null, description, MetricLabels.Of(labels));

    private IEnumerable<Measurement<double>> Doubt() => [new(ClockDoubt()?.TotalSeconds ?? 0)];

    private void Gauge<T>(string name, Func<IEnumerable<Measurement<T>>> observe, string description, params string[] labels) where T : struct =>
        _meter.CreateObservableGauge(name, observe, null, description, MetricLabels.Of(labels));
}
