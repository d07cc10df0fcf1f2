using System.Globalization;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;

namespace Ostler.Playground;

/// <summary>What <c>make demo SCENARIO=…</c> plays. Each ends with every claim checked; what is not so is a fault of the demo.</summary>
internal static class Scenarios
{
    public const string Default = "rolling";

    public static IReadOnlyDictionary<string, Func<Demo, CancellationToken, Task>> All { get; } = new SortedDictionary<string, Func<Demo, CancellationToken, Task>>(StringComparer.Ordinal)
    {
        ["rolling"] = RollingAsync,
        ["canary"] = CanaryAsync,
        ["gate"] = GateScenario.PlayAsync,
        ["pdb-blocked"] = BlockedAsync,
        ["rollback-policy"] = RollBackPolicyAsync,
        ["window"] = WindowAsync,
    };

    /// <summary>An upgrade that works, and one whose health check fails on the first node.</summary>
    private static async Task RollingAsync(Demo demo, CancellationToken cancellationToken)
    {
        demo.Chapter("Publish 2.0 and apply config/samples (with the URL of this repository, soak 2s, health timeout 2m, reboot timeout 10m, and no HTTP check of the simulated kubelets)");
        var second = await demo.PublishAsync(OsTree.Of("2.0"), cancellationToken);
        await demo.ApplyAsync("2.0", null, cancellationToken);
        await EverywhereAsync(demo, "2.0", second, cancellationToken);

        demo.MeasureTimeouts();
        demo.Chapter(string.Create(CultureInfo.InvariantCulture, $"Publish 3.0, in which kubelet.service fails; health timeout {demo.Timeouts.Health.TotalSeconds:0}s, reboot timeout {demo.Timeouts.Reboot.TotalSeconds:0}s"));
        var third = await demo.PublishAsync(OsTree.Of("3.0").Unhealthy("kubelet.service"), cancellationToken);
        await demo.ApplyAsync("3.0", null, cancellationToken);
        await demo.Expect("the node is rolled back and uncordoned, the rollout is halted, 3.0 is quarantined", view => view.Policy?.Status is { } status
            && status.Conditions.IsTrue(ConditionTypes.Halted)
            && view.Image?.Status?.Quarantined?.Any(q => q.Digest == third) == true
            && view.Rows.Any(r => r.Step == NodeStep.RolledBack)
            && view.Rows.All(r => r is { Booted: "2.0", Cordoned: false, Ready: true }), cancellationToken);

        // At most maxUnavailable nodes can have been in flight when the first one failed; all others never left 2.0.
        var tried = demo.Fleet.Lab.Hosts.Count(h => h.Boots.Any(b => b.Version == "3.0"));
        var allowed = Math.Max(1, demo.Options.MaxUnavailable.Of(demo.Options.Nodes));
        if (tried < 1 || tried > allowed)
        {
            demo.Fault($"{tried} nodes booted 3.0; expected from 1 to {allowed}.");
        }

        demo.Say(string.Create(CultureInfo.InvariantCulture, $"{tried} of {demo.Options.Nodes} nodes booted 3.0; the others stayed on 2.0"));
    }

