using System.Collections.Concurrent;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>
/// Reads how single workloads stand. No cache: of all the workloads of a cluster only those are of interest whose pods had to leave a node,
/// and only while that is not made good.
/// </summary>
internal sealed class DisplacedWorkloads(ApiClient client, TimeProvider time)
{
    private const int Parallelism = 8;

    public async Task<WorkloadFacts> AskAsync(Probe.Workloads question, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var found = new ConcurrentDictionary<(string Kind, string Namespace, string Name), WorkloadState>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(question.Named, options, async (workload, token) =>
        {
            var key = (workload.Kind, workload.Namespace, workload.Name);
            found[key] = await ReadAsync(key, token) ?? new(workload.Kind, workload.Namespace, workload.Name, null, 0);
        });

        // A Deployment is known by its ReplicaSet only: of the two, it is the one that must be available, whichever revision its pods have.
        var controllers = question.Of.Where(p => p.Controller is not null).Select(p => (p.Controller!.Kind, p.Namespace, p.Controller.Name)).Distinct();
        await Parallel.ForEachAsync(controllers, options, async (controller, token) =>
        {
            if (await OwnerAsync(controller, token) is { } key && !found.ContainsKey(key) && await ReadAsync(key, token) is { } state)
            {
                found[key] = state;
            }
        });
        return new() { At = at, Workloads = [.. found.OrderBy(f => f.Key).Select(f => f.Value)] };
    }

    private async Task<(string Kind, string Namespace, string Name)?> OwnerAsync((string Kind, string Namespace, string Name) controller, CancellationToken cancellationToken)
    {
        if (controller.Kind != "ReplicaSet")
        {
            return TypeOf(controller.Kind) is null ? null : controller;
        }

        var set = await client.GetAsync(CoreResources.ReplicaSets, new(controller.Namespace, controller.Name), cancellationToken);
        var owner = set?.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);
        return owner is { Kind: "Deployment" } ? ("Deployment", controller.Namespace, owner.Name) : controller;
    }

    private async Task<WorkloadState?> ReadAsync((string Kind, string Namespace, string Name) key, CancellationToken cancellationToken)
    {
        if (TypeOf(key.Kind) is not { } type || await client.GetAsync(type, new(key.Namespace, key.Name), cancellationToken) is not { } workload)
        {
            return null;
        }

        // Zero is left out, so that a missing number is none; but before 1.22 StatefulSets do not have it.
        var available = workload.Status?.AvailableReplicas ?? (key.Kind == "StatefulSet" ? workload.Status?.ReadyReplicas : null) ?? 0;
        return new(key.Kind, key.Namespace, key.Name, workload.Spec?.Replicas ?? 1, available);
    }

    private static ResourceType<Workload>? TypeOf(string kind) => kind switch
    {
        "Deployment" => CoreResources.Deployments,
        "StatefulSet" => CoreResources.StatefulSets,
        "ReplicaSet" => CoreResources.ReplicaSets,
        "ReplicationController" => CoreResources.ReplicationControllers,
        _ => null,
    };
}
