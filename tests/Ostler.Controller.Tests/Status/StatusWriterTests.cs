using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Status;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Status;

public sealed class StatusWriterTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly ScriptedServer _server;
    private readonly Informer<UpgradePolicy> _cache;
    private readonly StatusWriter<UpgradePolicy> _writer;
    private int _version = 100;

    public StatusWriterTests()
    {
        _server = Given.Server((request, response) =>
        {
            var stored = JsonNode.Parse(OstlerResources.UpgradePolicies.Serialize(Given.Policy("edge")))!.AsObject();
            stored["metadata"]!["resourceVersion"] = (++_version).ToString(null, null);
            stored["status"] = request.BodyJson!["status"]!.DeepClone();
            return response.JsonAsync(stored);
        });
        var client = Given.Client(_server);
        _cache = Given.Cache(client, OstlerResources.UpgradePolicies, Given.Policy("edge"));
        _writer = new(client, OstlerResources.UpgradePolicies, _cache, _time, TimeSpan.FromSeconds(1));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_status_is_applied_to_its_subresource_by_uid_and_enters_the_cache()
    {
        Assert.Equal(new(true, null), await WriteAsync(updated: 1));

        var request = Assert.Single(_server.Received);
        Assert.Equal("/apis/ostler.dev/v1alpha1/upgradepolicies/edge/status", request.Path);
        Assert.Equal("application/apply-patch+yaml", request.Header("content-type"));
        Assert.Equal(
            """{"apiVersion":"ostler.dev/v1alpha1","kind":"UpgradePolicy","status":{"observedGeneration":2,"conditions":[{"type":"Ready","status":"False","reason":"RollingOut","message":"m","lastTransitionTime":"2026-11-01T12:00:00Z"}],"nodes":{"total":0,"updated":1,"updating":0,"staged":0,"pending":0,"failed":0,"rolledBack":0,"unavailable":0,"held":0,"drifted":0},"distinctDigests":0},"metadata":{"uid":"policy-uid-edge","name":"edge"}}""",
            request.BodyText);
        Assert.Equal(1, Current.Status!.Nodes!.Updated);
    }

    [Fact]
    public async Task The_same_status_is_not_written_again()
    {
        await WriteAsync(updated: 1);

        Assert.Equal(default, await WriteAsync(updated: 1));

        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task Counts_are_held_back_for_a_second_and_told_when_to_come_again()
    {
        await WriteAsync(updated: 1);
        _time.Advance(TimeSpan.FromSeconds(0.4));

        Assert.Equal(new(false, TimeSpan.FromSeconds(0.6)), await WriteAsync(updated: 2));

        _time.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(new(true, null), await WriteAsync(updated: 3));
        Assert.Equal(2, _server.Received.Count);
    }

    [Fact]
    public async Task A_changed_condition_is_written_at_once_and_a_changed_message_is_not()
    {
        await WriteAsync(updated: 1);

        Assert.False((await WriteAsync(updated: 1, message: "other words")).Written);
        Assert.True((await WriteAsync(updated: 1, reason: Reasons.NodesBlocked)).Written);
    }

    [Fact]
    public async Task Another_order_of_a_merged_list_is_no_difference()
    {
        var status = Status(1, Reasons.RollingOut, "m") with { InFlight = [Node("a"), Node("b")] };
        await _writer.WriteAsync(Current, Current with { Status = status }, Given.Cancel);
        _cache.Absorb(Current with { Metadata = Current.Metadata with { ResourceVersion = "200" }, Status = status with { InFlight = [Node("b"), Node("a")] } });

        Assert.Equal(default, await _writer.WriteAsync(Current, Current with { Status = status }, Given.Cancel));
    }

    [Fact]
    public async Task Another_policy_has_a_pace_of_its_own()
    {
        await WriteAsync(updated: 1);
        _cache.Absorb(Given.Policy("core", status: Status(1, Reasons.RollingOut, "m")));
        var core = _cache.Lister.Get(NamespacedName.ClusterScoped("core"))!;

        Assert.True((await _writer.WriteAsync(core, core with { Status = Status(2, Reasons.RollingOut, "m") }, Given.Cancel)).Written);
    }

    private UpgradePolicy Current => _cache.Lister.Get(NamespacedName.ClusterScoped("edge"))!;

    private Task<StatusWrite> WriteAsync(int updated, string reason = Reasons.RollingOut, string message = "m") =>
        _writer.WriteAsync(Current, Current with { Status = Status(updated, reason, message) }, Given.Cancel);

    private static UpgradePolicyStatus Status(int updated, string reason, string message) => new()
    {
        ObservedGeneration = 2,
        Nodes = new() { Updated = updated },
        Conditions = [new() { Type = ConditionTypes.Ready, Status = ConditionStatus.False, Reason = reason, Message = message, LastTransitionTime = Given.Now }],
    };

    private static InFlightNode Node(string name) => new() { Node = name, Step = NodeStep.Cordoned, Reason = Reasons.Draining };
}