    /// <summary>One node first, then a wave that a user approves, then the rest, one zone at a time.</summary>
    private static async Task CanaryAsync(Demo demo, CancellationToken cancellationToken)
    {
        demo.Chapter("Publish 2.0: one canary first, then a wave that waits for approval, then the rest, one zone at a time");
        var second = await demo.PublishAsync(OsTree.Of("2.0"), cancellationToken);
        void Waves(JsonObject spec)
        {
            var rollout = spec["rollout"]!.AsObject();
            rollout["topology"] = new JsonObject { ["maxDomainsAtOnce"] = 1 };
            rollout["waves"] = new JsonArray(
                new JsonObject { ["name"] = "canary", ["nodes"] = 1, ["soak"] = "5s" },
                new JsonObject { ["name"] = "next", ["nodes"] = "40%", ["approval"] = "Manual" });
        }

        await demo.ApplyAsync("2.0", Waves, cancellationToken);
        await demo.Expect(
            "the canary runs 2.0 and has soaked, and the rollout waits for approval",
            view => view.Policy?.Status is { } status && status.Conditions.Find(ConditionTypes.Ready)?.Reason == Reasons.WaitingForApproval,
            cancellationToken);
        var booted = demo.Fleet.Lab.Hosts.Count(h => h.Boots.Any(b => b.Version == "2.0"));
        if (booted != 1)
        {
            demo.Fault($"{booted} nodes booted 2.0 before the approval; only the canary should have.");
        }

        demo.Chapter($"Approve wave next: spec.rollout.approvals is [{{wave: next, digest: {second[..12]}…}}]");
        await demo.ApplyAsync("2.0", spec =>
        {
            Waves(spec);
            spec["rollout"]!["approvals"] = new JsonArray(new JsonObject { ["wave"] = "next", ["digest"] = second });
        }, cancellationToken);
        await EverywhereAsync(demo, "2.0", second, cancellationToken);
    }

    /// <summary>
    /// A budget lets one pod never go: its node is not cordoned in vain, the others go on, and it follows when the budget does.
    /// </summary>
    private static async Task BlockedAsync(Demo demo, CancellationToken cancellationToken)
    {
        const string node = "node-1";
        demo.Chapter($"Publish 2.0 while a PodDisruptionBudget allows no eviction of a pod on {node}");
        await Scene.ApplyPinnedAsync(demo.Fleet.Api, node, demo.Fleet.Cluster.Capabilities.HasPolicyV1, cancellationToken);
        await demo.Expect("the pod is up", view => view.Pods.Count > 0, cancellationToken);
        var type = demo.Fleet.Cluster.Capabilities.HasPolicyV1 ? KnownResources.PodDisruptionBudgets : KnownResources.PodDisruptionBudgetsV1Beta1;
        await Ostler.Testing.ControlPlane.ApiClientWaiting.WaitForAsync(
            demo.Fleet.Api, type, new("default", "licence"), b => b?.Status is { CurrentHealthy: 1, DisruptionsAllowed: 0 }, cancellationToken);
        var second = await demo.PublishAsync(OsTree.Of("2.0"), cancellationToken);
        await demo.ApplyAsync("2.0", null, cancellationToken);
        await demo.Expect($"all other nodes run 2.0; {node} is blocked, and status names budget and pod", view =>
            view.Policy?.Status?.Blocked?.FirstOrDefault(b => b.Node == node)?.Message?.Contains("licence", StringComparison.Ordinal) == true
            && view.Rows.All(r => r.Node == node ? r.Booted == "1.0" : r is { Booted: "2.0", Cordoned: false, Ready: true }), cancellationToken);
        if (demo.Fleet.Host(node).Boots.Count != 1)
        {
            demo.Fault($"{node} was rebooted although its pod could not be evicted.");
        }

        demo.Chapter("Run kubectl delete poddisruptionbudget licence");
        await demo.Fleet.Api.DeleteAsync(type, new("default", "licence"), null, null, cancellationToken);
        await EverywhereAsync(demo, "2.0", second, cancellationToken);
    }

