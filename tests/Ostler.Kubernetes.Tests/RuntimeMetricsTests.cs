using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Queues;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests;

public sealed class RuntimeMetricsTests
{
    [Fact]
    public void The_depth_of_a_queue_is_what_waits_and_ends_with_the_queue()
    {
        using var probe = new MetricProbe("name", "depth-queue");
        using var queue = new WorkQueue<string>("depth-queue");
        queue.Add("a");
        queue.Add("b");
        Assert.Equal(2, probe.Observe("workqueue_depth"));

        queue.ShutDown();

        Assert.Equal(double.NaN, probe.Observe("workqueue_depth"));
    }

    [Fact]
    public async Task Requests_are_counted_by_verb_resource_and_code_and_never_by_object()
    {
        using var probe = new MetricProbe("resource", "secrets");
        await using var server = new ScriptedServer((_, response, _) => response.StatusAsync(418, "Teapot"));
        using var client = new ApiClient(server.CreateClient());

        await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(KnownResources.Secrets, new NamespacedName("ns", "s"), Within.Deadline));

        Assert.Equal("418", await probe.NextAsync("api_requests_total", "code"));
    }

    [Fact]
    public async Task The_end_of_a_watch_is_counted_by_its_reason()
    {
        using var probe = new MetricProbe("resource", "nodes");
        await using var harness = InformerHarness.Started(Script.Of([Script.Json(NodeJson.List("10"))], [Script.Status(410, "Expired")]));

        while (await probe.NextAsync("watch_restarts_total", "reason") != "expired")
        {
        }
    }
}
