using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Console;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.Scripted;

namespace Ostler.Console.Tests.Support;

/// <summary>A fleet in the middle of a rollout, as the API server would have it, and a console over it.</summary>
internal sealed class ConsoleFleet : IAsyncDisposable
{
    public const string OldDigest = "1111111111111111111111111111111111111111111111111111111111111111";
    public const string NewDigest = "2222222222222222222222222222222222222222222222222222222222222222";
    public const string BetaDigest = "sha256:3333333333333333333333333333333333333333333333333333333333333333";

    private readonly ApiClient _client;

    private ConsoleFleet(StoredObjects api, ApiClient client, ConsoleServer server) => (Api, _client, Server) = (api, client, server);

    public StoredObjects Api { get; }

    public ConsoleServer Server { get; private set; }

    public Uri Address => Server.Address;

    public static async Task<ConsoleFleet> StartAsync(int nodes, CancellationToken cancellationToken, ConsoleSettings? settings = null, Func<ScriptedRequest, ScriptedResponse, Task>? others = null, ILoggerFactory? loggers = null)
    {
        var api = new StoredObjects(others ?? Events);
        api.Hold(OstlerResources.OSImages);
        api.Hold(CoreResources.Nodes);
        api.Hold(OstlerResources.NodeOSes);
        api.Hold(OstlerResources.UpgradePolicies);
        Fill(api, nodes, TimeProvider.System.GetUtcNow());
        var client = new ApiClient(api.Server.CreateClient());
        settings ??= new() { Address = new(System.Net.IPAddress.Loopback, 0) };
        return new(api, client, await ConsoleServer.StartAsync(settings, client, loggers ?? NullLoggerFactory.Instance, TimeProvider.System, () => 0.5, cancellationToken));
    }

    /// <summary>Another process at the same address, with caches and versions of its own.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        var port = Address.Port;
        await Server.DisposeAsync();
        Server = await ConsoleServer.StartAsync(new() { Address = new(System.Net.IPAddress.Loopback, port) }, _client, NullLoggerFactory.Instance, TimeProvider.System, () => 0.5, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _client.Dispose();
        await Api.DisposeAsync();
    }

    public static string NodeName(int i) => string.Create(CultureInfo.InvariantCulture, $"node-{i}");

