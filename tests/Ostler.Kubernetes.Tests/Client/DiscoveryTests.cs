using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Client;

public sealed class DiscoveryTests
{
    [Fact]
    public async Task Resources_are_found_by_group_version_and_name()
    {
        await using var server = new ScriptedServer((request, response, _) => request.Path switch
        {
            "/apis/policy/v1beta1" => response.JsonAsync("""{"resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget","namespaced":true,"verbs":["get"]}]}"""),
            "/api/v1" => response.JsonAsync("""{"resources":[{"name":"nodes","kind":"Node","namespaced":false}]}"""),
            _ => response.StatusAsync(404, "NotFound"),
        });
        using var client = new ApiClient(server.CreateClient());

        Assert.True(await client.HasResourceAsync(KnownResources.PodDisruptionBudgetsV1Beta1, Within.Deadline));
        Assert.False(await client.HasResourceAsync(KnownResources.PodDisruptionBudgets, Within.Deadline));
        Assert.True(await client.HasResourceAsync("", "v1", "nodes", Within.Deadline));
        Assert.False(await client.HasResourceAsync("", "v1", "pods", Within.Deadline));
        Assert.Null(await client.DiscoverAsync("nowhere.example", "v1", Within.Deadline));
    }

    [Fact]
    public async Task A_discovery_that_fails_is_no_absence()
    {
        await using var server = new ScriptedServer((_, response, _) => response.StatusAsync(503, "ServiceUnavailable"));
        using var client = new ApiClient(server.CreateClient());

        await Assert.ThrowsAsync<ApiException>(() => client.HasResourceAsync(KnownResources.Nodes, Within.Deadline));
    }
}
