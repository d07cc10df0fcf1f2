using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>The pods of the nodes that hold a slot.</summary>
internal interface IDrainingPods
{
    /// <summary>The pods of a node, those that have finished included; null while they are not known.</summary>
    IReadOnlyList<PodFacts>? PodsOf(string node);

    /// <summary>These nodes, and no others of this policy, are to be known from now on.</summary>
    void Retain(string policy, IReadOnlyCollection<string> nodes);
}

/// <summary>
/// Watches the pods of each node that holds a slot, from the grant to the end of the slot: the end of a drain is seen at once,
/// and the pods of the rest of the cluster are never held.
/// </summary>
/// <param name="createInformer">Makes the informer of a node's pods.</param>
/// <param name="namespaces">All namespaces, for drain rules that ask for their labels.</param>
/// <param name="own">Recognizes the pods of the controller itself.</param>
/// <param name="changed">Called with a policy when something changed on a node of its.</param>
internal sealed class DrainingPods(
    Func<string, Informer<Pod>> createInformer, ILister<Namespace> namespaces, OwnPods own, Action<string> changed) : IDrainingPods, IAsyncDisposable
{
    private readonly Dictionary<string, Watch> _watches = [];
    private readonly ConcurrentDictionary<string, EvictionResult> _lastEvictions = new();
    private readonly List<Task> _ending = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>The informer of one node's pods: finished ones too, as a drain decides itself what counts.</summary>
    public static Informer<Pod> CreateInformer(ApiClient client, string node, TimeProvider time, ILogger logger) => new(
        client,
        CoreResources.Pods,
        new InformerOptions<Pod> { FieldSelector = $"spec.nodeName={node}", Transform = static p => p.Trimmed() },
        time,
        logger);

    public IReadOnlyList<PodFacts>? PodsOf(string node)
    {
        Watch? watch;
        lock (_lock)
        {
            watch = _watches.GetValueOrDefault(node);
        }

        if (watch is not { Informer.HasSynced: true })
        {
            return null;
        }

        PodFacts[] pods = [.. watch.Informer.Lister.List().Select(p => watch.Returns.Mark(own.Mark(p, NodeMapping.ToFacts(
            p, _lastEvictions.GetValueOrDefault(p.Metadata.Uid), namespaces.LabelsOf(p.Metadata.Namespace)))))];
        Array.Sort(pods, static (a, b) => (a.Namespace, a.Name).CompareTo((b.Namespace, b.Name)));
        return pods;
    }

    /// <summary>Remembers how the last try to evict a pod went, for messages and the pace of retries, until the pod is gone.</summary>
    public void Record(EvictionResult result)
    {
        _lastEvictions[result.Uid] = result;
        if (result.Outcome != EvictionOutcome.Accepted)
        {
            return;
        }

        Watch[] watches;
        lock (_lock)
        {
            watches = [.. _watches.Values];
        }

        foreach (var watch in watches)
        {
            if (watch.Informer.Lister.Get(new(result.Namespace, result.Name)) is { } pod && pod.Metadata.Uid == result.Uid)
            {
                watch.Returns.Evicted(pod, result.At);
            }
        }
    }

    public void Retain(string policy, IReadOnlyCollection<string> nodes)
    {
        var ended = new List<Watch>();
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            foreach (var (node, watch) in _watches.Where(w => w.Value.Policy == policy && !nodes.Contains(w.Key)).ToArray())
            {
                _watches.Remove(node);
                ended.Add(watch);
            }

            foreach (var node in nodes)
            {
                // Handed from one policy to another, the pods are the same.
                _watches[node] = _watches.TryGetValue(node, out var watch) ? watch with { Policy = policy } : Start(node, policy);
            }
        }

        // Outside the lock: an informer calls our handler, which takes it, under a lock of its own.
        foreach (var watch in ended)
        {
            foreach (var pod in watch.Informer.Lister.List())
            {
                _lastEvictions.TryRemove(pod.Metadata.Uid, out _);
            }

            End(watch);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
            _ending.AddRange(_watches.Values.Select(static w => w.StopAsync()));
            _watches.Clear();
        }

        await Task.WhenAll(_ending);
    }

    private void End(Watch watch)
    {
        var ending = watch.StopAsync();
        lock (_lock)
        {
            _ending.RemoveAll(static t => t.IsCompleted);
            _ending.Add(ending);
        }
    }

    private Watch Start(string node, string policy)
    {
        var informer = createInformer(node);
        informer.AddHandler(e =>
        {
            if (e.Type == InformerEventType.Deleted)
            {
                _lastEvictions.TryRemove(e.Object.Metadata.Uid, out _);
            }

            Changed(node);
        });
        var stop = new CancellationTokenSource();
        return new(policy, informer, new(), stop, Task.Run(() => RunAsync(node, informer, stop.Token)));
    }

    private async Task RunAsync(string node, Informer<Pod> informer, CancellationToken cancellationToken)
    {
        var running = informer.RunAsync(cancellationToken);
        try
        {
            // A node without pods has no events: its drain is over as soon as that is known.
            await informer.WaitForSyncAsync(cancellationToken);
            Changed(node);
        }
        catch (OperationCanceledException)
        {
        }

        await running;
    }

    private void Changed(string node)
    {
        string? policy;
        lock (_lock)
        {
            policy = _watches.GetValueOrDefault(node)?.Policy;
        }

        if (policy is not null)
        {
            changed(policy);
        }
    }

    private sealed record Watch(string Policy, Informer<Pod> Informer, ReturningPods Returns, CancellationTokenSource Stop, Task Running)
    {
        public async Task StopAsync()
        {
            await Stop.CancelAsync();
            await Running;
            Stop.Dispose();
        }
    }
}
