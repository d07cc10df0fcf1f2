using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Controller.Notifications;
using Ostler.Controller.Telemetry;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed partial class UpgradePolicyReconcilerTests : IAsyncDisposable
{
    private static readonly NodeOSStatus Observed = new() { BootID = "boot-1", Booted = new() { Digest = "0000000000000000000000000000000000000000000000000000000000000001" }, ObservedGeneration = 3, Backend = "ostree" };

    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly ProbeCache _answers = new(new FakeTimeProvider(Given.Now));
    private readonly ControllerMetrics _metrics = new("Test." + nameof(UpgradePolicyReconcilerTests));
    private readonly List<string> _events = [];
    private readonly ScriptedServer _server;
    private readonly ApiClient _client;
    private readonly Informer<UpgradePolicy> _policies;
    private readonly Informer<Node> _nodes;
    private readonly Informer<NodeOS> _nodeOSes;
    private Func<ScriptedRequest, (int Code, string Reason)?> _refuse = _ => null;
    private int _version = 1000;
    private int _eviction = 201;

    public UpgradePolicyReconcilerTests()
    {
        _server = Given.Server(AnswerAsync);
        _client = Given.Client(_server);
        _policies = Given.Cache(_client, OstlerResources.UpgradePolicies, Given.Policy("edge"));
        _nodes = Given.Cache(_client, CoreResources.Nodes, Given.Node("a"), Given.Node("b"));
        _nodeOSes = Given.Cache(_client, OstlerResources.NodeOSes, Given.NodeOS("a", status: Observed), Given.NodeOS("b", status: Observed));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task One_pass_plans_writes_and_reports_once()
    {
        await Reconciler().ReconcileAsync("edge", Given.Cancel);

        Assert.Equal(["/apis/ostler.dev/v1alpha1/nodeoses/a", "/apis/ostler.dev/v1alpha1/upgradepolicies/edge/status"], _server.Received.Select(r => r.Path));
        Assert.Equal(Goal.Stage, _nodeOSes.Lister.Get(NamespacedName.ClusterScoped("a"))!.Spec.Goal);
        Assert.Equal(2, _policies.Lister.Get(NamespacedName.ClusterScoped("edge"))!.Status!.Nodes!.Total);
    }

    [Theory]
    [InlineData(201, "edge", null)]
    [InlineData(429, null, Reasons.DrainWouldBlock)]
    public async Task A_node_is_cordoned_only_after_a_dry_run_of_its_drain_and_then_at_once(int answer, string? cordonedBy, string? blocked)
    {
        GivenStaged();
        _eviction = answer;

        await Reconciler().ReconcileAsync("edge", Given.Cancel);

        var writes = _server.Received.Select(r => r.Path).Where(p => p.EndsWith("/eviction", StringComparison.Ordinal) || p == "/api/v1/nodes/a");
        Assert.Equal(["/api/v1/namespaces/apps/pods/web/eviction", .. cordonedBy is null ? (string[])[] : ["/api/v1/nodes/a"]], writes);
        Assert.Equal(cordonedBy, _nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.CordonedBy);

        // Not too soon after the report of the pass that asked.
        await Reconciler().ReconcileAsync("edge", Given.Cancel);
        Assert.Equal(blocked, _policies.Lister.Get(NamespacedName.ClusterScoped("edge"))!.Status!.Blocked?.FirstOrDefault(b => b.Node == "a")?.Reason);
    }

    [Fact]
    public async Task A_second_pass_sees_the_writes_of_the_first_and_makes_none()
    {
        var reconciler = Reconciler();
        await reconciler.ReconcileAsync("edge", Given.Cancel);
        var writes = _server.Received.Count;

        await reconciler.ReconcileAsync("edge", Given.Cancel);

        Assert.DoesNotContain(_server.Received.Skip(writes), r => r.Path.Contains("nodeoses", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_that_a_webhook_denies_is_reported_on_and_tried_again_soon()
    {
        _refuse = request => request.Path.Contains("nodeoses", StringComparison.Ordinal) ? (403, "Forbidden") : null;

        var result = await Reconciler().ReconcileAsync("edge", Given.Cancel);

        Assert.Equal(TimeSpan.FromSeconds(10), result.RequeueAfter);
        Assert.Contains(_server.Received, r => r.Path.EndsWith("/status", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_conflict_is_no_failure_and_leads_to_another_look()
    {
        _refuse = request => request.Path.Contains("nodeoses", StringComparison.Ordinal) ? (409, "Conflict") : null;

        Assert.Equal(TimeSpan.FromSeconds(1), (await Reconciler().ReconcileAsync("edge", Given.Cancel)).RequeueAfter);
    }

    [Fact]
    public async Task A_policy_that_is_gone_gives_its_nodes_back_and_has_no_status()
    {
        _policies.AbsorbDeleted(NamespacedName.ClusterScoped("edge"), "policy-uid-edge");
        var held = Given.Node("a", cordonedBy: "edge");
        _nodes.Absorb(held with { Metadata = held.Metadata with { ResourceVersion = "11" } });

        await Reconciler().ReconcileAsync("edge", Given.Cancel);

        Assert.Null(_nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.CordonedBy);
        Assert.DoesNotContain(_server.Received, r => r.Path.EndsWith("/status", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_status_that_cannot_be_written_is_written_again_soon()
    {
        _refuse = request => request.Path.EndsWith("/status", StringComparison.Ordinal) ? (503, "ServiceUnavailable") : null;

        var result = await Reconciler().ReconcileAsync("edge", Given.Cancel);

        Assert.True(result.RequeueAfter <= TimeSpan.FromSeconds(10));
        // The drain that the plan goes on with needs its pods all the same.
        Assert.Equal(["edge: "], _pods.Retained);
    }

    [Fact]
    public async Task A_status_that_is_refused_does_not_end_the_pass()
    {
        _refuse = request => request.Path.EndsWith("/status", StringComparison.Ordinal) ? (422, "Invalid") : null;
        GivenStaged();

        var result = await Reconciler().ReconcileAsync("edge", Given.Cancel);

        Assert.True(result.RequeueAfter <= TimeSpan.FromSeconds(10));
        Assert.Contains(_server.Received, r => r.Path.EndsWith("/eviction", StringComparison.Ordinal));
        Assert.Equal("edge", _nodes.Lister.Get(NamespacedName.ClusterScoped("a"))!.CordonedBy);
    }

    [Fact]
    public async Task What_a_webhook_refuses_is_said_in_the_next_pass_and_forgotten_once_it_goes_through()
    {
        _refuse = request => request.Path.Contains("nodeoses", StringComparison.Ordinal) ? (403, "Forbidden") : null;
        var reconciler = Reconciler();
        await reconciler.ReconcileAsync("edge", Given.Cancel);

        Assert.Equal("NodeOS", _answers.With(new() { Name = "a", Uid = "uid-a" }).Refused?.What);
        _time.Advance(TimeSpan.FromSeconds(10));
        await reconciler.ReconcileAsync("edge", Given.Cancel);
        Assert.Equal(Reasons.WriteRefused, _policies.Lister.Get(NamespacedName.ClusterScoped("edge"))!.Status!.Blocked!.Single(b =>
            b.Node == "a").Reason);

        _refuse = _ => null;
        _time.Advance(TimeSpan.FromMinutes(6));
        await reconciler.ReconcileAsync("edge", Given.Cancel);
        Assert.Null(_answers.With(new() { Name = "a", Uid = "uid-a" }).Refused);
    }

    private void GivenStaged()
    {
        var staged = Observed with
        {
            Attempt = 1,
            Staged = new() { Digest = Given.Digest, Locked = true },
            Conditions = [new() { Type = ConditionTypes.Staged, Status = ConditionStatus.True, Reason = "Staged",
                LastTransitionTime = Given.Now }],
        };
        var target = new NodeImage
        {
            Digest = Given.Digest,
            Ostree = new()
            {
                Remote = "acme",
                Ref = "acme/edge",
                Url = "http://127.0.0.1:1/repo"
            }
        };
        var os = Given.NodeOS("a", spec: new() { Policy = "edge", Goal = Goal.Stage, Attempt = 1, Image = target }, status: staged);
        _nodeOSes.Absorb(os with { Metadata = os.Metadata with { ResourceVersion = "21" } });
    }

    private readonly NoPods _pods = new();

    private UpgradePolicyReconciler Reconciler() => new(
        new Gatherer(
            _policies.Lister,
            Given.Lister(OstlerResources.OSImages, Given.Image(
                ostree: new() { Remote = "acme", Ref = "acme/edge", Commit = Given.Digest },
                status: new() { ObservedGeneration = 1, Resolved = new() { Reference = "acme:acme/edge", Digest = Given.Digest, ResolvedAt = Given.Now } })),
            _nodes.Lister,
            _nodeOSes.Lister,
            _pods,
            _answers,
            new NoChecks(),
            "ostler-system",
            null,
            _time),
        new Executor(_client, _nodes, _nodeOSes, new(_client, _time), _ => { }, _answers, _time, NullLogger<Executor>.Instance),
        new Subscriptions(_pods, new NoChecks(), NoGateEvaluations.Instance),
        new ProbeRunner(
            new(
                _client, new(_client, _time), _nodes.Lister, Given.Lister(CoreResources.Namespaces), new("ostler-system", _nodes.Lister), _time),
            new(_client, _time),
            new(_client, _time),
            _answers,
            _time,
            NullLogger<ProbeRunner>.Instance),
        _policies.Lister,
        new(_client, OstlerResources.UpgradePolicies, _policies, _time, TimeSpan.FromSeconds(1)),
        new((_, _, reason, _, _) => _events.Add(reason)),
        _metrics,
        NoSpans.Instance,
        new NotificationOutbox(new NoSender(), _ => { }, (_, _) => { }, NullLogger<NotificationOutbox>.Instance),
        _time,
        NullLogger<UpgradePolicyReconciler>.Instance);

    private sealed class NoSender : INotificationSender
    {
        public Task<Delivery> SendAsync(OutboundNotification notification, CancellationToken cancellationToken) => throw new InvalidOperationException("Nobody is to be told.");
    }

    private Task AnswerAsync(ScriptedRequest request, ScriptedResponse response)
    {
        if (_refuse(request) is { } refusal)
        {
            return response.StatusAsync(refusal.Code, refusal.Reason);
        }

        switch (request.Path)
        {
            case "/api/v1":
                return response.JsonAsync("""{"resources":[{"name":"pods/eviction","kind":"Eviction","group":"policy","version":"v1","namespaced":true}]}""");
            case "/apis/policy/v1":
                return response.JsonAsync("""{"resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget"}]}""");
            case "/api/v1/pods":
                return response.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"namespace":"apps","name":"web","uid":"w","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"r","controller":true}]}}]}""");
            case "/apis/policy/v1/namespaces/apps/poddisruptionbudgets":
                return response.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"namespace":"apps","name":"web"},"spec":{"selector":{}}}]}""");
            case "/api/v1/namespaces/apps/pods/web/eviction":
                return _eviction == 201 ? response.JsonAsync("{}", 201) : response.StatusAsync(_eviction, "TooManyRequests");
        }

        var name = NamespacedName.ClusterScoped(request.Path.Split('/')[request.Path.EndsWith("/status", StringComparison.Ordinal) ? ^2 : ^1]);
        return response.JsonAsync(request.Path.Split('/')[^(request.Path.EndsWith("/status", StringComparison.Ordinal) ? 3 : 2)] switch
        {
            "nodes" => Merged(CoreResources.Nodes, _nodes.Lister.Get(name)!, request),
            "nodeoses" => Merged(OstlerResources.NodeOSes, _nodeOSes.Lister.Get(name)!, request),
            _ => Merged(OstlerResources.UpgradePolicies, _policies.Lister.Get(name)!, request),
        });
    }

    /// <summary>The stored object with the patch laid over it, as a server would give it back.</summary>
    private JsonNode Merged<T>(ResourceType<T> type, T stored, ScriptedRequest request) where T : class =>
        Given.Written(type, stored, (++_version).ToString(null, null), json =>
        {
            foreach (var field in (string[])["spec", "status"])
            {
                if (Given.Patched(request)[field] is { } value)
                {
                    json[field] = value.DeepClone();
                }
            }

            if (Given.Patched(request)["metadata"]?["annotations"] is JsonObject annotations)
            {
                json["metadata"]!["annotations"] = new JsonObject(annotations.Where(a => a.Value is not null).Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value!.DeepClone())));
            }

            if (json["spec"]?["unschedulable"] is null)
            {
                json["spec"]?.AsObject().Remove("unschedulable");
            }
        });

    private sealed class NoPods : IDrainingPods
    {
        public IReadOnlyList<PodFacts>? PodsOf(string node) => null;

        public List<string> Retained { get; } = [];

        public void Retain(string policy, IReadOnlyCollection<string> nodes) => Retained.Add($"{policy}: {string.Join(' ', nodes)}");
    }

    private sealed class NoChecks : IHealthChecks
    {
        public void Retain(string policy, IReadOnlyList<CheckSubject> subjects)
        {
        }

        public IReadOnlyList<CheckObservation> Of(string policy, CheckSubject subject) => [];
    }
}
