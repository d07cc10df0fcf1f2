using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Drain;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Traces;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.UpgradePolicies;

/// <summary>Whoever reads the log of a controller that died in the middle of a write knows which one it was.</summary>
public sealed class ExecutorLogTests
{
    private readonly List<string> _story = [];

    public static TheoryData<string, NodeAction> Actions => new()
    {
        { "cordon", new NodeAction.Cordon("a", "a-uid", "edge", Given.Now, Reasons.SlotGranted, "m") },
        { "uncordon", new NodeAction.Uncordon("a", "a-uid", "edge", Reasons.Updated, "m") },
        { "untaint", new NodeAction.RemoveJoinTaint("a", "a-uid", Reasons.JoinTaintRemoved, "m") },
        { "goal", new NodeAction.ApplySpec("a", "a-uid", new() { Policy = "edge", Attempt = 2, Goal = Goal.Stage, Image = Tree }, Reasons.Staging, "m") },
        { "evict", new NodeAction.EvictPod("a", "a-uid", "apps", "web", "web-uid", null, Reasons.Draining, "m") },
        { "delete", new NodeAction.DeletePod("a", "a-uid", "apps", "web", "web-uid", null, Reasons.DrainForced, "m") },
    };

    private static NodeImage Tree => new() { Digest = Given.Digest, Ostree = new() { Remote = "acme", Ref = "acme/edge" } };

    [Theory, MemberData(nameof(Actions))]
    public async Task A_line_with_reason_and_trace_is_written_before_each_action(string kind, NodeAction action)
    {
        Assert.NotEmpty(kind);
        await using var server = Given.Server((request, response) =>
        {
            // Of the service, not of the discovery before it.
            Tell(request.Method == "GET" ? "asked" : "written");
            return request.Method == "GET"
                ? response.JsonAsync("""{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[{"name":"pods/eviction","namespaced":true,"kind":"Eviction","group":"policy","version":"v1beta1","verbs":["create"]}]}""")
                : response.StatusAsync(404, "NotFound");
        });
        using var client = Given.Client(server);
        var spec = new NodeOSSpec { Policy = "edge", Attempt = 1, Goal = Goal.Boot, Image = Tree };
        var facts = new NodeFacts { Name = "a", Uid = "a-uid", OS = new() { Uid = "os", Spec = spec } };
        var executor = new Executor(
            client, Given.Cache(client, CoreResources.Nodes, Given.Node("a")), Given.Cache(client, OstlerResources.NodeOSes, Given.NodeOS("a")),
            new PodEvictions(client, new FakeTimeProvider(Given.Now)), _ =>
                { }, new ProbeCache(TimeProvider.System), TimeProvider.System, new Lines(Tell));

        await executor.ExecuteAsync(
            new() { Now = Given.Now, Policy = new() { Name = "edge" }, Nodes = [facts] }, RolloutPlan(action), Given.Cancel);

        var trace = TraceIdentity.OfNode("a-uid", action is NodeAction.ApplySpec apply ? apply.Spec : spec)!.Value;
        var line = _story.IndexOf($"log Node=a Reason={action.Reason} trace_id={trace.TraceId} span_id={trace.SpanId}");
        var write = _story.IndexOf("written");
        Assert.True(line >= 0 && line < write, string.Join('\n', _story));
    }

    private static RolloutPlan RolloutPlan(NodeAction action) => RolloutPlanner.Plan(new() { Now = Given.Now, Policy = new() { Name = "edge" }, Nodes = [] }) with { Actions = [action] };

    private void Tell(string what)
    {
        lock (_story)
        {
            _story.Add(what);
        }
    }

    private sealed class Lines(Action<string> tell) : ILogger<Executor>
    {
        private string _scope = "";

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull
        {
            _scope = string.Join(' ', ((IEnumerable<KeyValuePair<string, object?>>)state).Select(s => $"{s.Key}={s.Value}"));
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary(f => f.Key, f => f.Value);
            if (fields.TryGetValue("Reason", out var reason))
            {
                tell($"log Node={fields.GetValueOrDefault("Node")} Reason={reason} {_scope}");
            }
        }
    }
}
