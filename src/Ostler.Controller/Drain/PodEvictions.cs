using System.Net;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>Evicts pods, one try each and without waiting, and says how the API server answered.</summary>
internal sealed class PodEvictions(ApiClient client, TimeProvider time)
{
    /// <summary>Asks for the eviction of a pod.</summary>
    /// <param name="action">Which pod, of which UID.</param>
    /// <param name="labels">The pod's labels, by which its budgets are found.</param>
    /// <param name="budgets">The budgets of this pass.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<EvictionResult> EvictAsync(
        NodeAction.EvictPod action, IReadOnlyDictionary<string, string>? labels, DisruptionBudgets budgets, CancellationToken cancellationToken) =>
        TryAsync(new(action.Namespace, action.Pod), action.PodUid, action.GracePeriodSeconds, dryRun: false, labels, budgets, cancellationToken);

    /// <summary>
    /// Takes back what the eviction of a KubeVirt pod began: the mark on the machine first, or its controller would start another
    /// migration; then the migrations.
    /// </summary>
    public async Task CancelMigrationAsync(NodeAction.CancelMigration action, CancellationToken cancellationToken)
    {
        try
        {
            await client.CancelEvacuationAsync(new(action.Namespace, action.Instance), action.Node, cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // KubeVirt before 1.7 cannot be told to; and a machine that is gone needs not be.
        }

        if (!await client.HasResourceAsync(Migration.Resource, cancellationToken))
        {
            return;
        }

        var migrations = await client.ListAsync(Migration.Resource, new ListOptions { Namespace = action.Namespace }, cancellationToken);
        foreach (var migration in migrations.Items.Where(m => m.Spec?.VmiName == action.Instance && m.IsOfEvacuation && !m.IsOver))
        {
            try
            {
                await client.DeleteAsync(
                    Migration.Resource, new(action.Namespace, migration.Metadata.Name), new DeletePreconditions(migration.Metadata.Uid), null, cancellationToken);
            }
            catch (ApiException e) when (e.IsNotFound || e.IsConflict)
            {
                // Over in the meantime.
            }
        }
    }

    /// <summary>Asks whether a pod could be evicted now. Nothing is: not even the budget counts it.</summary>
    public Task<EvictionResult> DryRunAsync(PodFacts pod, DisruptionBudgets budgets, CancellationToken cancellationToken) =>
        TryAsync(new(pod.Namespace, pod.Name), pod.Uid, null, dryRun: true, pod.Labels, budgets, cancellationToken);

    private async Task<EvictionResult> TryAsync(
        NamespacedName pod, string uid, long? grace, bool dryRun, IReadOnlyDictionary<string, string>? labels, DisruptionBudgets budgets, CancellationToken cancellationToken)
    {
        try
        {
            await client.EvictAsync(pod, uid, Seconds(grace), dryRun, cancellationToken);
            return Result(pod, uid, EvictionOutcome.Accepted);
        }
        catch (ApiException e) when (!dryRun && e.IsTooManyRequests && IsOfKubeVirt(labels))
        {
            // So KubeVirt's webhook answers while it migrates the machine; its budget for the pod never allows an eviction.
            return Result(pod, uid, EvictionOutcome.Migrating) with { Message = Words(e) };
        }
        catch (ApiException e) when (e.Code is HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError)
        {
            return await BlockedAsync(pod, uid, labels, budgets, e, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Refused(pod, uid, e);
        }
    }

    /// <summary>
    /// Deletes a pod without asking any budget. Before that it gets the condition DisruptionTarget, as from an eviction, so that a Job
    /// whose podFailurePolicy ignores disruptions counts no failure. Where that is refused the pod is deleted all the same, and the
    /// result's message says so.
    /// </summary>
    public async Task<EvictionResult> DeleteAsync(NodeAction.DeletePod action, CancellationToken cancellationToken)
    {
        var pod = new NamespacedName(action.Namespace, action.Pod);
        var unmarked = await MarkAsync(pod, action, cancellationToken);
        try
        {
            await client.DeleteAsync(
                CoreResources.Pods, pod, new DeletePreconditions(action.PodUid), Seconds(action.GracePeriodSeconds), cancellationToken);
            return Result(pod, action.PodUid, EvictionOutcome.Accepted) with { Message = unmarked };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Refused(pod, action.PodUid, e);
        }
    }

    /// <returns>Why it could not be set; null: it is.</returns>
    private async Task<string?> MarkAsync(NamespacedName pod, NodeAction.DeletePod action, CancellationToken cancellationToken)
    {
        var condition = new JsonObject
        {
            ["type"] = "DisruptionTarget",
            ["status"] = "True",
            ["reason"] = "DeletionByOstler",
            ["message"] = "Ostler deletes the pod because its node's drain did not end in time (spec.drain.onTimeout: Force).",
            ["lastTransitionTime"] = Timestamp.Format(time.GetUtcNow()),
        };
        var patch = Patch.Apply(
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["uid"] = action.PodUid },
                ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
            },
            force: true);
        try
        {
            await client.PatchAsync(CoreResources.Pods, pod, patch, cancellationToken, "status");
            return null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The condition DisruptionTarget could not be set: {(e is ApiException answer ? Words(answer) : e.Message)}";
        }
    }

    private async Task<EvictionResult> BlockedAsync(
        NamespacedName pod, string uid, IReadOnlyDictionary<string, string>? labels, DisruptionBudgets budgets, ApiException answer, CancellationToken cancellationToken)
    {
        IReadOnlyList<Ostler.Kubernetes.Core.PodDisruptionBudget> matching;
        try
        {
            matching = await budgets.MatchingAsync(pod.Namespace, labels, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The names are for people; the outcome is known without them.
            matching = [];
        }

        // 429 is also what an overloaded server says, and 500 what a broken one does. The cause and the budgets tell, not the prose.
        var outcome = answer.IsTooManyRequests
            ? answer.Causes.Any(c => c.Type == "DisruptionBudget") || matching.Count > 0 ? EvictionOutcome.BlockedByBudget : EvictionOutcome.Failed
            : matching.Count > 1 ? EvictionOutcome.SeveralBudgets : EvictionOutcome.Failed;
        var named = outcome switch
        {
            EvictionOutcome.BlockedByBudget => DisruptionBudgets.InTheWay(matching),
            EvictionOutcome.SeveralBudgets => matching,
            EvictionOutcome.Accepted or EvictionOutcome.Migrating or EvictionOutcome.Gone or EvictionOutcome.NamespaceTerminating or EvictionOutcome.Failed => [],
        };
        return Result(pod, uid, outcome) with
        {
            Budget = named.Count == 0 ? null : string.Join(", ", named.Select(b => b.Metadata.Name)),
            Message = Words(answer),
        };
    }

    private EvictionResult Refused(NamespacedName pod, string uid, Exception e) => e switch
    {
        ApiException { IsNotFound: true } => Result(pod, uid, EvictionOutcome.Gone),

        // The UID is the only precondition: another pod has the name, so this one is gone.
        ApiException { IsConflict: true } => Result(pod, uid, EvictionOutcome.Gone),
        ApiException { IsForbiddenNamespaceTerminating: true } answer => Result(pod, uid, EvictionOutcome.NamespaceTerminating) with { Message = Words(answer) },
        ApiException answer => Result(pod, uid, EvictionOutcome.Failed) with { Message = Words(answer) },
        _ => Result(pod, uid, EvictionOutcome.Failed) with { Message = e.Message },
    };

    private EvictionResult Result(NamespacedName pod, string uid, EvictionOutcome outcome) =>
        new() { Namespace = pod.Namespace, Name = pod.Name, Uid = uid, Outcome = outcome, At = time.GetUtcNow() };

    private static bool IsOfKubeVirt(IReadOnlyDictionary<string, string>? labels) => labels?.GetValueOrDefault("kubevirt.io") == "virt-launcher";

    private static string Words(ApiException e) => e.Status?.Message is { Length: > 0 } words ? words : e.Message;

    private static int? Seconds(long? seconds) => seconds is { } s ? (int)Math.Min(s, int.MaxValue) : null;
}
