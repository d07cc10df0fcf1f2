using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.Alertmanager;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;

namespace Ostler.Playground;

/// <summary>
/// An alert fires: nodes download, and none is disrupted. It is resolved, and the upgrade goes on by itself. Without an Alertmanager
/// (Debian's package), a field of an object stands for it.
/// </summary>
internal static class GateScenario
{
    private static readonly Dictionary<string, string> Alert = new() { ["alertname"] = "CephHealthError", ["severity"] = "critical" };

    public static async Task PlayAsync(Demo demo, CancellationToken cancellationToken)
    {
        var (alertmanager, whyNot) = await AlertmanagerServer.StartAsync(cancellationToken);
        if (alertmanager is null)
        {
            demo.Say($"no Alertmanager ({whyNot}): a label of the namespace default stands for the alert");
            await GrantNamespacesAsync(demo, cancellationToken);
            await PlayAsync(
                demo, OfNamespace(), () => LabelAsync(demo, "HEALTH_ERR", cancellationToken),
                () => LabelAsync(demo, "HEALTH_OK", cancellationToken), cancellationToken);
            return;
        }

        await using var server = alertmanager;
        await PlayAsync(demo, OfAlerts(server.Address), () => server.FireAsync(Alert, cancellationToken), () =>
            server.ResolveAsync(Alert, cancellationToken), cancellationToken);
    }

    private static async Task PlayAsync(Demo demo, JsonObject gate, Func<Task> close, Func<Task> open, CancellationToken cancellationToken)
    {
        await close();
        demo.Chapter("the alert CephHealthError fires; v2 is published; spec.gates lets no node go while a critical alert is active");
        var second = await demo.PublishAsync(OsTree.Of("2.0"), cancellationToken);
        await demo.ApplyAsync("2.0", spec => spec["gates"] = new JsonArray(gate), cancellationToken);
        await demo.Expect("nodes stage; none is disrupted; Ready says GateClosed, with the server's own answer", view =>
            view.Policy?.Status is { } status
            && status.Conditions.Find(ConditionTypes.Ready) is { Reason: Reasons.GateClosed, Message: var message }
            && message.Contains("Gate ceph is closed", StringComparison.Ordinal)
            && status.Gates is [{ Reason: Reasons.GateClosed, Since: not null }]
            && view.Rows.Any(r => r.Step == NodeStep.Staged)
            && view.Rows.All(r => r is { Booted: "1.0", Cordoned: false }), cancellationToken);

        demo.Chapter("the alert is resolved");
        await open();
        await Scenarios.EverywhereAsync(demo, "2.0", second, cancellationToken);
        foreach (var host in demo.Fleet.Lab.Hosts.Where(h => h.Boots.Count != 2))
        {
            demo.Fault($"{host.Name} booted {host.Boots.Count} times; twice would be right");
        }
    }

    private static JsonObject OfAlerts(Uri address) => new()
    {
        ["name"] = "ceph",
        ["interval"] = "5s",
        ["timeout"] = "5s",
        ["alerts"] = new JsonObject
        {
            ["url"] = address.AbsoluteUri,
            ["matchers"] = new JsonArray(new JsonObject { ["name"] = "severity", ["value"] = "critical" }),
        },
    };

    private static JsonObject OfNamespace() => new()
    {
        ["name"] = "ceph",
        ["interval"] = "5s",
        ["timeout"] = "5s",
        ["condition"] = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["name"] = "default",
            ["path"] = "{.metadata.labels.ceph}",
            ["operator"] = "Equal",
            ["value"] = "HEALTH_OK",
        },
    };

    private static Task<JsonObject> LabelAsync(Demo demo, string health, CancellationToken cancellationToken) => Manifests.ApplyAsync(
        demo.Fleet.Api, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new JsonObject { ["name"] = "default", ["labels"] = new JsonObject { ["ceph"] = health } },
        }, cancellationToken);

    private static Task<JsonObject> GrantNamespacesAsync(Demo demo, CancellationToken cancellationToken) => Manifests.ApplyAsync(
        demo.Fleet.Api, new JsonObject
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = "ClusterRole",
            ["metadata"] = new JsonObject
            {
                ["name"] = "ostler-reads-namespaces",
                ["labels"] = new JsonObject { ["ostler.dev/aggregate-to-health-checks"] = "true" },
            },
            ["rules"] = new JsonArray(
                new JsonObject
                {
                    ["apiGroups"] = new JsonArray(""),
                    ["resources"] = new JsonArray("namespaces"),
                    ["verbs"] = new JsonArray("get")
                }),
        }, cancellationToken);
}