    /// <summary>The last node fails on a tree that ran well on all others: rollback.scope Policy rolls every node back.</summary>
    private static async Task RollBackPolicyAsync(Demo demo, CancellationToken cancellationToken)
    {
        demo.Chapter("Publish 2.0 with rollback.scope Policy; the last node will be unhealthy on it");
        var second = await demo.PublishAsync(OsTree.Of("2.0"), cancellationToken);
        var last = demo.Fleet.Lab.Hosts.Select(h => h.Name).OrderBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal).Last();
        demo.Fleet.Host(last).Inject(HostFault.UnhealthyAfterBoot, "2.0");
        void LastOneFails(JsonObject spec)
        {
            spec["rollback"]!["scope"] = "Policy";
            spec["health"]!["checks"]!.AsArray().Add((JsonNode)new JsonObject { ["name"] = "service", ["systemd"] = new JsonObject { ["active"] = new JsonArray("ostler-lab.service") } });

            // The node that fails comes last, so that there is something to roll back.
            spec["rollout"]!["waves"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "others",
                    ["nodeSelector"] = new JsonObject
                    {
                        ["matchExpressions"] = new JsonArray(
                            new JsonObject { ["key"] = "kubernetes.io/hostname", ["operator"] = "NotIn", ["values"] = new JsonArray(last) }),
                    },
                });
        }

        await demo.ApplyAsync("2.0", LastOneFails, cancellationToken);
        await demo.Expect($"all but {last} run 2.0", view => view.Rows.All(r => r.Node == last || r.Booted == "2.0"), cancellationToken);
        demo.MeasureTimeouts();
        await demo.ApplyAsync("2.0", LastOneFails, cancellationToken);
        await demo.Expect("every node is back on 1.0 and uncordoned, the rollout is halted, 2.0 is quarantined", view => view.Policy?.Status is { } status
            && status.Conditions.IsTrue(ConditionTypes.Halted)
            && view.Image?.Status?.Quarantined?.Any(q => q.Digest == second) == true
            && status.Nodes is { Updating: 0, RolledBack: var back } && back == demo.Options.Nodes
            && view.Rows.All(r => r is { Booted: "1.0", Cordoned: false, Ready: true }), cancellationToken);
    }

    /// <summary>The window opens with the next minute: nodes download before, none is disrupted.</summary>
    private static async Task WindowAsync(Demo demo, CancellationToken cancellationToken)
    {
        // Far enough away for the nodes to download, and for people to see that nothing else happens.
        var lead = 20 + (long)demo.FirstReports.TotalSeconds;
        var opens = DateTimeOffset.FromUnixTimeSeconds((((TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + lead) / 60) + 1) * 60);
        demo.Chapter(string.Create(CultureInfo.InvariantCulture, $"Publish 2.0; the window opens at {opens:HH:mm:ss} UTC for two hours"));
        var second = await demo.PublishAsync(OsTree.Of("2.0"), cancellationToken);
        await demo.ApplyAsync("2.0", spec => spec["windows"] = new JsonArray(new JsonObject
        {
            ["schedule"] = string.Create(CultureInfo.InvariantCulture, $"{opens.Minute} {opens.Hour} * * *"),
            ["duration"] = "2h",
        }), cancellationToken);
        await demo.Expect("nodes are staged, the window is closed, and status says when it opens", view =>
            view.Policy?.Status is { } status && status.NextWindow == opens && !status.Conditions.IsTrue(ConditionTypes.WindowOpen)
            && view.Rows.Any(r => r.Step == NodeStep.Staged), cancellationToken);
        await demo.Expect("the window is open", view => view.Policy?.Status?.Conditions.IsTrue(ConditionTypes.WindowOpen) == true, cancellationToken);
        await EverywhereAsync(demo, "2.0", second, cancellationToken);
        foreach (var node in (await demo.Fleet.Api.ListAsync(OstlerResources.NodeOSes, new(), cancellationToken)).Items)
        {
            if (node.Spec.LastUpgrade?.GrantedAt is not { } granted || granted < opens)
            {
                demo.Fault($"{node.Metadata.Name} got its slot at {node.Spec.LastUpgrade?.GrantedAt}, before the window opened.");
            }
        }
    }

    internal static Task EverywhereAsync(Demo demo, string version, string digest, CancellationToken cancellationToken) => demo.Expect(
        $"every node runs {version}, healthy and uncordoned",
        view => view.Policy?.Status is { } status && status.Target?.Digest == digest && status.Conditions.IsTrue(ConditionTypes.Ready)
            && view.Rows.All(r => r.Booted == version && r is { Cordoned: false, Ready: true }),
        cancellationToken);
}
