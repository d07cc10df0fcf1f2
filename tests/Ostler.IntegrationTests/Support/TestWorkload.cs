using System.Text.Json.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Kubelet;
using k8s.Models;

namespace Ostler.IntegrationTests.Support;

/// <summary>A Deployment of the user's, with what can stand in the way of a drain.</summary>
internal sealed class TestWorkload
{
    private const string StubbornLabel = "test.example/stubborn";

    private readonly Rig _rig;

    private readonly string _namespace;

    private TestWorkload(Rig rig, string name, string ns) => (_rig, Name, _namespace) = (rig, name, ns);

    public string Name { get; }

    /// <param name="rig">Where.</param>
    /// <param name="name">Its name, and that of its budget.</param>
    /// <param name="replicas">How many pods.</param>
    /// <param name="node">The only node that its pods may run on; null: any.</param>
    /// <param name="minAvailable">What its PodDisruptionBudget asks for; null: it has none.</param>
    /// <param name="finalizer">Put on each of its pods.</param>
    /// <param name="stubborn">Its containers do not end when they are told to; see <see cref="LetGoAsync"/>.</param>
    public static async Task<TestWorkload> ApplyAsync(
        Rig rig, string name, int replicas, string? node = null, int? minAvailable = null, string? finalizer = null, bool stubborn = false)
    {
        var pod = new JsonObject
        {
            ["terminationGracePeriodSeconds"] = stubborn ? 3600 : 1,
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "registry.example/main:1" }),
        };
        if (node is not null)
        {
            pod["nodeSelector"] = new JsonObject { ["kubernetes.io/hostname"] = node };
        }

        var meta = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } };
        if (stubborn)
        {
            meta["labels"]![StubbornLabel] = "true";
        }

        if (finalizer is not null)
        {
            meta["finalizers"] = new JsonArray(finalizer);
        }

        return await CreateAsync(new(rig, name, "default"), replicas, meta, pod, minAvailable);
    }

    /// <summary>Two pods that look like those of Ostler's own controller, with a budget that keeps one of them.</summary>
    public static Task<TestWorkload> ApplyControllerAsync(Rig rig)
    {
        var labels = new JsonObject { ["app"] = "ostler-controller" };
        labels["app.kubernetes.io/name"] = "ostler";
        labels["app.kubernetes.io/component"] = "controller";
        var pod = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "registry.example/main:1" }) };
        return CreateAsync(new(rig, "ostler-controller", Installation.Namespace), 2, new() { ["labels"] = labels }, pod, minAvailable: 1);
    }

    private static async Task<TestWorkload> CreateAsync(TestWorkload workload, int replicas, JsonObject meta, JsonObject pod, int? minAvailable)
    {
        await Manifests.ApplyAsync(
            workload._rig.Api,
            new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "Deployment",
                ["metadata"] = new JsonObject { ["name"] = workload.Name, ["namespace"] = workload._namespace },
                ["spec"] = new JsonObject
                {
                    ["replicas"] = replicas,
                    ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = workload.Name } },
                    ["template"] = new JsonObject { ["metadata"] = meta, ["spec"] = pod },
                },
            },
            Rig.Cancel);
        await workload.ReadyAsync(replicas);
        if (minAvailable is { } least)
        {
            await workload.ProtectAsync(least);
        }

        return workload;
    }

    /// <summary>Puts a budget on it, and waits until the controllers have counted its pods.</summary>
    public async Task ProtectAsync(int minAvailable)
    {
        var type = _rig.Fleet.Cluster.Capabilities.HasPolicyV1 ? KnownResources.PodDisruptionBudgets : KnownResources.PodDisruptionBudgetsV1Beta1;
        await Manifests.ApplyAsync(
            _rig.Api,
            new JsonObject
            {
                ["apiVersion"] = _rig.Fleet.Cluster.Capabilities.HasPolicyV1 ? "policy/v1" : "policy/v1beta1",
                ["kind"] = "PodDisruptionBudget",
                ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = _namespace },
                ["spec"] = new JsonObject
                {
                    ["minAvailable"] = minAvailable,
                    ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = Name } },
                },
            },
            Rig.Cancel);
        await _rig.Api.WaitForAsync(type, new(_namespace, Name), b => b?.Status?.CurrentHealthy >= minAvailable, Rig.Cancel);
    }

    /// <summary>Waits until so many of its pods are ready.</summary>
    public Task ReadyAsync(int replicas) => _rig.Api.WaitForAsync(
        KnownResources.Deployments,
        new(_namespace, Name),
        d => (d?.Status?.ReadyReplicas ?? 0) == replicas,
        Rig.Cancel,
        TimeSpan.FromMinutes(1));

    public async Task<IReadOnlyList<V1Pod>> PodsAsync() => (await _rig.Api.ListAsync(
        KnownResources.Pods, new() { Namespace = _namespace, LabelSelector = $"app={Name}" }, Rig.Cancel)).Items;

    /// <summary>How the pods of workloads behave on the simulated nodes.</summary>
    public static PodBehavior BehaviorOf(V1Pod pod) =>
        pod.Metadata.Labels?.ContainsKey(StubbornLabel) == true ? new() { TerminationDuration = TimeSpan.FromHours(1) } : new();

    public Task ScaleAsync(int replicas) => _rig.Api.PatchAsync(
        KnownResources.Deployments,
        new(_namespace, Name),
        Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } }),
        Rig.Cancel);

    /// <summary>Waits until its pod is told to end, and ends it: by force, and without its finalizers.</summary>
    public async Task LetGoAsync()
    {
        foreach (var pod in (await PodsAsync()).Where(p => p.Spec.NodeName is not null))
        {
            var name = new NamespacedName(_namespace, pod.Metadata.Name);
            await _rig.Api.WaitForAsync(KnownResources.Pods, name, p => p?.Metadata.DeletionTimestamp is not null, Rig.Cancel, TimeSpan.FromMinutes(1));
            try
            {
                await _rig.Api.DeleteAsync(KnownResources.Pods, name, new DeletePreconditions(pod.Metadata.Uid), 0, Rig.Cancel);
                await _rig.Api.PatchAsync(KnownResources.Pods, name, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }), Rig.Cancel);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // One of the two was enough.
            }
        }
    }
}
