using System.Net;
using Ostler.Testing.ControlPlane;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class TestClusterTests(ControlPlaneFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task A_started_cluster_answers_as_the_administrator()
    {
        var namespaces = await Cluster.Admin.CoreV1.ListNamespaceAsync(cancellationToken: Token);

        Assert.Contains(namespaces.Items, n => n.Metadata.Name == "kube-system");
        Assert.True(Cluster.Capabilities.Version.IsAtLeast(1, 20), Cluster.Description);
    }

    [Fact]
    public async Task Controllers_act_on_what_is_created()
    {
        Assert.SkipUnless(Cluster.Capabilities.HasControllerManager, "needs a controller manager");
        await using var ns = await Cluster.CreateNamespaceAsync("controllers", Token);
        var labels = new Dictionary<string, string> { ["app"] = "web" };
        await Cluster.Admin.AppsV1.CreateNamespacedReplicaSetAsync(
            new V1ReplicaSet
            {
                Metadata = new() { Name = "web" },
                Spec = new()
                {
                    Replicas = 2,
                    Selector = new() { MatchLabels = labels },
                    Template = new() { Metadata = new() { Labels = labels }, Spec = new() { Containers = [new() { Name = "web", Image = "web" }] } },
                },
            },
            ns.Name,
            cancellationToken: Token);

        var pods = await Eventually.GetAsync(
            "the ReplicaSet has two pods",
            async token => await Cluster.Admin.CoreV1.ListNamespacedPodAsync(ns.Name, cancellationToken: token) is { Items.Count: 2 } two ? two : null,
            TimeSpan.FromSeconds(30),
            Token);

        Assert.All(pods.Items, pod => Assert.Equal("ReplicaSet", pod.Metadata.OwnerReferences.Single().Kind));
    }

    [Fact]
    public async Task Two_namespaces_of_the_same_prefix_have_different_names()
    {
        await using var one = await Cluster.CreateNamespaceAsync("same", Token);
        await using var other = await Cluster.CreateNamespaceAsync("same", Token);

        Assert.NotEqual(one.Name, other.Name);
    }

    [Fact]
    public async Task A_user_may_do_what_the_user_is_granted_and_nothing_else()
    {
        var path = await Cluster.UserKubeconfigAsync("jane,o=system:masters", ["ostler-tests"], Token);
        using var jane = Connect(path);

        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => jane.CoreV1.ListNodeAsync(cancellationToken: Token));

        Assert.Equal(HttpStatusCode.Forbidden, refused.Response.StatusCode);
        Assert.Contains("jane,o=system:masters", refused.Response.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_account_may_do_what_it_is_granted_and_nothing_else()
    {
        await using var ns = await Cluster.CreateNamespaceAsync("accounts", Token);
        await Cluster.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new() { Name = "agent" } }, ns.Name, cancellationToken: Token);
        await Cluster.Admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(
            new V1Role { Metadata = new() { Name = "agent" }, Rules = [new() { ApiGroups = [""], Resources = ["pods"], Verbs = ["list"] }] },
            ns.Name,
            cancellationToken: Token);
        await Cluster.Admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding
            {
                Metadata = new() { Name = "agent" },
                RoleRef = new() { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = "agent" },
                Subjects = [new() { Kind = "ServiceAccount", Name = "agent", NamespaceProperty = ns.Name }],
            },
            ns.Name,
            cancellationToken: Token);
        using var agent = Connect(await Cluster.ServiceAccountKubeconfigAsync(ns.Name, "agent", cancellationToken: Token));

        await Eventually.GetAsync(
            "the role binding has reached the authorizer",
            async token =>
            {
                try
                {
                    return await agent.CoreV1.ListNamespacedPodAsync(ns.Name, cancellationToken: token);
                }
                catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.Forbidden)
                {
                    return null;
                }
            },
            TimeSpan.FromSeconds(10),
            Token);
        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => agent.CoreV1.ListNamespacedSecretAsync(ns.Name, cancellationToken: Token));

        Assert.Equal(HttpStatusCode.Forbidden, refused.Response.StatusCode);
        Assert.Contains($"system:serviceaccount:{ns.Name}:agent", refused.Response.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_bound_to_a_pod_ends_with_the_pod()
    {
        await using var ns = await Cluster.CreateNamespaceAsync("bound", Token);
        var pod = await Cluster.Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new() { Name = "agent" },

                // Bound to a node that does not exist, and so neither scheduled nor run by anybody.
                Spec = new() { NodeName = Cluster.UniqueName("nowhere"), Containers = [new() { Name = "agent", Image = "agent" }] },
            },
            ns.Name,
            cancellationToken: Token);
        using var agent = Connect(await Cluster.ServiceAccountKubeconfigAsync(ns.Name, "default", boundTo: pod, cancellationToken: Token));
        Assert.NotEmpty((await agent.Apis.GetAPIVersionsAsync(Token)).Groups);

        await Cluster.Admin.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, ns.Name, gracePeriodSeconds: 0, cancellationToken: Token);

        // The server caches a good token for ten seconds.
        await Eventually.GetAsync(
            "the token is refused",
            async token =>
            {
                try
                {
                    await agent.Apis.GetAPIVersionsAsync(token);
                    return null;
                }
                catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.Unauthorized)
                {
                    return e;
                }
            },
            TimeSpan.FromSeconds(30),
            Token);
    }

    private static k8s.Kubernetes Connect(string kubeconfig) => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig));
}