    /// <summary>Three of ten are updated, one in a hundred has failed, a few are in flight, a few are blocked.</summary>
    private static void Fill(StoredObjects api, int nodes, DateTimeOffset now)
    {
        var start = now.AddMinutes(-90);
        FillImages(api, start, now);
        var inFlight = new List<InFlightNode>();
        var blocked = new List<BlockedNode>();
        var (updated, failed, staged) = (0, 0, 0);
        for (var i = 1; i <= nodes; i++)
        {
            var (node, os) = Machine(i, nodes, start, now);
            api.Put(CoreResources.Nodes, node);
            api.Put(OstlerResources.NodeOSes, os);
            switch (os.Status!.Step)
            {
                case NodeStep.Updated:
                    updated++;
                    break;
                case NodeStep.RolledBack:
                    failed++;
                    break;
                case NodeStep.Staged when node.CordonedBy is null:
                    staged++;
                    if (blocked.Count < 6 && i % 7 == 0 || nodes < 10 && blocked.Count == 0)
                    {
                        blocked.Add(new() { Node = node.Name, Reason = "DrainBlocked", Message = "PodDisruptionBudget shop/database allows no eviction of shop/database-0. Scale the StatefulSet, or wait until its other pods are Ready." });
                    }

                    break;
                case var step when node.CordonedBy is not null && inFlight.Count < 50:
                    inFlight.Add(new() { Node = node.Name, Step = step == NodeStep.Staged ? NodeStep.Cordoned : step, Reason = step == NodeStep.Staged ? "Draining" : step == NodeStep.Rebooting ? "WaitingForBoot" : "HealthCheckFailing", Message = step == NodeStep.Staged ? "Evicted 3 pods; 2 are terminating." : step == NodeStep.Rebooting ? "Told to boot 42.20261101.3 2 minutes ago." : "systemd: edge-app.service is activating.", Since = now.AddSeconds(-75) });
                    break;
            }
        }

        var counts = new NodeCounts
        {
            Total = nodes,
            Updated = updated,
            Updating = inFlight.Count,
            Staged = staged,
            RolledBack = failed,
            Pending = nodes - updated - failed - staged - inFlight.Count,
            Unavailable = inFlight.Count + failed
        };
        api.Put(OstlerResources.UpgradePolicies, Policy("edge", new()
        {
            ObservedGeneration = 1,
            Target = new() { Digest = NewDigest, Version = "42.20261101.3" },
            Nodes = counts,
            Wave = "zone-a",
            Waves =
            [
                new() { Name = "canary", Total = 1, Updated = 1, CompletedAt = start.AddMinutes(20), Reason = "Complete" },
                new() { Name = "zone-a", Total = nodes / 3, Updated = Math.Max(0, updated - 1), Failed = failed, Reason = "RollingOut", Message = $"{inFlight.Count} nodes are in flight." },
                new() { Name = "rest", Total = nodes - (nodes / 3) - 1, Reason = "WaitingForApproval",
                    Message = "The wave waits for approval." },
            ],
            InFlight = inFlight,
            Blocked = blocked,
            StartedAt = start,
            EstimatedCompletion = now.AddMinutes(140),
            Durations = new() { Node = new() { Average = Duration.FromMinutes(7), Max = Duration.FromMinutes(13), Count = updated } },
            Conditions =
            [
                new() { Type = "Ready", Status = ConditionStatus.False, Reason = "RollingOut", Message = $"{updated} of {nodes} nodes run 42.20261101.3; {inFlight.Count} in flight.", LastTransitionTime = start },
                new() { Type = "Progressing", Status = ConditionStatus.True, Reason = "RollingOut", Message = "Nodes are being moved.", LastTransitionTime = start },
                new() { Type = "WindowOpen", Status = ConditionStatus.True, Reason = "Always", Message = "The policy has no windows.", LastTransitionTime = start },
            ],
        }));
        api.Put(OstlerResources.UpgradePolicies, Policy("control-plane", new()
        {
            ObservedGeneration = 1,
            Target = new() { Digest = NewDigest, Version = "42.20261101.3" },
            Nodes = new() { Total = 3, Updated = 3 },
            StartedAt = start.AddHours(-20),
            CompletedAt = start.AddHours(-19),
            Conditions = [new() { Type = "Ready", Status = ConditionStatus.True, Reason = "UpToDate", Message = "All 3 nodes run 42.20261101.3.", LastTransitionTime = start.AddHours(-19) }],
        }, "control-plane"));
        api.Put(OstlerResources.UpgradePolicies, Policy("lab", new()
        {
            ObservedGeneration = 1,
            Target = new() { Digest = BetaDigest, Version = "43.beta1" },
            Nodes = new() { Total = 12, Updated = 3, Failed = 1, RolledBack = 1, Pending = 7 },
            StartedAt = start,
            FailedDigests = [new() { Digest = BetaDigest, Reason = "HealthCheckFailed", Message = "lab-3: http answered 503.",
                At = now.AddMinutes(-12) }],
            Conditions =
            [
                new() { Type = "Ready", Status = ConditionStatus.False, Reason = "TooManyFailures", Message = Halted,
                    LastTransitionTime = now.AddMinutes(-12) },
                new() { Type = "Halted", Status = ConditionStatus.True, Reason = "TooManyFailures", Message = Halted,
                    LastTransitionTime = now.AddMinutes(-12) },
            ],
        }, "lab", "lab-os"));
    }

