using System.Collections.Concurrent;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Fleet;
using k8s.Models;

namespace Ostler.Machine.Cluster;

/// <summary>Watches what <c>kubectl get -w</c> would show, and tells of it.</summary>
internal sealed class ClusterWatch
{
    private readonly string _node;
    private readonly string _policy;
    private readonly string _image;
    private readonly Informer<V1Node> _nodes;
    private readonly Informer<NodeOS> _nodeOSes;
    private readonly Informer<UpgradePolicy> _policies;
    private readonly Informer<OSImage> _images;
    private readonly Informer<V1Pod> _pods;
    private readonly Informer<Corev1Event> _events;
    private readonly ConcurrentDictionary<string, byte> _told = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="api">An administrator's client.</param>
    /// <param name="node">The node.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="image">The image.</param>
    /// <param name="tell">Gets a line for each event of Ostler's.</param>
    public ClusterWatch(ApiClient api, string node, string policy, string image, Action<string> tell)
    {
        (_node, _policy, _image) = (node, policy, image);
        _nodes = new(api, KnownResources.Nodes);
        _nodeOSes = new(api, OstlerResources.NodeOSes);
        _policies = new(api, OstlerResources.UpgradePolicies);
        _images = new(api, OstlerResources.OSImages);
        _pods = new(api, KnownResources.Pods, new InformerOptions<V1Pod> { Namespace = "default" });
        _events = new(api, KnownResources.Events);
        _nodes.AddHandler(_ => Changed());
        _nodeOSes.AddHandler(_ => Changed());
        _policies.AddHandler(_ => Changed());
        _images.AddHandler(_ => Changed());
        _pods.AddHandler(_ => Changed());
        _events.AddHandler(change =>
        {
            if (change.New is { InvolvedObject.Kind: "Node" or "UpgradePolicy" or "NodeOS" or "OSImage" } said && _told.TryAdd($"{said.Metadata.Name} {said.Reason} {said.Message}", 0))
            {
                tell($"event: {said.InvolvedObject.Kind} {said.InvolvedObject.Name} {said.Reason}: {said.Message}");
            }
        });
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _nodes.RunAsync(cancellationToken), _nodeOSes.RunAsync(cancellationToken), _policies.RunAsync(cancellationToken), _images.RunAsync(cancellationToken), _pods.RunAsync(cancellationToken), _events.RunAsync(cancellationToken));

    /// <summary>Done at the next change after this call.</summary>
    public Task NextAsync() => Volatile.Read(ref _next).Task;

    public ClusterView View() => new(
        _nodes.Lister.Get(new NamespacedName("", _node)),
        _nodeOSes.Lister.Get(new NamespacedName("", _node)),
        _policies.Lister.Get(new NamespacedName("", _policy)),
        _images.Lister.Get(new NamespacedName("", _image)),
        [.. _pods.Lister.List().Where(p => p.Metadata.DeletionTimestamp is null)]);

    private void Changed() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
