using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Client;

public sealed class EvictionTests
{
    private const string Path = "/api/v1/namespaces/ns/pods/p/eviction";
    private static readonly NamespacedName Pod = new("ns", "p");

    private static string Discovery(string? version) => version is null
        ? """{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","namespaced":true,"kind":"Pod"}]}"""
        : $$$"""{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","kind":"Pod"},{"name":"pods/eviction","namespaced":true,"group":"policy","version":"{{{version}}}","kind":"Eviction"}]}""";

    private static ScriptedHandler Server(Func<string?> version, Func<ScriptedResponse, Task>? evict = null) => (request, response, _) =>
        request.Path switch
        {
            "/api/v1" => response.JsonAsync(Discovery(version())),
            Path => evict is null ? response.JsonAsync("""{"kind":"Status","status":"Success"}""", 201) : evict(response),
            _ => response.StatusAsync(404, "NotFound"),
        };

    [Theory]
    [InlineData("v1beta1")]
    [InlineData("v1")]
    public async Task An_eviction_is_asked_for_in_the_version_that_the_server_takes(string version)
    {
        await using var server = new ScriptedServer(Server(() => version));
        using var client = new ApiClient(server.CreateClient());

        await client.EvictAsync(Pod, "uid-1", 30, dryRun: false, Within.Deadline);

        Assert.Equal($"POST {Path}", server.Received[1].ToString());
        Assert.Equal(
            $$$$"""{"apiVersion":"policy/{{{{version}}}}","kind":"Eviction","metadata":{"name":"p","namespace":"ns"},"deleteOptions":{"gracePeriodSeconds":30,"preconditions":{"uid":"uid-1"}}}""",
            server.Received[1].BodyText);
    }

    [Fact]
    public async Task A_dry_run_says_so()
    {
        await using var server = new ScriptedServer(Server(() => "v1"));
        using var client = new ApiClient(server.CreateClient());

        await client.EvictAsync(Pod, "uid-1", null, dryRun: true, Within.Deadline);

        Assert.Equal("""{"preconditions":{"uid":"uid-1"},"dryRun":["All"]}""", server.Received[1].BodyJson!["deleteOptions"]!.ToJsonString());

        // What webhooks are told is what the address says.
        Assert.EndsWith("/eviction?dryRun=All", server.Received[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_remembered_and_looked_up_again_after_ten_minutes_for_the_server_may_have_been_upgraded()
    {
        var version = "v1beta1";
        var time = new TestClock();
        await using var server = new ScriptedServer(Server(() => version));
        using var client = new ApiClient(server.CreateClient(), new ApiClientOptions { TimeProvider = time });

        Assert.Equal("policy/v1beta1", await client.EvictionApiVersionAsync(Within.Deadline));
        version = "v1";
        time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Equal("policy/v1beta1", await client.EvictionApiVersionAsync(Within.Deadline));
        Assert.Single(server.Received);
        time.Advance(TimeSpan.FromMinutes(0.1));
        Assert.Equal("policy/v1", await client.EvictionApiVersionAsync(Within.Deadline));
    }

    [Fact]
    public async Task A_server_without_evictions_is_told_apart_from_a_refusal()
    {
        await using var server = new ScriptedServer(Server(() => null));
        using var client = new ApiClient(server.CreateClient());

        await Assert.ThrowsAsync<NotSupportedException>(() => client.EvictAsync(Pod, "u", null, false, Within.Deadline));
    }

    [Fact]
    public async Task A_disruption_budget_is_named_with_its_message_and_the_time_to_wait()
    {
        var details = new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = "The disruption budget web needs 3 healthy pods and has 3 currently" }),
        };
        await using var server = new ScriptedServer(Server(
            () => "v1",
            response => response.StatusAsync(429, "TooManyRequests", "Cannot evict pod", details, new Dictionary<string, string> { ["Retry-After"] = "10" })));
        using var client = new ApiClient(server.CreateClient());

        var error = await Assert.ThrowsAsync<ApiException>(() => client.EvictAsync(Pod, "u", null, false, Within.Deadline));

        Assert.True(error.IsTooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(10), error.RetryAfter);
        var cause = Assert.Single(error.Causes);
        Assert.Equal("DisruptionBudget", cause.Type);
        Assert.Contains("budget web", cause.Message, StringComparison.Ordinal);
    }
}
