using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Drain;
using Ostler.Controller.Nodes;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>What the writes of one pass gave.</summary>
internal sealed record ExecutionResult
{
    /// <summary>What the evictions and deletions gave.</summary>
    public IReadOnlyList<EvictionResult> Evictions { get; init; } = [];

    /// <summary>The writes that went through, evictions aside.</summary>
    public IReadOnlyList<NodeAction> Applied { get; init; } = [];

    /// <summary>The nodes whose writes stopped because the API server refused one, or could not be asked; a conflict is none.</summary>
    public IReadOnlyList<(NodeAction Action, Exception Error)> Failures { get; init; } = [];

    /// <summary>Whether some object was not any more as the plan saw it: plan anew.</summary>
    public bool Conflicted { get; init; }
}

/// <summary>
/// Makes the writes of a plan, once and without waiting. Nodes go side by side, the writes of one node in order, except that its pods are
/// evicted side by side, as kubectl drain does; after one that fails, the rest of that node is left out, and the other nodes go on.
/// </summary>
internal sealed partial class Executor(
    ApiClient client,
    Informer<Node> nodes,
    Informer<NodeOS> nodeOSes,
    PodEvictions evictions,
    Action<EvictionResult> record,
    ProbeCache answers,
    TimeProvider time,
    ILogger<Executor> logger)
{
    /// <summary>How many nodes are written to at once: enough to fill the round trips, too few to be throttled.</summary>
    public const int Parallelism = 16;

    /// <summary>
    /// How many pods of one node are evicted at once. Each eviction of a pod with a budget writes that budget's status, so that many more
    /// would only make conflicts within the API server.
    /// </summary>
    public const int PodParallelism = 8;

    /// <summary>How much of the server's words goes into a verdict.</summary>
    private const int LongestRefusal = 512;

    public async Task<ExecutionResult> ExecuteAsync(RolloutSnapshot snapshot, RolloutPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Actions.Count == 0)
        {
            return new();
        }

        var pass = new Pass(snapshot.Nodes.ToDictionary(n => n.Name), new DisruptionBudgets(client));
        await Parallel.ForEachAsync(
            plan.Actions.GroupBy(a => a.Node),
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (actions, token) => await ExecuteNodeAsync(pass, [.. actions], token));
        return pass.Result();
    }

    private async Task ExecuteNodeAsync(Pass pass, IReadOnlyList<NodeAction> actions, CancellationToken cancellationToken)
    {
        for (var done = 0; done < actions.Count;)
        {
            NodeAction[] next = actions[done] is NodeAction.EvictPod or NodeAction.DeletePod
                ? [.. actions.Skip(done).TakeWhile(static a => a is NodeAction.EvictPod or NodeAction.DeletePod)]
                : [actions[done]];
            var failed = 0;
            await Parallel.ForEachAsync(
                next,
                new ParallelOptions { MaxDegreeOfParallelism = PodParallelism, CancellationToken = cancellationToken },
                async (action, token) => _ = await TryAsync(pass, action, token) ? 0 : Interlocked.Increment(ref failed));
            if (failed > 0)
            {
                return;
            }

            done += next.Length;
        }
    }

    /// <summary>False when the rest of the node's writes must be left out.</summary>
    private async Task<bool> TryAsync(Pass pass, NodeAction action, CancellationToken cancellationToken)
    {
        if (action is NodeAction.Cordon { NotAfter: { } until } && time.GetUtcNow() > until)
        {
            // Writes before this one took their time. What the gates said when this was planned opens nothing any more.
            LogExpired(action.Node, until);
            pass.Conflicted = true;
            return false;
        }

        using var scope = logger.BeginScope(TraceScope.Of(pass.Nodes.GetValueOrDefault(action.Node), action));
        try
        {
            await ExecuteAsync(pass, action, cancellationToken);
            if (ObjectOf(action) is { } written)
            {
                answers.Accept(action.NodeUid, written);
            }

            return true;
        }
        catch (ApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // The world moved on since the snapshot; what is right now only another plan can tell.
            LogConflict(action.Node, e.Message);
            pass.Conflicted = true;
            return false;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(e, action.GetType().Name, action.Node, action.Reason);
            if (e is ApiException refusal && ObjectOf(action) is { } refused && IsRefusal(refusal))
            {
                answers.Refuse(action.NodeUid, refused, MessageText.Cut(refusal.Status?.Message ?? refusal.Message, LongestRefusal));
            }

            pass.Failures.Add((action, e));
            return false;
        }
    }

    /// <summary>What an action writes to; null: to pods, of which drains have words of their own.</summary>
    private static string? ObjectOf(NodeAction action) => action switch
    {
        NodeAction.ApplySpec => "NodeOS",
        NodeAction.Cordon or NodeAction.Uncordon or NodeAction.RemoveJoinTaint => "Node",
        NodeAction.EvictPod or NodeAction.DeletePod or NodeAction.CancelMigration => null,
        _ => throw new InvalidOperationException($"No such action: {action}"),
    };

    /// <summary>
    /// Whether the server has judged the write and does not want it: validation, a webhook, a quota, permissions. A webhook that fails
    /// answers with 500.
    /// </summary>
    private static bool IsRefusal(ApiException e) =>
        e.Code is >= HttpStatusCode.BadRequest and <= HttpStatusCode.InternalServerError
        and not (HttpStatusCode.Unauthorized or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests);

    private async Task ExecuteAsync(Pass pass, NodeAction action, CancellationToken cancellationToken)
    {
        var name = NamespacedName.ClusterScoped(action.Node);
        switch (action)
        {
            case NodeAction.Cordon cordon:
                LogCordoning(cordon.Node, cordon.Reason, cordon.Message);
                nodes.Absorb(await client.PatchAsync(CoreResources.Nodes, name, NodePatches.Cordon(cordon), cancellationToken));
                pass.Applied.Add(action);
                break;
            case NodeAction.Uncordon uncordon:
                LogUncordoning(uncordon.Node, uncordon.Reason, uncordon.Message);
                nodes.Absorb(await client.PatchAsync(CoreResources.Nodes, name, NodePatches.Uncordon(uncordon), cancellationToken));
                pass.Applied.Add(action);
                break;
            case NodeAction.RemoveJoinTaint taint:
                LogUntainting(taint.Node, taint.Reason, taint.Message);
                nodes.Absorb(await client.PatchAsync(CoreResources.Nodes, name, NodePatches.RemoveJoinTaint(taint, nodes.Lister.Get(name)?.Spec?.Taints), cancellationToken));
                pass.Applied.Add(action);
                break;
            case NodeAction.ApplySpec apply:
                LogApplying(apply.Node, apply.Spec.Goal, apply.Spec.Image?.Digest, apply.Spec.Attempt, apply.Reason, apply.Message);
                var uid = pass.Nodes.GetValueOrDefault(apply.Node)?.OS?.Uid;
                nodeOSes.Absorb(await client.PatchAsync(OstlerResources.NodeOSes, name, NodePatches.ApplySpec(apply, uid), cancellationToken));
                pass.Applied.Add(action);
                break;
            case NodeAction.EvictPod evict:
                LogEvicting(evict.Node, evict.Namespace, evict.Pod, evict.Reason);
                Record(pass, action, await evictions.EvictAsync(evict, pass.LabelsOf(evict), pass.Budgets, cancellationToken));
                break;
            case NodeAction.DeletePod delete:
                LogDeleting(delete.Node, delete.Namespace, delete.Pod, delete.Reason, delete.Message);
                Record(pass, action, await evictions.DeleteAsync(delete, cancellationToken));
                break;
            case NodeAction.CancelMigration migration:
                LogCancelling(migration.Node, migration.Namespace, migration.Instance, migration.Reason);
                await CancelAsync(pass, migration, cancellationToken);
                break;
            default:
                throw new InvalidOperationException($"{action.GetType().Name} is not an action that can be carried out.");
        }
    }

    /// <summary>Never in the way of the uncordon that follows: what KubeVirt refuses is for people.</summary>
    private async Task CancelAsync(Pass pass, NodeAction.CancelMigration action, CancellationToken cancellationToken)
    {
        try
        {
            await evictions.CancelMigrationAsync(action, cancellationToken);
            pass.Applied.Add(action);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotCancelled(e, action.Node, action.Namespace, action.Instance);
        }
    }

    private void Record(Pass pass, NodeAction action, EvictionResult result)
    {
        if (result.Outcome != EvictionOutcome.Accepted)
        {
            LogNotEvicted(action.Node, result.Namespace, result.Name, result.Outcome, result.Budget, result.Message);
        }
        else if (result.Message is { } remark)
        {
            LogRemark(action.Node, result.Namespace, result.Name, remark);
        }

        record(result);
        pass.Evictions.Add(result);
    }

    private sealed class Pass(IReadOnlyDictionary<string, NodeFacts> nodes, DisruptionBudgets budgets)
    {
        public IReadOnlyDictionary<string, NodeFacts> Nodes => nodes;
        public DisruptionBudgets Budgets => budgets;
        public ConcurrentBag<EvictionResult> Evictions { get; } = [];
        public ConcurrentBag<NodeAction> Applied { get; } = [];
        public ConcurrentBag<(NodeAction Action, Exception Error)> Failures { get; } = [];
        public volatile bool Conflicted;

        public IReadOnlyDictionary<string, string>? LabelsOf(NodeAction.EvictPod evict) =>
            nodes.GetValueOrDefault(evict.Node)?.Pods?.FirstOrDefault(p => p.Uid == evict.PodUid)?.Labels;

        /// <summary>Sorted, because side by side means in any order and a report must not change for that.</summary>
        public ExecutionResult Result() => new()
        {
            Evictions = [.. Evictions.OrderBy(e => (e.Namespace, e.Name))],
            Applied = [.. Applied.OrderBy(a => a.Node, StringComparer.Ordinal)],
            Failures = [.. Failures.OrderBy(f => f.Action.Node, StringComparer.Ordinal)],
            Conflicted = Conflicted,
        };
    }

    [LoggerMessage(1, LogLevel.Information, "Cordoning node {Node}: {Reason}: {Message}")]
    private partial void LogCordoning(string node, string reason, string message);

    [LoggerMessage(2, LogLevel.Information, "Uncordoning node {Node}: {Reason}: {Message}")]
    private partial void LogUncordoning(string node, string reason, string message);

    [LoggerMessage(3, LogLevel.Information, "Setting the goal of node {Node} to {Goal} of {Digest}, attempt {Attempt}: {Reason}: {Message}")]
    private partial void LogApplying(string node, Goal goal, string? digest, long attempt, string reason, string message);

    [LoggerMessage(4, LogLevel.Information, "Evicting pod {Namespace}/{Pod} from node {Node}: {Reason}")]
    private partial void LogEvicting(string node, string @namespace, string pod, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Deleting pod {Namespace}/{Pod} from node {Node} without regard to budgets: {Reason}: {Message}")]
    private partial void LogDeleting(string node, string @namespace, string pod, string reason, string message);

    [LoggerMessage(6, LogLevel.Information, "Pod {Namespace}/{Pod} of node {Node} was not evicted: {Outcome} (budget: {Budget}): {Words}")]
    private partial void LogNotEvicted(string node, string @namespace, string pod, EvictionOutcome outcome, string? budget, string? words);

    [LoggerMessage(12, LogLevel.Warning, "Pod {Namespace}/{Pod} of node {Node} was deleted. {Words}")]
    private partial void LogRemark(string node, string @namespace, string pod, string words);

    [LoggerMessage(7, LogLevel.Debug, "Node {Node} changed since the plan was made; planning again: {Words}")]
    private partial void LogConflict(string node, string words);

    [LoggerMessage(12, LogLevel.Debug,
        "Node {Node} gets no slot yet: the gates were evaluated too long ago (until {Until}); planning again")]
    private partial void LogExpired(string node, DateTimeOffset until);

    [LoggerMessage(9, LogLevel.Information, "Removing the join taint of node {Node}: {Reason}: {Message}")]
    private partial void LogUntainting(string node, string reason, string message);

    [LoggerMessage(10, LogLevel.Information, "Cancelling the evacuation of VirtualMachineInstance {Namespace}/{Instance} from node {Node}: {Reason}")]
    private partial void LogCancelling(string node, string @namespace, string instance, string reason);

    [LoggerMessage(11, LogLevel.Warning, "The evacuation of VirtualMachineInstance {Namespace}/{Instance} from node {Node} could not be cancelled; it may still be migrated")]
    private partial void LogNotCancelled(Exception e, string node, string @namespace, string instance);

    [LoggerMessage(8, LogLevel.Warning, "{Action} of node {Node} ({Reason}) failed; it is tried again")]
    private partial void LogFailed(Exception e, string action, string node, string reason);
}
