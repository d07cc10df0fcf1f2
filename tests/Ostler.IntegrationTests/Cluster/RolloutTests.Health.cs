using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Health;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Scripted;
using Ostler.Testing.Waiting;
using k8s.Models;

namespace Ostler.IntegrationTests.Cluster;

public sealed partial class RolloutTests
{
    [Fact]
    public async Task A_node_is_updated_when_the_controllers_checks_pass_and_not_before()
    {
        var isUp = false;
        await using var web = new ScriptedServer((_, response, _) => response.WholeAsync(Volatile.Read(ref isUp) ? 200 : 503, "text/plain", "starting"u8.ToArray()));
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var node = NamespacedName.ClusterScoped((await fleet.StartAsync(1, Cancel))[0]);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await RunDaemonAsync(client, ns.Name, fleet.Name);
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");

        await ApplyAsync(client, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest }, s => s with
        {
            Health = new()
            {
                Checks =
                [
                    Often(new() { Name = "cni", Pods = new() { Namespace = ns.Name, Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "cni" } } } }),
                    Often(new()
                    {
                        Name = "gate",
                        Condition = new() { ApiVersion = "v1", Kind = "ConfigMap", Namespace = ns.Name, Name = "{node}", Path = "{.data.ready}", Operator = ConditionOperator.Equal, Value = "yes" },
                        Successes = 2,
                    }),
                    Often(new() { Name = "web", Http = new() { Url = web.Address.AbsoluteUri, From = HttpCheckOrigin.Controller } }),
                ],
            },
        });

        // An object that never comes is told of, with what is missing.
        var policy = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name), p => p?.Status?.Blocked?.Any(b => b.Reason == Reasons.HealthCheckMissing) == true, Cancel, Patience);
        Assert.Contains($"ConfigMap {ns.Name}/{node.Name} does not exist", policy!.Status!.Blocked![0].Message, StringComparison.Ordinal);
        var os = await client.GetAsync(OstlerResources.NodeOSes, node, Cancel);
        var before = Assert.Single(os!.Spec.ReadyBefore!);
        Assert.Equal(("cni", 1, true), (before.Check, before.Total, before.Pods![0].Owner?.Length > 0));

        await client.CreateAsync(
            KnownResources.ConfigMaps, new() { Metadata = new() { Name = node.Name, NamespaceProperty = ns.Name }, Data = new Dictionary<string, string> { ["ready"] = "yes" } }, Cancel);
        await client.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name),
            p => p?.Status?.InFlight?.Any(n => n.Message?.Contains("web: GET", StringComparison.Ordinal) == true) == true, Cancel, Patience);
        Assert.Equal(Goal.Boot, (await client.GetAsync(OstlerResources.NodeOSes, node, Cancel))!.Spec.Goal);

        Volatile.Write(ref isUp, true);
        await client.WaitForAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name), p => p?.Status?.Nodes is { Updated: 1, Unavailable: 0 }, Cancel, Patience);
        Assert.Null((await client.GetAsync(OstlerResources.NodeOSes, node, Cancel))!.Spec.Failure);
        using var http = new HttpClient();
        Assert.Matches(
            "ostler_health_check_errors_total{check=\"condition\",outcome=\"Missing\"} [1-9]", await http.GetStringAsync(new Uri(await controller.MetricsAsync(), "/metrics"), Cancel));
    }

    /// <summary>With the rights of config/rbac, and not one more.</summary>
    [Fact]
    public async Task An_object_is_read_once_an_admin_has_granted_it()
    {
        using var admin = Cluster.CreateApiClient();
        await EnsureOwnNamespaceAsync(admin);
        await Manifests.ApplyFileAsync(admin, Path.Combine(Repository.Config, "rbac", "controller.yaml"), Cancel);
        using var client = Cluster.CreateApiClient(await Cluster.UserKubeconfigAsync("system:serviceaccount:ostler-system:ostler-controller", ["system:serviceaccounts", "system:authenticated"], Cancel));
        var probes = new CheckProbes(client, null!, TimeProvider.System);
        var subject = new CheckSubject { Node = "n1", Epoch = new("uid", 1, "boot-1"), Checks = [] };
        var check = new HealthCheck
        {
            Name = "gate",
            Condition = new() { ApiVersion = "v1", Kind = "ServiceAccount", Namespace = "ostler-system", Name = "ostler-controller", Path = "{.metadata.name}", Operator = ConditionOperator.Equal, Value = "ostler-controller" },
        };

        var refused = await probes.MakeAsync(subject, check, Cancel);
        Assert.Equal(CheckOutcome.Error, refused.Outcome);
        Assert.Contains("grant get on serviceaccounts with a ClusterRole labelled ostler.dev/aggregate-to-health-checks", refused.Message, StringComparison.Ordinal);

        await Manifests.ApplyAsync(admin, Granting("serviceaccounts"), Cancel);
        // The cluster's own controller gathers the rules.
        await Polling.UntilAsync(
            "the check passes", async () => await probes.MakeAsync(subject, check, Cancel), found => found.Outcome == CheckOutcome.Passed,
            found => $"{found.Outcome}: {found.Message}", Cancel);

        // Secrets of its own namespace can be asked for, and no others.
        var here = await probes.MakeAsync(subject, Asking("ostler-system"), Cancel);
        var elsewhere = await probes.MakeAsync(subject, Asking("kube-system"), Cancel);
        Assert.Equal("the Secret ostler-system/none does not exist", here.Message);
        Assert.StartsWith("the controller may not read the Secret kube-system/none", elsewhere.Message, StringComparison.Ordinal);

        static HealthCheck Asking(string secrets) => new()
        {
            Name = "metrics",
            Prometheus = new() { Url = "https://127.0.0.1:1", Query = "up", BearerTokenSecretRef = new() { Namespace = secrets, Name = "none" } },
        };
    }

    private static HealthCheck Often(HealthCheck check) => check with { Interval = Duration.FromSeconds(1) };

    private static JsonObject Granting(string resource) => JsonNode.Parse(
        $$$"""
        {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",
         "metadata":{"name":"test-reads-{{{resource}}}","labels":{"ostler.dev/aggregate-to-health-checks":"true"}},
         "rules":[{"apiGroups":[""],"resources":["{{{resource}}}"],"verbs":["get"]}]}
        """)!.AsObject();

    private static async Task EnsureOwnNamespaceAsync(ApiClient admin)
    {
        try
        {
            await admin.CreateAsync(KnownResources.Namespaces, new() { Metadata = new() { Name = "ostler-system" } }, Cancel);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
        }
    }

    /// <summary>A DaemonSet with a pod on the fleet's node, Ready.</summary>
    private static async Task RunDaemonAsync(ApiClient client, string ns, string fleet)
    {
        await client.CreateAsync(
            KnownResources.DaemonSets,
            new()
            {
                Metadata = new() { Name = "cni", NamespaceProperty = ns },
                Spec = new()
                {
                    Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "cni" } },
                    Template = new()
                    {
                        Metadata = new() { Labels = new Dictionary<string, string> { ["app"] = "cni" } },
                        Spec = new()
                        {
                            NodeSelector = new Dictionary<string, string> { ["fleet"] = fleet },
                            Tolerations = [new() { OperatorProperty = "Exists" }],
                            Containers = [new() { Name = "cni", Image = "cni" }],
                        },
                    },
                },
            },
            Cancel);
        await client.WaitForAsync(KnownResources.DaemonSets, new NamespacedName(ns, "cni"), d => d?.Status?.NumberReady == 1, Cancel, Patience);
    }
}
