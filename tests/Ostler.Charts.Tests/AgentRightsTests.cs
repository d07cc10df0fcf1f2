using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostler.Charts.Tests.Support;
using Ostler.Testing.ControlPlane;
using k8s;
using k8s.Models;

namespace Ostler.Charts.Tests;

/// <summary>What whoever steals an agent's token can do with it, asked of a real API server on which the chart is installed.</summary>
[Collection(nameof(ClusterGroup))]
public sealed class AgentRightsTests(ClusterFixture fixture)
{
    private const string NodeOSes = "apis/ostler.dev/v1alpha1/nodeoses";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_admission_policy_an_agent_can_read_NodeOS_and_report_and_nothing_else()
    {
        await using var cluster = await WithNodesAsync("--set", "agent.admissionPolicy=Never");
        using var agent = Agent(await fixture.Cluster.ServiceAccountTokenAsync(Rendered.Namespace, "ostler-agent", cancellationToken: Cancel));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(agent, HttpMethod.Get, NodeOSes));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(agent, HttpMethod.Patch, $"{NodeOSes}/node-1/status", """{"status": {"step": "Idle"}}"""));
        (HttpMethod, string, string?)[] others =
        [
            (HttpMethod.Patch, $"{NodeOSes}/node-1", """{"spec": {"goal": "Boot"}}"""),
            (HttpMethod.Patch, $"{NodeOSes}/node-1", """{"metadata": {"finalizers": ["eve.example/keep"]}}"""),
            (HttpMethod.Put, $"{NodeOSes}/node-1/status", "{}"),
            (HttpMethod.Post, NodeOSes, """{"apiVersion": "ostler.dev/v1alpha1", "kind": "NodeOS", "metadata": {"name": "node-3"}, "spec": {}}"""),
            (HttpMethod.Delete, $"{NodeOSes}/node-1", null),
            (HttpMethod.Delete, NodeOSes, null),
            (HttpMethod.Get, "apis/ostler.dev/v1alpha1/osimages", null),
            (HttpMethod.Get, "apis/ostler.dev/v1alpha1/upgradepolicies", null),
            (HttpMethod.Get, "api/v1/secrets", null),
            (HttpMethod.Get, $"api/v1/namespaces/{Rendered.Namespace}/secrets", null),
            (HttpMethod.Get, "api/v1/configmaps", null),
            (HttpMethod.Get, "api/v1/nodes", null),
            (HttpMethod.Get, "api/v1/pods", null),
            (HttpMethod.Patch, "api/v1/nodes/node-1", """{"spec": {"unschedulable": true}}"""),
            (HttpMethod.Post, $"api/v1/namespaces/{Rendered.Namespace}/serviceaccounts/ostler-controller/token", """{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}"""),
            (HttpMethod.Post, "api/v1/namespaces/default/events", """{"metadata": {"name": "e"}}"""),
        ];
        foreach (var (method, path, body) in others)
        {
            Assert.Equal((method, path, HttpStatusCode.Forbidden), (method, path, await StatusAsync(agent, method, path, body)));
        }
    }

    [Fact]
    public async Task With_it_an_agent_reports_for_the_node_of_its_own_pod_only()
    {
        Assert.SkipUnless(
            fixture.Cluster.Capabilities.HasValidatingAdmissionPolicy,
            $"Kubernetes {fixture.Cluster.Capabilities.Version} has no ValidatingAdmissionPolicy and no node in its tokens: that begins with 1.30 (KUBEBUILDER_ASSETS).");
        await using var cluster = await WithNodesAsync();
        var pod = await fixture.Cluster.Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new() { Name = "agent-of-node-1" },
                Spec = new() { NodeName = "node-1", ServiceAccountName = "ostler-agent", Containers = [new() { Name = "agent", Image = "agent" }] },
            },
            Rendered.Namespace,
            cancellationToken: Cancel);
        using var bound = Agent(await fixture.Cluster.ServiceAccountTokenAsync(Rendered.Namespace, "ostler-agent", pod, cancellationToken: Cancel));
        using var unbound = Agent(await fixture.Cluster.ServiceAccountTokenAsync(Rendered.Namespace, "ostler-agent", cancellationToken: Cancel));
        const string Report = """{"status": {"step": "Idle"}}""";

        // A policy takes the server a moment to see.
        await Installed.UntilRefusedAsync(() => StatusAsync(bound, HttpMethod.Patch, $"{NodeOSes}/node-2/status", Report));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(bound, HttpMethod.Patch, $"{NodeOSes}/node-1/status", Report));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(unbound, HttpMethod.Patch, $"{NodeOSes}/node-1/status", Report));
    }

    /// <summary>The chart, and a NodeOS for each of two nodes.</summary>
    private async Task<Installed> WithNodesAsync(params string[] values)
    {
        var cluster = await Installed.StartAsync(fixture.Cluster);
        try
        {
            await cluster.InstallAsync(Repository.Chart, values);
            await cluster.UntilAsync(NodeOSes, list => list is not null);
            foreach (var name in (string[])["node-1", "node-2"])
            {
                await cluster.CreateAsync(NodeOSes, YamlDocuments.Read($"apiVersion: ostler.dev/v1alpha1\nkind: NodeOS\nmetadata: {{name: {name}}}\nspec: {{goal: Observe}}")[0]);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private HttpClient Agent(string token)
    {
        var trusted = X509Certificate2.CreateFromPem(fixture.Cluster.AuthorityPem);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(trusted);
        var agent = new HttpClient(handler) { BaseAddress = fixture.Cluster.Server };
        agent.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return agent;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient agent, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        using var answer = await agent.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}
