using Microsoft.Extensions.Logging;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Controller.Notifications;
using Ostler.Controller.Status;
using Ostler.Controller.Telemetry;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Traces;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>Gather, plan, apply, report, subscribe: one pass over one policy.</summary>
internal sealed partial class UpgradePolicyReconciler(
    Gatherer gatherer,
    Executor executor,
    Subscriptions subscriptions,
    ProbeRunner questions,
    ILister<UpgradePolicy> policies,
    StatusWriter<UpgradePolicy> status,
    Announcements announcements,
    ControllerMetrics metrics,
    ISpanSink spans,
    NotificationOutbox outbox,
    TimeProvider time,
    ILogger<UpgradePolicyReconciler> logger)
{
    /// <summary>After a conflict: by then the watch has told what changed.</summary>
    private static readonly TimeSpan RetryConflict = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After a write to a node was refused. Not the queue's growing delay: one node whose writes a webhook denies must not put off
    /// the deadlines of all the others.
    /// </summary>
    private static readonly TimeSpan RetryFailure = TimeSpan.FromSeconds(10);

    /// <summary>No moment of a plan is nearer than this, whatever it says: a wake-up in the past must not become a busy loop.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);

    /// <summary>When more notifications wait than are sent at once.</summary>
    private static readonly TimeSpan NoRoom = TimeSpan.FromSeconds(5);

    public async Task<ReconcileResult> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        var (next, asked) = await PassAsync(name, cancellationToken);

        // A slot waits for what was just found out. Once: a plan that asks again and again must not become a busy loop.
        return asked ? (await PassAsync(name, cancellationToken)).Next : next;
    }

    private async Task<(ReconcileResult Next, bool Asked)> PassAsync(string name, CancellationToken cancellationToken)
    {
        var snapshot = gatherer.Gather(name);
        var plan = RolloutPlanner.Plan(snapshot);
        LogPlanned(name, plan.Actions.Count, plan.NextWakeUp, plan.Gate?.Reason);

        // Never throws but for cancellation: what a node's writes gave is part of the report, not the end of the pass.
        var result = await executor.ExecuteAsync(snapshot, plan, cancellationToken);
        Publish(snapshot, plan, result);
        TimeSpan? held;
        try
        {
            held = await ReportAsync(snapshot, plan, result, cancellationToken);
        }
        finally
        {
            // A status that cannot be written must not keep drains and checks from going on.
            subscriptions.Carry(name, plan.Watches);
        }

        // After the report, which must not wait for what nobody knows yet.
        var asked = await questions.AskAsync(snapshot, plan, cancellationToken);
        return (Next(snapshot, plan, result, held, asked), asked);
    }

    private async Task<TimeSpan?> ReportAsync(RolloutSnapshot snapshot, RolloutPlan plan, ExecutionResult result, CancellationToken cancellationToken)
    {
        var key = NamespacedName.ClusterScoped(snapshot.Policy.Name);
        if (policies.Get(key) is not { } policy || policy.Metadata.Uid != snapshot.Policy.Uid)
        {
            status.Forget(key);
            outbox.Forget(snapshot.Policy.Name);
            return null;
        }

        var deliveries = outbox.Deliveries(snapshot.Policy.Name);
        var reported = policy with { Status = RolloutStatus.Compute(snapshot, plan, result.Evictions, deliveries) };
        metrics.ObserveStatus(snapshot.Policy.Name, reported.Status);
        if (await WriteStatusAsync(policy, reported, cancellationToken) is not { } write)
        {
            return RetryFailure;
        }

        if (write.Written)
        {
            announcements.Changed(policy, reported);
            spans.Take(RolloutSpans.Ended(snapshot.Policy.Name, snapshot.Policy.Uid, policy.Status, reported.Status, snapshot.Now));
        }

        // Only what is stored is sent: a report that never was would be made again, and told twice.
        var isStored = write.Written || write.HeldFor is null;
        var stored = isStored ? reported : policy;
        var room = outbox.Offer(stored, time.GetUtcNow(), isStored ? deliveries.Keys : []);
        return Soonest(write.HeldFor, room ? null : NoRoom, NotificationRules.NextRetry(stored.Status, time.GetUtcNow()) - time.GetUtcNow());
    }

    /// <summary>
    /// Null: the API server did not take it. That ends neither the pass nor its preflights: the rollout of other nodes does not hang on a
    /// report.
    /// </summary>
    private async Task<StatusWrite?> WriteStatusAsync(UpgradePolicy policy, UpgradePolicy reported, CancellationToken cancellationToken)
    {
        try
        {
            return await status.WriteAsync(policy, reported, cancellationToken);
        }
        catch (ApiException e) when (!cancellationToken.IsCancellationRequested)
        {
            LogStatusNotWritten(e, policy.Metadata.Name);
            return null;
        }
    }

    private static TimeSpan? Soonest(params TimeSpan?[] waits) => waits.Min();

    private void Publish(RolloutSnapshot snapshot, RolloutPlan plan, ExecutionResult result)
    {
        metrics.ObservePolicy(snapshot, plan);
        var before = snapshot.Nodes.ToDictionary(n => n.Name);
        foreach (var action in result.Applied)
        {
            announcements.Applied(action);
            metrics.Applied(before[action.Node], action, snapshot.Now);
            if (action is NodeAction.ApplySpec write)
            {
                spans.Take(NodeSpans.Ended(snapshot.Policy, before[action.Node], write, snapshot.Now));
            }
        }

        metrics.ObserveDrains(snapshot.Policy.Name, BlockedDrain.Of(plan.Nodes, result.Evictions), snapshot.Now);

        foreach (var eviction in result.Evictions)
        {
            metrics.Evicted(eviction);
        }
    }

    private ReconcileResult Next(RolloutSnapshot snapshot, RolloutPlan plan, ExecutionResult result, TimeSpan? statusHeld, bool asked)
    {
        var now = time.GetUtcNow();
        TimeSpan?[] waits =
        [
            plan.NextWakeUp - now,
            statusHeld,
            asked ? Least : null,

            // By the clock of the plan, as they are asked: one that became due during the pass was not asked in it.
            plan.Probes.Where(q => q.DueAt > snapshot.Now).Min(q => (TimeSpan?)(q.DueAt - now)),
            result.Conflicted ? RetryConflict : null,
            result.Failures.Count > 0 ? RetryFailure : null,
        ];
        return waits.Min() is { } wait ? ReconcileResult.After(wait > Least ? wait : Least) : ReconcileResult.Done;
    }

    [LoggerMessage(2, LogLevel.Warning, "The status of policy {Policy} could not be written; it is tried again")]
    private partial void LogStatusNotWritten(Exception e, string policy);

    [LoggerMessage(1, LogLevel.Debug, "Planned for policy {Policy}: {Actions} actions, next wake-up {NextWakeUp}, gate {Gate}")]
    private partial void LogPlanned(string policy, int actions, DateTimeOffset? nextWakeUp, string? gate);
}
