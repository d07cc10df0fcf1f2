using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Status;

/// <summary>The report of a rollout, from what was seen and decided. Pure.</summary>
public static class RolloutStatus
{
    private const int MostNodes = 50;
    private const int MostDigests = 50;
    private const int MostTrees = 10;

    /// <summary>The whole status. The same facts give the same bytes, so that a pass that changes nothing writes nothing.</summary>
    /// <param name="snapshot">What was seen.</param>
    /// <param name="plan">What was decided on it.</param>
    /// <param name="evictions">What the evictions of this very pass gave; newer than what the snapshot carries.</param>
    /// <param name="deliveries">What came of sending notifications since the last report, by their IDs.</param>
    public static UpgradePolicyStatus Compute(
        RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<EvictionResult>? evictions = null, IReadOnlyDictionary<string, Delivery>? deliveries = null)
    {
        var status = Compute(snapshot, plan, evictions, estimates: true);
        var previous = snapshot.Policy.PreviousStatus;
        var notifications = NotificationRules.Next(snapshot, previous, status, deliveries);
        return NotificationRules.Condition(snapshot, notifications) is { } notified
            ? status with
            {
                Notifications = notifications,
                Conditions = Conditions.Carry(previous?.Conditions, [.. status.Conditions ?? [], notified], snapshot.Policy.Generation, snapshot.Now),
            }
            : status;
    }

    internal static UpgradePolicyStatus Compute(RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<EvictionResult>? evictions, bool estimates)
    {
        var previous = snapshot.Policy.PreviousStatus;
        var verdicts = evictions is { Count: > 0 } ? [.. plan.Nodes.Select(v => Refresh(v, evictions))] : plan.Nodes;
        var fleet = FleetConsistency.Of(plan);
        var counts = Count(verdicts) with { Drifted = fleet.Drifted.Count };
        var times = RolloutTimes.Of(snapshot, plan, counts, estimates);
        return new()
        {
            ObservedGeneration = snapshot.Policy.Generation,
            Conditions = Conditions.Carry(
                previous?.Conditions, PolicyConditions.Of(snapshot, plan, verdicts, counts), snapshot.Policy.Generation, snapshot.Now),
            Target = plan.Target is { } target ? new() { Digest = target.Digest, Version = target.Version } : null,
            Nodes = counts,
            Wave = counts.Updated == counts.Total ? null : WaveProgress.UnderWay(plan.Waves)?.Name,
            Waves = Waves(plan),
            Gates = GateReport.Of(plan, previous, snapshot.Now),
            InFlight = InFlight(verdicts, previous, snapshot.Now),
            Blocked = Blocked(verdicts),
            Drifted = fleet.Drifted is [] ? null : [.. fleet.Drifted.Take(MostNodes)],
            DistinctDigests = fleet.Digests.Count,
            Digests = fleet.Digests is [] ? null : [.. fleet.Digests.Take(MostTrees)],
            FailedDigests = FailedDigests(snapshot, plan, previous),
            StartedAt = times.StartedAt,
            CompletedAt = times.CompletedAt,
            EstimatedCompletion = times.EstimatedCompletion,
            NextWindow = plan.Window.Next?.TruncateToSeconds(),
            Durations = plan.Measured,
        };
    }

    private static WaveStatus[]? Waves(RolloutPlan plan) => plan.Waves.Count == 0
        ? null
        :
        [
            .. plan.Waves.Select(w => new WaveStatus
            {
                Name = w.Name,
                Total = w.Total,
                Updated = w.Updated,
                Failed = w.Failed,
                CompletedAt = w.CompletedAt,
                Reason = w.Reason,
                Message = MessageText.Cut(w.Message),
            }),
        ];

    private static NodeVerdict Refresh(NodeVerdict verdict, IReadOnlyList<EvictionResult> evictions)
    {
        if (verdict.Drain is not { Completed: false } drain || verdict.Reason == Reasons.DrainForced)
        {
            return verdict;
        }

        var (reason, message) = DrainMessage.Describe(drain, evictions);
        return verdict with { Reason = reason, Message = message, Blocked = verdict.NeedsPerson || reason == Reasons.DrainBlocked };
    }

    private static NodeCounts Count(IReadOnlyList<NodeVerdict> verdicts)
    {
        var tallies = new int[Enum.GetValues<NodeTally>().Length];
        var total = 0;
        var unavailable = 0;
        var held = 0;
        foreach (var verdict in verdicts)
        {
            if (verdict.Selected)
            {
                total++;
                held += verdict.Reason == Reasons.Held ? 1 : 0;
                tallies[(int)verdict.Tally]++;
                unavailable += verdict.Unavailable ? 1 : 0;
            }
        }

        return new()
        {
            Total = total,
            Updated = tallies[(int)NodeTally.Updated],
            Updating = tallies[(int)NodeTally.Updating],
            Staged = tallies[(int)NodeTally.Staged],
            Pending = tallies[(int)NodeTally.Pending],
            Failed = tallies[(int)NodeTally.Failed],
            RolledBack = tallies[(int)NodeTally.RolledBack],
            Unavailable = unavailable,
            Held = held,
        };
    }

    private static InFlightNode[]? InFlight(IReadOnlyList<NodeVerdict> verdicts, UpgradePolicyStatus? previous, DateTimeOffset now)
    {
        InFlightNode[] nodes =
        [
            .. verdicts.Where(v => v.InFlight).Take(MostNodes).Select(v => new InFlightNode
            {
                Node = v.Node,
                Step = v.Step,
                Reason = v.Reason,
                Message = MessageText.Cut(v.Message),
                Since = (previous?.InFlight ?? []).FirstOrDefault(p => p.Node == v.Node && p.Step == v.Step)?.Since ?? now.TruncateToSeconds(),
            }),
        ];
        return nodes.Length == 0 ? null : nodes;
    }

    private static BlockedNode[]? Blocked(IReadOnlyList<NodeVerdict> verdicts)
    {
        BlockedNode[] nodes =
        [
            .. verdicts.Where(v => v.Blocked).Take(MostNodes).Select(v => new BlockedNode
            {
                Node = v.Node,
                Reason = v.Reason,
                Message = MessageText.Cut(v.Message),
            }),
        ];
        return nodes.Length == 0 ? null : nodes;
    }

    // Kept when the target moves on: what failed once stays failed until a person asks for another try.
    private static IReadOnlyList<FailedDigest>? FailedDigests(RolloutSnapshot snapshot, RolloutPlan plan, UpgradePolicyStatus? previous)
    {
        var retryBefore = snapshot.Policy.Spec?.Rollout.RetryFailuresBefore;
        var digests = (previous?.FailedDigests ?? []).Where(d => !(d.At <= retryBefore)).ToList();
        if (plan is { Target: { } target, Failures: { Proof: { } proof } failures } && failures.Failed > failures.Allowed)
        {
            digests.RemoveAll(d => d.Digest == target.Digest);
            digests.Add(new()
            {
                Digest = target.Digest,
                Reason = proof.Failure.Reason,
                Message = MessageText.Cut($"{proof.Node}: {proof.Failure.Message}"),
                At = failures.LastAt ?? proof.Failure.At,
            });
        }

        return digests.Count == 0
            ? null
            : [.. digests.OrderByDescending(d => d.At).ThenBy(d => d.Digest, StringComparer.Ordinal).Take(MostDigests)];
    }
}