    private static void FillImages(StoredObjects api, DateTimeOffset start, DateTimeOffset now)
    {
        api.Put(OstlerResources.OSImages, new OSImage
        {
            Metadata = new() { Name = "edge-os", Uid = "image" },
            Spec = new() { Ostree = new() { Remote = "acme", Ref = "acme/stable/x86_64/edge" } },
            Status = new()
            {
                ObservedGeneration = 0,
                Resolved = new()
                {
                    Reference = "acme:acme/stable/x86_64/edge",
                    Digest = NewDigest,
                    Version = "42.20261101.3",
                    ResolvedAt = start,
                    Created = start.AddHours(-5)
                },
                NextPollAt = now.AddMinutes(7),
                History = [new() { Reference = "acme:acme/stable/x86_64/edge", Digest = OldDigest, Version = "41.20261001.1",
                    ResolvedAt = start.AddDays(-30) }],
                Conditions = [new() { Type = "Ready", Status = ConditionStatus.True, Reason = "Resolved",
                    Message = "acme:acme/stable/x86_64/edge is 42.20261101.3.", LastTransitionTime = start }],
            },
        });
        api.Put(OstlerResources.OSImages, new OSImage
        {
            Metadata = new() { Name = "lab-os", Uid = "lab-image" },
            Spec = new() { Container = new() { Image = "registry.example/os/lab:beta", Verification = new() } },
            Status = new()
            {
                Resolved = new()
                {
                    Reference = "registry.example/os/lab:beta",
                    Digest = BetaDigest,
                    Version = "43.beta1",
                    ResolvedAt = start,
                    VerifiedWith = NewDigest,
                    SignatureFormat = "SigstoreBundle",
                    Platforms = [new() { Platform = "linux/amd64", Digest = "sha256:" + OldDigest }]
                },
                Quarantined = [new() { Digest = BetaDigest, Reason = "HealthCheckFailed", Policy = "lab", Since = now.AddMinutes(-12) }],
                Conditions =
                [
                    new() { Type = "Ready", Status = ConditionStatus.False, Reason = "Quarantined",
                        Message = "43.beta1 is quarantined: policy lab failed with it (HealthCheckFailed).",
                        LastTransitionTime = now.AddMinutes(-12) },
                    new() { Type = "Stalled", Status = ConditionStatus.True, Reason = "Quarantined",
                        Message = "43.beta1 is quarantined: policy lab failed with it (HealthCheckFailed).",
                        LastTransitionTime = now.AddMinutes(-12) },
                    new() { Type = "Verified", Status = ConditionStatus.True, Reason = "Verified",
                        Message = "The digest carries a signature of the key.", LastTransitionTime = start },
                ],
            },
        });
    }

    // With a timestamp, as messages have them: the page shows all times in the browser's zone.
    private const string Halted = "1 node failed with 43.beta1, more than spec.rollback.maxFailures allows, at 2026-11-01T12:30:00Z.";

    private static UpgradePolicy Policy(string name, UpgradePolicyStatus status, string? role = null, string image = "edge-os") => new()
    {
        Metadata = new() { Name = name, Uid = $"policy-{name}", Generation = 1 },
        Spec = new()
        {
            ImageRef = new() { Name = image },
            NodeSelector = role is null ? new() { MatchExpressions = [new() { Key = "role", Operator = LabelOperator.DoesNotExist }] } : new() { MatchLabels = new Dictionary<string, string> { ["role"] = role } },
        },
        Status = status,
    };

