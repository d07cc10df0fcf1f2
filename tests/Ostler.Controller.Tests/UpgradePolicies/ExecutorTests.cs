using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Drain;
using Ostler.Controller.Nodes;
using Ostler.Controller.Status;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed partial class ExecutorTests
{
    [Fact]
    public async Task The_writes_of_a_node_go_in_order_and_enter_the_caches_at_once()
    {
        await using var server = Given.Server((request, response) => request.Path.Contains("/nodes/", StringComparison.Ordinal)
            ? response.JsonAsync(Given.Written(CoreResources.Nodes, Given.Node("a", cordonedBy: "edge"), "11"))
            : response.JsonAsync(Given.Written(OstlerResources.NodeOSes, Given.NodeOS("a", spec: new() { Goal = Goal.Stage }), "21")));
        var run = new Run(server, Given.Node("a"), Given.Node("b"));

        var result = await run.ExecuteAsync(Cordon("a"), Apply("a"));

        Assert.Equal(["PATCH /api/v1/nodes/a", "PATCH /apis/ostler.dev/v1alpha1/nodeoses/a"], server.Received.Select(r => $"{r.Method} {r.Path}"));
        Assert.Equal("edge", run.Nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.CordonedBy);
        Assert.Equal(Goal.Stage, run.NodeOSes.Lister.Get(NamespacedName.ClusterScoped("a"))!.Spec.Goal);
        Assert.Equal(2, result.Applied.Count);
        Assert.False(result.Conflicted);
    }

    private static readonly NodeAction[] OneOfEach =
    [
        new NodeAction.ApplySpec("a", "uid-a", new() { Goal = Goal.Stage }, "r", "m"),
        new NodeAction.Cordon("a", "uid-a", "edge", Given.Now, "r", "m"),
        new NodeAction.Uncordon("a", "uid-a", "edge", "r", "m"),
        new NodeAction.RemoveJoinTaint("a", "uid-a", "r", "m"),
        new NodeAction.EvictPod("a", "uid-a", "apps", "web", "p", null, "r", "m"),
        new NodeAction.DeletePod("a", "uid-a", "apps", "web", "p", null, "r", "m"),
        new NodeAction.CancelMigration("a", "uid-a", "apps", "vm", "r", "m"),
    ];

    [Fact]
    public async Task Every_action_there_is_is_carried_out_and_has_a_name_for_events()
    {
        Assert.Equal(
            typeof(NodeAction).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(NodeAction)) && !t.IsAbstract).Select(t => t.Name).Order(StringComparer.Ordinal),
            OneOfEach.Select(a => a.GetType().Name).Order(StringComparer.Ordinal));
        foreach (var action in OneOfEach)
        {
            await using var server = Given.Server((_, response) => response.StatusAsync(500, "InternalError"));

            var result = await new Run(server, Given.Node("a")).ExecuteAsync(action);

            Assert.NotEmpty(server.Received);
            Assert.DoesNotContain(result.Failures, f => f.Error is InvalidOperationException);
            new Announcements((_, _, _, _, what) => Assert.NotEmpty(what)).Applied(action with { IsWarning = true });
        }
    }

    public static TheoryData<string, int, string, bool> Refusals => new()
    {
        { "changed since the plan", 409, "Conflict", true },
        { "gone since the plan", 404, "NotFound", true },
        { "denied by a webhook", 403, "Forbidden", false },
        { "a broken server", 500, "InternalError", false },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task A_refused_write_leaves_out_the_rest_of_its_node_and_no_other(string label, int code, string reason, bool conflict)
    {
        Assert.NotEmpty(label);
        await using var server = Given.Server((request, response) => request.Path switch
        {
            "/api/v1/nodes/a" => response.StatusAsync(code, reason),
            "/api/v1/nodes/b" => response.JsonAsync(Given.Written(CoreResources.Nodes, Given.Node("b", cordonedBy: "edge"), "11")),
            _ => response.JsonAsync(Given.Written(OstlerResources.NodeOSes, Given.NodeOS("b"), "21")),
        });
        var run = new Run(server, Given.Node("a"), Given.Node("b"));

        var result = await run.ExecuteAsync(Cordon("a"), Apply("a"), Cordon("b"), Apply("b"));

        Assert.DoesNotContain(server.Received, r => r.Path.EndsWith("nodeoses/a", StringComparison.Ordinal));
        Assert.Equal(["b", "b"], result.Applied.Select(a => a.Node));
        Assert.Equal(conflict, result.Conflicted);
        Assert.Equal(conflict ? 0 : 1, result.Failures.Count);
        Assert.Null(run.Nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.CordonedBy);
    }

    [Fact]
    public async Task A_blocked_pod_does_not_keep_the_others_of_its_node_from_leaving()
    {
        await using var server = Given.Server((request, response) => request switch
        {
            { Path: "/api/v1" } => response.JsonAsync("""{"resources":[{"name":"pods/eviction","kind":"Eviction","group":"policy","version":"v1","namespaced":true}]}"""),
            { Path: "/apis/policy/v1" } => response.JsonAsync("""{"resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget"}]}"""),
            { Method: "GET" } => response.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"namespace":"apps","name":"web"},"spec":{"selector":{"matchLabels":{"app":"one"}}}}]}"""),
            { Path: "/api/v1/namespaces/apps/pods/one/eviction" } => response.StatusAsync(429, "TooManyRequests"),
            _ => response.JsonAsync("{}", 201),
        });
        var run = new Run(server, Given.Node("a", cordonedBy: "edge"));

        var result = await run.ExecuteAsync(Evict("one"), Evict("two"));

        Assert.Equal([("one", EvictionOutcome.BlockedByBudget, "web"), ("two", EvictionOutcome.Accepted, null)], result.Evictions.Select(e => (e.Name, e.Outcome, e.Budget)));
        Assert.Equal(result.Evictions, run.Recorded.OrderBy(e => e.Name, StringComparer.Ordinal));
        Assert.Empty(result.Failures);
    }

    [Fact]
    public async Task Nothing_is_evicted_whose_workload_could_not_be_written_down_first()
    {
        await using var server = Given.Server((_, response) => response.StatusAsync(403, "Forbidden"));
        var run = new Run(server, Given.Node("a", cordonedBy: "edge"));

        var result = await run.ExecuteAsync(Apply("a"), Evict("one"));

        Assert.Single(server.Received);
        Assert.Empty(result.Evictions);
    }

    [Fact]
    public async Task A_goal_is_written_only_over_the_nodeos_that_the_plan_saw()
    {
        await using var server = Given.Server((_, response) => response.JsonAsync(Given.Written(OstlerResources.NodeOSes, Given.NodeOS("a"), "21")));
        var run = new Run(server, Given.Node("a"));

        await run.ExecuteAsync(Apply("a"));

        var request = Assert.Single(server.Received);
        Assert.Equal("os-uid-a", Given.Patched(request)["metadata"]!["uid"]!.GetValue<string>());
        Assert.Equal("20", Given.Patched(request)["metadata"]!["resourceVersion"]!.GetValue<string>());
        Assert.Equal("ostler-controller", request.Query("fieldManager"));
    }

    [Fact]
    public async Task The_join_taint_is_taken_off_the_node_that_the_plan_saw_and_the_others_stay()
    {
        var tainted = Tainted("a", new() { Key = "gpu", Effect = "NoSchedule", Value = "yes" }, new() { Key = NodeMarks.OutdatedTaint, Effect = "NoSchedule" });
        await using var server = Given.Server((_, response) => response.JsonAsync(
            Given.Written(CoreResources.Nodes, Tainted("a", new NodeTaint { Key = "gpu", Effect = "NoSchedule", Value = "yes" }), "11")));
        var run = new Run(server, tainted);

        var result = await run.ExecuteAsync(Untaint("a"));

        var request = Assert.Single(server.Received);
        Assert.Equal("PATCH /api/v1/nodes/a", $"{request.Method} {request.Path}");
        Assert.Equal("""[{"key":"gpu","effect":"NoSchedule","value":"yes"}]""", request.BodyJson!["spec"]!["taints"]!.ToJsonString());
        Assert.Equal(("uid-a", "10"), ((string?)request.BodyJson["metadata"]!["uid"], (string?)request.BodyJson["metadata"]!["resourceVersion"]));
        Assert.Null(request.BodyJson["spec"]!["unschedulable"]);
        Assert.Equal(["gpu"], run.Nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.Spec!.Taints!.Select(t => t.Key));
        Assert.Single(result.Applied);
    }

    [Fact]
    public async Task A_node_that_somebody_tainted_since_the_plan_keeps_all_its_taints()
    {
        await using var server = Given.Server((_, response) => response.StatusAsync(409, "Conflict"));
        var run = new Run(server, Tainted("a", new NodeTaint { Key = NodeMarks.OutdatedTaint, Effect = "NoSchedule" }));

        var result = await run.ExecuteAsync(Untaint("a"));

        Assert.True(result.Conflicted);
        Assert.Empty(result.Applied);
        Assert.Equal([NodeMarks.OutdatedTaint], run.Nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.Spec!.Taints!.Select(t => t.Key));
    }

    private static Node Tainted(string name, params NodeTaint[] taints) => Given.Node(name) with { Spec = new() { Taints = taints } };

    private static NodeAction.RemoveJoinTaint Untaint(string node) => new(node, $"uid-{node}", Reasons.JoinTaintRemoved, "") { ResourceVersion = "10" };

    [Fact]
    public async Task Cancelling_a_term_ends_the_pass_with_no_further_write()
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(Given.Cancel);
        await using var server = new ScriptedServer(async (_, _, hangUp) =>
        {
            await term.CancelAsync();
            await Task.Delay(Timeout.Infinite, hangUp);
        });
        var run = new Run(server, Given.Node("a"));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.ExecuteAsync(term.Token, Cordon("a"), Apply("a")));

        Assert.Single(server.Received);
    }

    [Fact]
    public async Task Many_nodes_are_written_to_side_by_side_but_not_all_at_once()
    {
        var (open, most) = (0, 0);
        var full = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (request, response, hangUp) =>
        {
            var now = Interlocked.Increment(ref open);
            most = Math.Max(most, now);
            if (now == Executor.Parallelism)
            {
                full.TrySetResult();
            }

            await full.Task.WaitAsync(hangUp);
            Interlocked.Decrement(ref open);
            await response.JsonAsync(Given.Written(CoreResources.Nodes, Given.Node(request.Path.Split('/')[^1], cordonedBy: "edge"), "11"));
        });
        Node[] nodes = [.. Enumerable.Range(0, 64).Select(i => Given.Node($"n{i}"))];
        var run = new Run(server, nodes);

        var result = await run.ExecuteAsync([.. nodes.Select(n => Cordon(n.Name))]);

        Assert.Equal(64, result.Applied.Count);
        Assert.InRange(most, Executor.Parallelism, Executor.Parallelism);
    }

    [Fact]
    public async Task Pods_of_a_node_are_evicted_side_by_side_but_not_all_at_once_and_before_what_comes_after_them()
    {
        var (open, most, evicted, early) = (0, 0, 0, false);
        var full = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (request, response, hangUp) =>
        {
            if (request.Method != "POST")
            {
                early |= request.Method == "PATCH" && evicted < 32;
                await (request.Method == "PATCH"
                    ? response.JsonAsync(Given.Written(OstlerResources.NodeOSes, Given.NodeOS("a"), "21"))
                    : response.JsonAsync("""{"resources":[{"name":"pods/eviction","kind":"Eviction","group":"policy","version":"v1"}]}"""));
                return;
            }

            var now = Interlocked.Increment(ref open);
            most = Math.Max(most, now);
            if (now == Executor.PodParallelism)
            {
                full.TrySetResult();
            }

            await full.Task.WaitAsync(hangUp);
            Interlocked.Decrement(ref open);
            Interlocked.Increment(ref evicted);
            await response.JsonAsync("{}", 201);
        });
        var run = new Run(server, Given.Node("a"));

        var result = await run.ExecuteAsync([.. Enumerable.Range(0, 32).Select(i => Evict($"p{i:00}")), Apply("a")]);

        Assert.Equal(32, result.Evictions.Count);
        Assert.All(result.Evictions, e => Assert.Equal(EvictionOutcome.Accepted, e.Outcome));
        Assert.Single(result.Applied);
        Assert.False(early);
        Assert.Equal(Executor.PodParallelism, most);
    }

    private static NodeAction.Cordon Cordon(string node) =>
        new(node, $"uid-{node}", "edge", Given.Now, Reasons.SlotGranted, "") { Grants = true, ResourceVersion = "10" };

    private static NodeAction.ApplySpec Apply(string node) =>
        new(node, $"uid-{node}", new() { Goal = Goal.Observe }, Reasons.Staging, "") { ResourceVersion = "20" };

    private static NodeAction.EvictPod Evict(string pod) => new("a", "uid-a", "apps", pod, $"uid-{pod}", null, Reasons.Draining, "");

    private sealed partial class Run
    {
        private readonly Executor _executor;
        private readonly RolloutSnapshot _snapshot;

        public Run(ScriptedServer server, params Node[] nodes)
        {
            var client = Given.Client(server);
            Nodes = Given.Cache(client, CoreResources.Nodes, nodes);
            NodeOSes = Given.Cache(client, OstlerResources.NodeOSes, [.. nodes.Select(n => Given.NodeOS(n.Name))]);
            _executor = new(client, Nodes, NodeOSes, new PodEvictions(client, new FakeTimeProvider(Given.Now)), r => Recorded.Add(r),
                new ProbeCache(new FakeTimeProvider(Given.Now)), Time, NullLogger<Executor>.Instance);
            PodFacts[] pods = [.. ((string[])["one", "two"]).Select(p => new PodFacts { Namespace = "apps", Name = p, Uid = $"uid-{p}", Labels = new Dictionary<string, string> { ["app"] = p } })];
            _snapshot = new()
            {
                Now = Given.Now,
                Policy = new() { Name = "edge" },
                Nodes = [.. nodes.Select(n => NodeMapping.ToFacts(n, Given.NodeOS(n.Name), pods))],
            };
        }

        public Informer<Node> Nodes { get; }

        public Informer<NodeOS> NodeOSes { get; }

        public System.Collections.Concurrent.ConcurrentBag<EvictionResult> Recorded { get; } = [];

        public Task<ExecutionResult> ExecuteAsync(params NodeAction[] actions) => ExecuteAsync(Given.Cancel, actions);

        public Task<ExecutionResult> ExecuteAsync(CancellationToken cancellationToken, params NodeAction[] actions) =>
            _executor.ExecuteAsync(_snapshot, new() { Actions = actions, Nodes = [] }, cancellationToken);
    }
}
