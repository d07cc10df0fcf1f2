using System.Threading.Channels;
using Ostler.Api.Meta;
using Ostler.Controller.Drain;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Drain;

public sealed class DrainingPodsTests
{
    private readonly Channel<string> _changed = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task Pods_are_unknown_until_they_were_listed_and_then_wake_the_policy()
    {
        var listed = new TaskCompletionSource();
        await using var server = Server(async response =>
        {
            await listed.Task;
            await response.JsonAsync(List(Pod("web-1", "uid-1")));
        });
        using var client = Given.Client(server);
        await using var pods = Pods(client);

        Assert.Null(pods.PodsOf("node-1"));
        pods.Retain("edge", ["node-1"]);
        Assert.Null(pods.PodsOf("node-1"));
        listed.SetResult();

        Assert.Equal("edge", await _changed.Reader.ReadAsync(Given.Cancel));
        await UntilAsync(() => pods.PodsOf("node-1") is not null);
        var pod = Assert.Single(pods.PodsOf("node-1")!);
        Assert.Equal(("apps", "web-1", "uid-1"), (pod.Namespace, pod.Name, pod.Uid));
        Assert.Equal("front", pod.NamespaceLabels!["tier"]);
        Assert.Equal("spec.nodeName=node-1", server.Received[0].Query("fieldSelector"));
    }

    [Fact]
    public void A_pod_that_came_after_an_eviction_of_its_controller_has_come_back()
    {
        var returns = new ReturningPods();
        var owned = (string name) => new PodFacts { Namespace = "apps", Name = name, Uid = name, Controller = new("ReplicaSet", "web", "rs") };
        Assert.All(new[] { owned("a"), owned("b") }, p => Assert.Null(returns.Mark(p).Return));

        returns.Evicted(new() { Metadata = new() { Namespace = "apps", Name = "a", Uid = "a", OwnerReferences = [Owner("rs")] } }, Given.Now);
        returns.Evicted(new() { Metadata = new() { Namespace = "apps", Name = "c", Uid = "c", OwnerReferences = [Owner("rs")] } }, Given.Now.AddSeconds(30));

        Assert.Null(returns.Mark(owned("b")).Return);
        Assert.Null(returns.Mark(owned("a")).Return);
        Assert.Equal(new PodReturn(2, Given.Now, Given.Now.AddSeconds(30)), returns.Mark(owned("d")).Return);
        Assert.Null(returns.Mark(owned("d") with { Controller = new("ReplicaSet", "other", "other") }).Return);
        Assert.Null(returns.Mark(owned("d") with { Controller = null }).Return);

        static Ostler.Api.Meta.OwnerReference Owner(string uid) => new() { ApiVersion = "apps/v1", Kind = "ReplicaSet", Name = "web", Uid = uid, Controller = true };
    }

    [Fact]
    public async Task A_node_without_pods_wakes_the_policy_too()
    {
        await using var server = Server(response => response.JsonAsync(List()));
        using var client = Given.Client(server);
        await using var pods = Pods(client);

        pods.Retain("edge", ["node-1"]);

        Assert.Equal("edge", await _changed.Reader.ReadAsync(Given.Cancel));
        Assert.Empty(pods.PodsOf("node-1")!);
    }

    [Fact]
    public async Task A_slot_that_ends_ends_the_watch_and_no_other()
    {
        var ended = Channel.CreateUnbounded<string>();
        await using var server = new ScriptedServer(async (request, response, hangUp) =>
        {
            if (!request.IsWatch)
            {
                await response.JsonAsync(List());
                return;
            }

            await response.StartStreamAsync();
            try
            {
                await Task.Delay(Timeout.Infinite, hangUp);
            }
            finally
            {
                ended.Writer.TryWrite(request.Query("fieldSelector")!);
            }
        });
        using var client = Given.Client(server);
        await using var pods = Pods(client);
        pods.Retain("edge", ["node-1", "node-2"]);
        pods.Retain("core", ["node-3"]);
        for (var watches = 0; watches < 3;)
        {
            watches += (await server.NextRequestAsync(Given.Cancel)).IsWatch ? 1 : 0;
        }

        pods.Retain("edge", ["node-2"]);

        Assert.Equal("spec.nodeName=node-1", await ended.Reader.ReadAsync(Given.Cancel));
        Assert.Null(pods.PodsOf("node-1"));
        Assert.NotNull(pods.PodsOf("node-2"));
        Assert.NotNull(pods.PodsOf("node-3"));
    }

    [Fact]
    public async Task The_last_try_to_evict_a_pod_is_remembered_until_the_pod_is_gone()
    {
        var delete = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (request, response, hangUp) =>
        {
            if (!request.IsWatch)
            {
                await response.JsonAsync(List(Pod("web-1", "uid-1")));
                return;
            }

            await response.StartStreamAsync();
            await delete.Task;
            await response.WriteLineAsync($$"""{"type":"DELETED","object":{{Pod("web-1", "uid-1", "6")}}}""");
            await response.WriteLineAsync($$"""{"type":"ADDED","object":{{Pod("web-1", "uid-1", "7")}}}""");
            await response.WriteLineAsync($$"""{"type":"ADDED","object":{{Pod("web-2", "uid-2", "8")}}}""");
            await Task.Delay(Timeout.Infinite, hangUp);
        });
        using var client = Given.Client(server);
        await using var pods = Pods(client);
        pods.Retain("edge", ["node-1"]);
        await UntilAsync(() => pods.PodsOf("node-1") is not null);

        pods.Record(new() { Namespace = "apps", Name = "web-1", Uid = "uid-1", Outcome = EvictionOutcome.BlockedByBudget, Budget = "web", At = Given.Now });
        Assert.Equal("web", pods.PodsOf("node-1")!.Single().LastEviction?.Budget);

        delete.SetResult();
        await UntilAsync(() => pods.PodsOf("node-1")!.Any(p => p.Name == "web-2"));
        Assert.All(pods.PodsOf("node-1")!, p => Assert.Null(p.LastEviction));
    }

    /// <summary>Looks again whenever a policy was woken.</summary>
    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await _changed.Reader.ReadAsync(Given.Cancel);
        }
    }

    private DrainingPods Pods(ApiClient client) => new(
        node => DrainingPods.CreateInformer(client, node, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance),
        Given.Lister(CoreResources.Namespaces, new Namespace { Metadata = new() { Name = "apps", Uid = "apps", ResourceVersion = "1", Labels = new Dictionary<string, string> { ["tier"] = "front" } } }),
        new("ostler-system", Given.Lister(CoreResources.Nodes, Given.Node("node-1"))),
        policy => _changed.Writer.TryWrite(policy));

    private static ScriptedServer Server(Func<ScriptedResponse, Task> list) => new(async (request, response, hangUp) =>
    {
        if (!request.IsWatch)
        {
            await list(response);
            return;
        }

        await response.StartStreamAsync();
        await Task.Delay(Timeout.Infinite, hangUp);
    });

    private static string List(params string[] items) => $$"""{"metadata":{"resourceVersion":"5"},"items":[{{string.Join(',', items)}}]}""";

    private static string Pod(string name, string uid, string version = "4") =>
        $$$"""{"metadata":{"namespace":"apps","name":"{{{name}}}","uid":"{{{uid}}}","resourceVersion":"{{{version}}}"},"spec":{"nodeName":"node-1"},"status":{"phase":"Running"}}""";
}
