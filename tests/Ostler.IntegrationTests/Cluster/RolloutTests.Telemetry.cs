using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Traces;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Scripted;
using Ostler.Testing.Telemetry;
using k8s;
using k8s.Models;

namespace Ostler.IntegrationTests.Cluster;

/// <content>What the outside is told of a rollout: traces and notifications.</content>
public sealed partial class RolloutTests
{
    /// <summary>A receiver that takes each notification in the second try only, and checks its signature.</summary>
    private async Task<Receiver> NotificationsAsync(string @namespace)
    {
        var receiver = await Receiver.StartAsync();
        await Cluster.Admin.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new() { Name = "ops", Labels = new Dictionary<string, string> { ["ostler.dev/use"] = "notification" } },
                StringData = new Dictionary<string, string> { ["address"] = receiver.Url, ["token"] = Receiver.Token },
            },
            @namespace,
            cancellationToken: Cancel);
        return receiver;
    }

    private static async Task AssertNotifiedAsync(ApiClient client, string policy, Receiver receiver)
    {
        var told = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(policy),
            p => p?.Status?.Notifications is { Count: 2 } n && n.All(e => e.State == NotificationState.Delivered), Cancel, Patience);

        Assert.Equal([RolloutEvent.Started, RolloutEvent.Completed], told!.Status!.Notifications!.Select(n => n.Event));
        Assert.Equal(ConditionStatus.True, told.Status.Conditions.Find(ConditionTypes.Notified)!.Status);
        Assert.Equal(told.Status.Notifications!.Select(n => n.Id).Order(), receiver.Taken.Keys.Order());
        Assert.All(receiver.Taken.Values, n => Assert.Equal(policy, (string)n["policy"]!["name"]!));
        Assert.Equal(0, receiver.Forged);
    }

    /// <summary>
    /// Both leaders told of the same rollout: each node has one trace with every step once, and the rollout has one that leads to them.
    /// </summary>
    private static void AssertTraces(IReadOnlyList<ReceivedSpan> spans, string policy, string[] nodes)
    {
        Assert.Equal(spans.Count, spans.Select(s => s.SpanId).Distinct().Count());
        Assert.All(spans, s => Assert.Equal(policy, s.Attributes["ostler.policy"]));
        var rollout = Assert.Single(spans, s => s.Name == RolloutSpans.Rollout);
        Assert.Equal(("", 1), (rollout.ParentSpanId, rollout.StatusCode));
        Assert.Equal(2, spans.Select(s => s.Resource["service.instance.id"]).Distinct().Count());
        foreach (var node in nodes)
        {
            var upgrade = Assert.Single(spans, s => s.Name == NodeSpans.Upgrade && s.Attributes["k8s.node.name"] == node);
            var steps = spans.Where(s => s.TraceId == upgrade.TraceId && s != upgrade).ToList();
            Assert.Equal(["boot", "drain", "soak", "stage", "verify"], steps.Select(s => s.Name).Where(n => n != "recover").Order());
            Assert.All(steps, s => Assert.Equal((upgrade.SpanId, 1, node), (s.ParentSpanId, s.StatusCode, s.Attributes["k8s.node.name"])));
            Assert.Equal([(rollout.TraceId, rollout.SpanId)], upgrade.Links);
            var link = Assert.Single(spans, s => s.Name == NodeSpans.Node && s.Attributes["k8s.node.name"] == node);
            Assert.Equal((rollout.TraceId, rollout.SpanId), (link.TraceId, link.ParentSpanId));
            Assert.Equal([(upgrade.TraceId, upgrade.SpanId)], link.Links);
        }
    }

    private sealed class Receiver : IAsyncDisposable
    {
        public const string Token = "a token";

        private readonly ConcurrentDictionary<string, bool> _seen = new();
        private LoopbackHttp? _http;
        private int _forged;

        public ConcurrentDictionary<string, JsonNode> Taken { get; } = new();

        public int Forged => _forged;

        public string Url => _http!.Url;

        public static async Task<Receiver> StartAsync()
        {
            var receiver = new Receiver();
            receiver._http = await LoopbackHttp.StartAsync(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                string id = context.Request.Headers[NotificationBody.IdHeader]!;
                if (context.Request.Headers[NotificationBody.SignatureHeader] != NotificationBody.Sign(body.ToArray(), Encoding.UTF8.GetBytes(Token)))
                {
                    Interlocked.Increment(ref receiver._forged);
                }

                if (receiver._seen.TryAdd(id, true))
                {
                    context.Response.StatusCode = 500;
                    return;
                }

                receiver.Taken[id] = JsonNode.Parse(body.ToArray())!;
            });
            return receiver;
        }

        public ValueTask DisposeAsync() => _http!.DisposeAsync();
    }
}
