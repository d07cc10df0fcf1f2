using Ostler.Kubernetes.Client;
using Ostler.Testing;
using Ostler.Testing.Fleet;
using Ostler.Testing.Waiting;
using k8s;
using k8s.Models;

namespace Ostler.IntegrationTests.Cluster;

/// <summary>
/// What config/rbac lets an agent do, as the API server itself judges it: its token lies on every node and is worth stealing.
/// </summary>
[Collection<ClusterTests>]
public sealed class AgentRightsTests(ControllerCluster fixture)
{
    private static readonly string[] Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

    private static readonly string[] Resources =
    [
        "/nodes", "/nodes/status", "/nodes/proxy", "/pods", "/pods/exec", "/pods/eviction", "/secrets", "/configmaps", "/serviceaccounts/token", "/events", "/namespaces",
        "apps/daemonsets", "apps/deployments", "coordination.k8s.io/leases", "rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/clusterrolebindings",
        "ostler.dev/nodeoses", "ostler.dev/nodeoses/status", "ostler.dev/osimages", "ostler.dev/osimages/status", "ostler.dev/upgradepolicies",
        "ostler.dev/upgradepolicies/status",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agents_token_opens_NodeOSes_and_their_status_and_nothing_else()
    {
        using var admin = fixture.Cluster.CreateApiClient();
        foreach (var file in (string[])["namespace/namespace.yaml", "rbac/agent.yaml"])
        {
            await Manifests.ApplyFileAsync(admin, Path.Combine(Repository.Config, file), Cancel);
        }

        // The authorizer learns of a binding by a watch of its own.
        await Polling.UntilAsync(
            "the agent may get NodeOSes", () => MayAsync("get", "ostler.dev/nodeoses"), static may => may, static may => may.ToString(),
            Cancel);

        var allowed = new List<string>();
        foreach (var resource in Resources)
        {
            foreach (var verb in Verbs)
            {
                if (await MayAsync(verb, resource))
                {
                    allowed.Add($"{verb} {resource}");
                }
            }
        }

        Assert.Equal(["get ostler.dev/nodeoses", "list ostler.dev/nodeoses", "watch ostler.dev/nodeoses", "patch ostler.dev/nodeoses/status"], allowed);
    }

    private async Task<bool> MayAsync(string verb, string resource)
    {
        var parts = resource.Split('/');
        var review = new V1SubjectAccessReview
        {
            Spec = new()
            {
                User = $"system:serviceaccount:{Installation.Namespace}:ostler-agent",
                Groups = ["system:serviceaccounts", $"system:serviceaccounts:{Installation.Namespace}", "system:authenticated"],
                ResourceAttributes = new() { Verb = verb, Group = parts[0], Resource = parts[1], Subresource = parts.Length > 2 ? parts[2] : null, Name = "node-1" },
            },
        };
        return (await fixture.Cluster.Admin.AuthorizationV1.CreateSubjectAccessReviewAsync(review, cancellationToken: Cancel)).Status.Allowed;
    }
}
