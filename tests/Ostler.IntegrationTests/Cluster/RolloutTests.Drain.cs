using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Snapshot;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using k8s;
using k8s.Models;

namespace Ostler.IntegrationTests.Cluster;

/// <content>Drains of real pods, under the rights of config/rbac: what a scripted server would only repeat after us.</content>
public sealed partial class RolloutTests
{
    private const string SystemNamespace = "ostler-system";

    [Fact]
    public async Task A_dry_run_of_an_eviction_is_refused_by_a_budget_and_moves_nothing()
    {
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var node = Assert.Single(await fleet.StartAsync(1, Cancel));
        await using var ns = await Cluster.CreateNamespaceAsync("apps", Cancel);
        using var client = await ControllerClientAsync();
        using var admin = Cluster.CreateApiClient();
        await CreateDeploymentAsync(ns.Name, fleet.Name, replicas: 2);
        await AvailableAsync(admin, ns.Name, 2);
        var budgets = await BudgetsAsync(admin);
        await admin.CreateAsync(budgets, Budget(budgets, ns.Name, minAvailable: 2), Cancel);
        await BudgetAsync(admin, ns.Name, allowed: 0);
        var time = TimeProvider.System;
        var (noNodes, noNamespaces) = (new Informer<Node>(client, CoreResources.Nodes), new Informer<Namespace>(client, CoreResources.Namespaces));
        var dryRun = new DrainDryRun(
            client, new(client, time), noNodes.Lister, noNamespaces.Lister, new("ostler-system", noNodes.Lister), time);

        var blocked = await dryRun.AskAsync(new(node, "uid", time.GetUtcNow()), new(), Cancel);

        var pods = blocked.Pods!.Where(p => p.Namespace == ns.Name).ToArray();
        Assert.Equal(2, pods.Length);
        Assert.All(pods, p => Assert.Equal((EvictionOutcome.BlockedByBudget, "web"), (p.LastEviction!.Outcome, p.LastEviction.Budget)));

        await admin.DeleteAsync(budgets, new NamespacedName(ns.Name, "web"), null, null, Cancel);
        await admin.WaitForAsync(budgets, new NamespacedName(ns.Name, "web"), b => b is null, Cancel, Patience);
        await admin.CreateAsync(budgets, Budget(budgets, ns.Name, minAvailable: 1), Cancel);
        await BudgetAsync(admin, ns.Name, allowed: 1);

        // Each of the two may go, though not both at once; and neither was counted against the other.
        var free = await dryRun.AskAsync(new(node, "uid", time.GetUtcNow()), new(), Cancel);

        Assert.All(free.Pods!.Where(p => p.Namespace == ns.Name), p => Assert.Equal(EvictionOutcome.Accepted, p.LastEviction!.Outcome));
        var after = await admin.ListAsync(CoreResources.Pods, new ListOptions { Namespace = ns.Name }, Cancel);
        Assert.Equal(pods.Select(p => p.Uid).Order(), after.Items.Select(p => p.Metadata.Uid).Order());
        Assert.All(after.Items, p => Assert.Null(p.Metadata.DeletionTimestamp));
        await BudgetAsync(admin, ns.Name, allowed: 1);
    }

    [Fact]
    public async Task A_node_keeps_its_slot_until_what_its_drain_displaced_is_available_again()
    {
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var nodes = await fleet.StartAsync(2, Cancel);
        await using var ns = await Cluster.CreateNamespaceAsync("apps", Cancel);
        using var admin = Cluster.CreateApiClient();

        // One on each node and no two on one: a pod that must leave has nowhere to go until its node is back.
        await CreateDeploymentAsync(ns.Name, fleet.Name, replicas: 2, apart: true);
        await AvailableAsync(admin, ns.Name, 2);
        await using var controller = Running.Start(output, await ControllerClientAsync(), SystemNamespace, "a");
        await ApplyAsync(admin, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest });
        var recovering = await Task.WhenAll(nodes.Select(n => admin.WaitForAsync(
            OstlerResources.NodeOSes, NamespacedName.ClusterScoped(n), o => o?.Spec is { Goal: Goal.Observe, Deadlines.Recovered: not null }, Cancel, Patience)));

