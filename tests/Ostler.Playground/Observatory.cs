using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Fleet;
using k8s.Models;

namespace Ostler.Playground;

/// <summary>Watches what <c>kubectl get -w</c> would show: nodes, their OS, the policy, the image and the workload's pods.</summary>
internal sealed class Observatory(ApiClient api, StepClock clock)
{
    private readonly Informer<V1Node> _nodes = new(api, KnownResources.Nodes);
    private readonly Informer<NodeOS> _nodeOSes = new(api, OstlerResources.NodeOSes);
    private readonly Informer<UpgradePolicy> _policies = new(api, OstlerResources.UpgradePolicies);
    private readonly Informer<OSImage> _images = new(api, OstlerResources.OSImages);
    private readonly Informer<V1Pod> _pods = new(api, KnownResources.Pods, new InformerOptions<V1Pod> { Namespace = "default", LabelSelector = "app=web" });

    public ChangeSignal Changes { get; } = new();

    public DisruptionWatch Disruptions { get; } = new();

    /// <remarks>
    /// Handlers only say that something changed: they run inside their informer, and one that reads another informer's cache
    /// while that one's handler reads this one's would wait forever.
    /// </remarks>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        _nodes.AddHandler(_ => Changes.Changed());
        _nodeOSes.AddHandler(_ => Changes.Changed());
        _policies.AddHandler(_ => Changes.Changed());
        _images.AddHandler(_ => Changes.Changed());
        _pods.AddHandler(change =>
        {
            Disruptions.Observe(new NamespacedName(change.Object.Metadata.NamespaceProperty, change.Object.Metadata.Name), change.New);
            Changes.Changed();
        });
        return Task.WhenAll(RecordAsync(cancellationToken), _nodes.RunAsync(cancellationToken), _nodeOSes.RunAsync(cancellationToken), _policies.RunAsync(cancellationToken), _images.RunAsync(cancellationToken), _pods.RunAsync(cancellationToken));
    }

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _nodes.WaitForSyncAsync(cancellationToken), _nodeOSes.WaitForSyncAsync(cancellationToken), _policies.WaitForSyncAsync(cancellationToken),
        _images.WaitForSyncAsync(cancellationToken), _pods.WaitForSyncAsync(cancellationToken));

    /// <summary>Everything at this moment.</summary>
    public FleetView View()
    {
        var policy = _policies.Lister.Get(new NamespacedName("", Scene.Policy));
        var rows = _nodes.Lister.List().OrderBy(n => n.Metadata.Name.Length).ThenBy(n => n.Metadata.Name, StringComparer.Ordinal).Select(node => NodeRow.From(
            node.Metadata.Name,
            node.Metadata.Labels?.TryGetValue("topology.kubernetes.io/zone", out var zone) == true ? zone : "",
            node.Spec?.Unschedulable == true,
            node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true,
            _nodeOSes.Lister.Get(new NamespacedName("", node.Metadata.Name)),
            policy)).ToList();
        var pods = _pods.Lister.List().Where(p => p.Spec.NodeName is not null).GroupBy(p => p.Spec.NodeName).ToDictionary(g => g.Key, g => g.Count());
        return new FleetView(Headline(policy), rows, pods, policy, _images.Lister.Get(new NamespacedName("", Scene.Image)));
    }

    /// <summary>What a node's NodeOS says.</summary>
    public NodeOS? NodeOS(string node) => _nodeOSes.Lister.Get(new NamespacedName("", node));

    private async Task RecordAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Changes.NextAsync();
            foreach (var row in View().Rows)
            {
                clock.Observe(row.Node, NodeOS(row.Node)?.Spec.Image?.Digest, row.Step);
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    private static string Headline(UpgradePolicy? policy)
    {
        if (policy?.Status is not { Nodes: { } nodes } status)
        {
            return "no policy yet";
        }

        var ready = status.Conditions.Find(ConditionTypes.Ready);
        return $"policy {policy.Metadata.Name}: {nodes.Updated}/{nodes.Total} updated to {status.Target?.Version ?? "?"}, {nodes.Updating} in flight, "
            + $"{nodes.Failed + nodes.RolledBack} failed; {ready?.Reason}";
    }
}
