using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;
using Ostler.Testing.Waiting;

namespace Ostler.IntegrationTests;

/// <summary>
/// Controller and agents run under their own service accounts in every test of this suite. Here all that they may do is done, and the API
/// server's audit log is held against the roles: no right is missing, and none is there for nothing.
/// </summary>
public sealed class LeastRightsTests
{
    [Fact]
    public async Task Every_right_that_is_granted_is_used_and_every_right_that_is_used_is_granted()
    {
        using var audit = new AuditLog();
        await using var rig = await Rig.StartAsync(2, change: o => o with { ApiServerArguments = audit.ApiServerArguments, ServeConsole = true, ConsoleTokens = true });
        Assert.SkipUnless(audit.Exists, $"{rig.Fleet.Cluster.Description} was not started by this test and writes no audit log for it.");

        await UpgradeWithEverythingInTheWayAsync(rig);
        await FailToResolveTwiceAsync(rig);
        await LookAtTheConsoleAsync(rig);
        await MeetTheNodeOSOfAFormerNodeAsync(rig, audit);

        ApiRequest[] requests = [.. audit.Read().Where(r => Right.Used(r) is not null)];
        Assert.All(requests, r => Assert.False(r.Code is 401 or 403, $"{Right.Used(r)} of {r.Name} was refused"));
        Right[] used = [.. requests.Select(r => Right.Used(r)!).Distinct()];
        var granted = Right.Granted(Repository.Config);

        Assert.Equal([], used.Where(u => !granted.Any(g => g.Covers(u))).Select(u => u.ToString()));
        Assert.Equal([], granted.Where(g => !used.Any(g.Covers)).Select(g => g.ToString()));
    }