    /// <summary>Node i of n, somewhere on its way.</summary>
    public static (Node Node, NodeOS OS) Machine(int i, int n, DateTimeOffset start, DateTimeOffset now)
    {
        var name = NodeName(i);
        var place = (i * 7919 % n * 100 / n, n < 10 || i == 1 ? i : 0) switch
        {
            (_, 1) or ( < 30, 0) => NodeStep.Updated,
            (_, 2) or ( >= 30 and < 31, 0) => NodeStep.Rebooting,
            ( >= 31 and < 32, 0) => NodeStep.Verifying,
            (_, 3) or ( >= 32 and < 33, 0) => NodeStep.RolledBack,
            ( >= 33 and < 34, 0) => NodeStep.Cordoned,
            (_, 4) or ( < 60, 0) => NodeStep.Staged,
            ( < 63, 0) => NodeStep.Staging,
            _ => NodeStep.Idle,
        };
        var granted = start.AddSeconds(i * 5000.0 / n);
        var flying = place is NodeStep.Rebooting or NodeStep.Verifying or NodeStep.Cordoned;
        return (
            new()
            {
                Metadata = new()
                {
                    Name = name,
                    Uid = $"uid-{name}",
                    CreationTimestamp = start.AddDays(-30),
                    Labels = new Dictionary<string, string> { ["topology.kubernetes.io/zone"] = "zone-" + (char)('a' + (i % 3)) },
                    Annotations = flying ? new Dictionary<string, string> { [NodeAnnotations.CordonedBy] = "edge", [NodeAnnotations.CordonedAt] = "2026-11-01T12:00:00Z" } : null,
                },
                Spec = new() { Unschedulable = flying || i == 11 },
                Status = new() { Conditions = [new() { Type = "Ready", Status = place == NodeStep.Rebooting || i == 17 ? "Unknown" : "True" }] },
            },
            new()
            {
                Metadata = new() { Name = name, Uid = $"os-{name}", OwnerReferences = [new() { ApiVersion = "v1", Kind = "Node", Name = name, Uid = $"uid-{name}" }] },
                Spec = new()
                {
                    Policy = "edge",
                    Goal = flying ? Goal.Boot : place is NodeStep.Staged or NodeStep.Staging ? Goal.Stage : Goal.Observe,
                    Attempt = place == NodeStep.Idle ? 0 : 1,
                    Image = new() { Digest = NewDigest, Version = "42.20261101.3", Ostree = new() { Remote = "acme", Ref = "acme/stable/x86_64/edge" } },
                    GrantedAt = flying ? now.AddMinutes(-4) : null,
                    BootRequestedAt = flying && place != NodeStep.Cordoned ? now.AddMinutes(-2) : null,
                    LastUpgrade = place == NodeStep.Updated ? new() { GrantedAt = granted, BootRequestedAt = granted.AddMinutes(1.5), HealthySince = granted.AddMinutes(4), CompletedAt = granted.AddMinutes(5) } : null,
                    Failure = place == NodeStep.RolledBack ? new() { Digest = NewDigest, Version = "42.20261101.3", Attempt = 1, Reason = "HealthCheckFailed", Message = "systemd: edge-app.service has failed.", At = granted.AddMinutes(9) } : null,
                },
                Status = new()
                {
                    Step = place == NodeStep.Cordoned ? NodeStep.Staged : place,
                    Attempt = place == NodeStep.Idle ? 0 : 1,
                    Backend = "ostree",
                    BackendVersion = "2025.2",
                    AgentVersion = "0.1.0",
                    Booted = new() { Digest = place is NodeStep.Updated or NodeStep.Verifying ? NewDigest : OldDigest, Version = place is NodeStep.Updated or NodeStep.Verifying ? "42.20261101.3" : "41.20261001.1", Reference = "acme:acme/stable/x86_64/edge" },
                    Rollback = place == NodeStep.Updated ? new() { Digest = OldDigest, Version = "41.20261001.1", Pinned = true } : null,
                    Staged = place is NodeStep.Staged or NodeStep.Cordoned ? new() { Digest = NewDigest, Version = "42.20261101.3", Locked = true } : null,
                    Timings = place == NodeStep.Updated ? new() { StagingStartedAt = granted.AddMinutes(-10), StagedAt = granted.AddMinutes(-7), RebootRequestedAt = granted.AddMinutes(1.6), BootedAt = granted.AddMinutes(2.5), HealthyAt = granted.AddMinutes(3.5) } : null,
                    Conditions = [new() { Type = "Ready", Status = ConditionStatus.True, Reason = "Observed", Message = "The agent reports.", LastTransitionTime = start }],
                },
            });
    }

    private static async Task Events(ScriptedRequest request, ScriptedResponse response)
    {
        var node = request.Query("fieldSelector")?.Split("involvedObject.name=")[^1];
        await (request.Path == "/api/v1/namespaces/default/events" && node is not null
            ? response.JsonAsync($$"""
                {"metadata":{"resourceVersion":"5"},"items":[
                  {"metadata":{"name":"a","namespace":"default"},"type":"Normal","reason":"Cordoned","message":"Slot granted to {{System.Text.Json.JsonEncodedText.Encode(node)}}: wave zone-a, zone-b.","count":1,"lastTimestamp":"2026-11-01T12:00:00Z"},
                  {"metadata":{"name":"b","namespace":"default"},"type":"Warning","reason":"DrainBlocked","message":"PodDisruptionBudget shop/database allows no eviction.","count":4,"lastTimestamp":"2026-11-01T12:03:00Z"}]}
                """)
            : response.StatusAsync(404, "NotFound"));
    }
}