        // Each was seen back in service with its slot kept.
        Assert.All(recovering, o => Assert.Equal(
            new DisplacedWorkload { Kind = "Deployment", Namespace = ns.Name, Name = "web", Available = 2 }, Assert.Single(o!.Spec.Displaced!)));
        var policy = await admin.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name),
            p => p?.Status is { Nodes: { Updated: 2, Unavailable: 0 } } status && status.Conditions.IsTrue(ConditionTypes.Ready), Cancel, Patience);
        Assert.NotNull(policy);
        await AvailableAsync(admin, ns.Name, 2);
        foreach (var name in nodes)
        {
            var os = await admin.GetAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(name), Cancel);
            Assert.Equal((Goal.Observe, null, null), (os!.Spec.Goal, os.Spec.Displaced, os.Spec.Deadlines));
        }
    }

    [Fact]
    public async Task A_node_whose_drain_a_budget_would_block_is_not_cordoned_and_status_names_the_budget_and_the_pods()
    {
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var node = Assert.Single(await fleet.StartAsync(1, Cancel));
        await using var ns = await Cluster.CreateNamespaceAsync("apps", Cancel);
        using var admin = Cluster.CreateApiClient();
        await CreateDeploymentAsync(ns.Name, fleet.Name, replicas: 1);
        await AvailableAsync(admin, ns.Name, 1);
        var budgets = await BudgetsAsync(admin);
        await admin.CreateAsync(budgets, Budget(budgets, ns.Name, minAvailable: 1), Cancel);
        await BudgetAsync(admin, ns.Name, allowed: 0);
        await using var controller = Running.Start(output, await ControllerClientAsync(), SystemNamespace, "a");
        await ApplyAsync(admin, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest });

        var policy = await admin.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name), p => p?.Status?.Blocked is [{ Reason: Reasons.DrainWouldBlock }], Cancel, Patience);

        Assert.Contains($"{ns.Name}/web-", policy!.Status!.Blocked![0].Message, StringComparison.Ordinal);
        Assert.Contains("PodDisruptionBudget web ", policy.Status.Blocked[0].Message, StringComparison.Ordinal);
        Assert.False((await admin.GetAsync(CoreResources.Nodes, NamespacedName.ClusterScoped(node), Cancel))!.Unschedulable);
    }

    /// <summary>With the rights that config/rbac gives, and no others.</summary>
    private async Task<ApiClient> ControllerClientAsync()
    {
        using var admin = Cluster.CreateApiClient();
        foreach (var file in (string[])["namespace/namespace.yaml", "rbac/controller.yaml"])
        {
            await Manifests.ApplyFileAsync(admin, Path.Combine(Repository.Config, file), Cancel);
        }

        return Cluster.CreateApiClient(
            await Cluster.ServiceAccountKubeconfigAsync(SystemNamespace, "ostler-controller", cancellationToken: Cancel), new() { FieldManager = "ostler-controller" });
    }

    private async Task CreateDeploymentAsync(string ns, string fleet, int replicas, bool apart = false)
    {
        var labels = new Dictionary<string, string> { ["app"] = "web" };
        await Cluster.Admin.AppsV1.CreateNamespacedDeploymentAsync(
            new V1Deployment
            {
                Metadata = new V1ObjectMeta { Name = "web" },
                Spec = new V1DeploymentSpec
                {
                    Replicas = replicas,
                    Selector = new V1LabelSelector { MatchLabels = labels },
                    Template = new V1PodTemplateSpec
                    {
                        Metadata = new V1ObjectMeta { Labels = labels },
                        Spec = new V1PodSpec
                        {
                            NodeSelector = new Dictionary<string, string> { ["fleet"] = fleet },
                            TerminationGracePeriodSeconds = 1,
                            Containers = [new V1Container { Name = "web", Image = "web:1" }],
                            Affinity = apart
                                ? new V1Affinity
                                {
                                    PodAntiAffinity = new V1PodAntiAffinity
                                    {
                                        RequiredDuringSchedulingIgnoredDuringExecution =
                                        [
                                            new V1PodAffinityTerm { TopologyKey = "kubernetes.io/hostname", LabelSelector = new V1LabelSelector { MatchLabels = labels } },
                                        ],
                                    },
                                }
                                : null,
                        },
                    },
                },
            },
            ns,
            cancellationToken: Cancel);
    }

    private static V1PodDisruptionBudget Budget(ResourceType<V1PodDisruptionBudget> type, string ns, int minAvailable) => new()
    {
        ApiVersion = type.ApiVersion,
        Kind = "PodDisruptionBudget",
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = ns },
        Spec = new V1PodDisruptionBudgetSpec
        {
            MinAvailable = minAvailable,
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } },
        },
    };

    private static async Task BudgetAsync(ApiClient client, string ns, int allowed) => await client.WaitForAsync(
        await BudgetsAsync(client), new NamespacedName(ns, "web"),
        b => b?.Status is { ExpectedPods: > 0 } status && status.DisruptionsAllowed == allowed && status.ObservedGeneration == b.Metadata.Generation, Cancel, Patience);

    /// <summary>Until 1.21 there is v1beta1 only, from 1.25 on v1 only.</summary>
    private static async Task<ResourceType<V1PodDisruptionBudget>> BudgetsAsync(ApiClient client) =>
        await client.HasResourceAsync(KnownResources.PodDisruptionBudgets, Cancel) ? KnownResources.PodDisruptionBudgets : KnownResources.PodDisruptionBudgetsV1Beta1;

    private static async Task AvailableAsync(ApiClient client, string ns, int replicas) => await client.WaitForAsync(
        CoreResources.Deployments, new NamespacedName(ns, "web"), d => d?.Status?.AvailableReplicas == replicas, Cancel, Patience);
}