    /// <summary>A budget that lets no pod go, workloads of each kind, a volume that stays attached, a check that takes a Secret.</summary>
    private static async Task UpgradeWithEverythingInTheWayAsync(Rig rig)
    {
        await TestWorkload.ApplyAsync(rig, "quorum", replicas: 1, node: "node-1", minAvailable: 1);
        foreach (var manifest in YamlDocuments.Read(Workloads))
        {
            await Manifests.ApplyAsync(rig.Api, manifest, Rig.Cancel);
        }

        await Manifests.ApplyAsync(
            rig.Api,
            new()
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = "authority", ["namespace"] = Installation.Namespace, ["labels"] = new JsonObject { ["ostler.dev/use"] = "health-check" } },
                ["stringData"] = new JsonObject { ["ca.crt"] = rig.Fleet.Cluster.AuthorityPem },
            },
            Rig.Cancel);
        foreach (var app in (string[])["database", "legacy", "keeper"])
        {
            await RunningAsync(rig, app);
        }

        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec with
        {
            Drain = new()
            {
                Timeout = Duration.FromSeconds(6),
                OnTimeout = DrainTimeoutAction.Force,
                VolumeDetachTimeout = Duration.FromSeconds(2),
                Rules = [new() { PodSelector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "keeper" } }, Behavior = DrainBehavior.Skip }],
            },
            Health = Rig.Spec.Health with
            {
                Checks =
                [
                    .. Rig.Spec.Health.Checks!,
                    new()
                    {
                        Name = "api",
                        Http = new()
                        {
                            Url = $"{rig.Fleet.Cluster.Server}healthz",
                            From = HttpCheckOrigin.Controller,
                            Tls = new() { CaSecretRef = new() { Namespace = Installation.Namespace, Name = "authority" } },
                        },
                    },
                ],
            },
        });
        await rig.EverywhereAsync(next);
    }

    /// <summary>The same Event twice is one Event with a count of two: a patch.</summary>
    private static async Task FailToResolveTwiceAsync(Rig rig)
    {
        for (var time = 1; time <= 2; time++)
        {
            await rig.ApplyImageAsync("2.0", spec => spec with { Ostree = spec.Ostree! with { Ref = "no/such/branch" } });
            await rig.ImageAsync(i => i?.Status?.Conditions.Find(ConditionTypes.Ready) is { Status: ConditionStatus.False });
            await rig.ApplyImageAsync("2.0");
            await rig.ImageAsync(i => i?.Status?.Conditions.Find(ConditionTypes.Ready) is { Status: ConditionStatus.True });
        }
    }

    /// <summary>Somebody with a token of the cluster looks at a node; somebody without a good one does not.</summary>
    private static async Task LookAtTheConsoleAsync(Rig rig)
    {
        foreach (var manifest in YamlDocuments.Read(Viewers))
        {
            await Manifests.ApplyAsync(rig.Api, manifest, Rig.Cancel);
        }

        using var http = new HttpClient { BaseAddress = rig.Fleet.ConsoleAddress };
        var (status, history) = await AskAsync(await rig.Fleet.Cluster.ServiceAccountTokenAsync("default", "viewer", cancellationToken: Rig.Cancel));
        Assert.Equal((System.Net.HttpStatusCode.OK, null), (status, (string?)history["eventsProblem"]));
        Assert.Contains(history["entries"]!.AsArray(), e => (string?)e!["source"] == "event");

        // Whoever may see some of it sees nothing, and is told what is missing.
        (status, var refusal) = await AskAsync(await rig.Fleet.Cluster.ServiceAccountTokenAsync("default", "default", cancellationToken: Rig.Cancel));
        Assert.Equal((System.Net.HttpStatusCode.Forbidden, "Forbidden"), (status, (string?)refusal["reason"]));
        Assert.Contains("system:serviceaccount:default:default may not list nodes", (string?)refusal["message"], StringComparison.Ordinal);
        (status, refusal) = await AskAsync("made-up");
        Assert.Equal((System.Net.HttpStatusCode.Unauthorized, "TokenRefused"), (status, (string?)refusal["reason"]));
        Assert.DoesNotContain("made-up", await File.ReadAllTextAsync(rig.Fleet.ControllerLog, Rig.Cancel), StringComparison.Ordinal);

        async Task<(System.Net.HttpStatusCode Status, JsonNode Answer)> AskAsync(string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "api/nodes/node-1") { Headers = { Authorization = new("Bearer", token) } };
            using var response = await http.SendAsync(request, Rig.Cancel);
            return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Rig.Cancel))!);
        }
    }

    /// <summary>The former one is deleted, a finalizer keeps it, and it is asked for until it is gone.</summary>
    private static async Task MeetTheNodeOSOfAFormerNodeAsync(Rig rig, AuditLog audit)
    {
        var name = NamespacedName.ClusterScoped("node-2");
        await rig.Fleet.Controller!.DisposeAsync();
        var former = await rig.Api.PatchAsync(
            OstlerResources.NodeOSes,
            name,
            Patch.Merge(new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["finalizers"] = new JsonArray("test.example/keep"),
                    ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = "node-2", ["uid"] = "a-former-one" }),
                },
            }),
            Rig.Cancel);
        await rig.Fleet.RestartControllerAsync(Rig.Cancel);

        // Garbage collection deletes it as well, and may come first; the controller asks for it all the same.
        await AskedAsync(audit, new("ostler-controller", OstlerApi.Group, "nodeoses", "get", "") { Name = "node-2" });
        await rig.Api.PatchAsync(OstlerResources.NodeOSes, name, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }), Rig.Cancel);
        await rig.NodeOSAsync("node-2", os => os is not null && os.Metadata.Uid != former.Metadata.Uid && os.Status?.Booted is not null);
    }

    private static async Task AskedAsync(AuditLog audit, Right right)
    {
        // What the controllers ask for grows as long as they work; the same rights again and again are no progress.
        using var timer = new ProgressTimer(TimeProvider.System, ProgressWait.DefaultPatience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (audit.Read().Select(Right.Used).ToHashSet() is var used && !used.Contains(right))
        {
            timer.Observe($"{used.Count} rights were used");
            if (timer.Expired.IsCancellationRequested)
            {
                throw new NoProgressException($"the right {right} is used", timer.Patience, timer.LastState);
            }

            await tick.WaitForNextTickAsync(Rig.Cancel);
        }
    }

    private static async Task RunningAsync(Rig rig, string app)
    {
        var pods = (await rig.Api.ListAsync(KnownResources.Pods, new() { Namespace = "default", LabelSelector = $"app={app}" }, Rig.Cancel)).Items;
        if (pods is not [var pod, ..])
        {
            // The controllers of Kubernetes have not made it yet.
            using var soon = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            await soon.WaitForNextTickAsync(Rig.Cancel);
            await RunningAsync(rig, app);
            return;
        }

        await rig.Api.WaitForAsync(
            KnownResources.Pods, new("default", pod.Metadata.Name), p => p?.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true, Rig.Cancel, TimeSpan.FromMinutes(1));
    }

    private const string Viewers = """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: viewer, namespace: default}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: viewer-sees-ostler}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ostler-console-viewer}
        subjects: [{kind: ServiceAccount, name: viewer, namespace: default}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewer-sees-ostler, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ostler-console-viewer}
        subjects: [{kind: ServiceAccount, name: viewer, namespace: default}]
        """;

    private const string Workloads = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: database}
        spec:
          serviceName: database
          selector: {matchLabels: {app: database}}
          template:
            metadata: {labels: {app: database}}
            spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: registry.example/main:1}]}
        ---
        apiVersion: v1
        kind: ReplicationController
        metadata: {name: legacy}
        spec:
          selector: {app: legacy}
          template:
            metadata: {labels: {app: legacy}}
            spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: registry.example/main:1}]}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: manual, resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: keeper, labels: {app: keeper}}
        spec:
          nodeName: node-1
          tolerations: [{operator: Exists}]
          containers: [{name: main, image: registry.example/main:1}]
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
        ---
        apiVersion: storage.k8s.io/v1
        kind: VolumeAttachment
        metadata: {name: left-attached}
        spec: {attacher: test.example, nodeName: node-1, source: {persistentVolumeName: somebody-elses}}
        """;
}
