using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Informers;
using k8s.Models;

namespace Ostler.Testing.Kubelet;

/// <summary>The kubelets of a fleet of simulated machines, five or a thousand, in this process: one watch for all pods, one for all
/// nodes, and one heartbeat for each node.</summary>
/// <remarks>
/// Give the nodes a label of the test's own and select it in its pods: the scheduler knows no tests, and in a shared cluster it would
/// put the pods of one test on the machines of another.
/// </remarks>
public sealed partial class SimulatedKubelets : IAsyncDisposable
{
    private const string NodeIndex = "node";
    private readonly ApiClient _client;
    private readonly SimulatedKubeletsOptions _options;
    private readonly ConcurrentDictionary<string, SimulatedNode> _nodes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<NamespacedName, (string Uid, PodRun Run)> _runs = new();
    private readonly Informer<V1Pod> _podInformer;
    private readonly Informer<V1Node> _nodeInformer;
    private readonly Controller<NamespacedName> _podController;
    private readonly Controller<string> _nodeController;
    private readonly Controller<string> _heartbeatController;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private Exception? _fault;
    private int _created;

    /// <summary>Starts watching. Nodes are added with <see cref="AddNodeAsync"/>.</summary>
    /// <param name="client">Somebody who may do what kubelets may; not disposed.</param>
    /// <param name="options">Default: see <see cref="SimulatedKubeletsOptions"/>.</param>
    /// <param name="timeProvider">Default: the system's.</param>
    /// <param name="logger">Default: none.</param>
    public SimulatedKubelets(ApiClient client, SimulatedKubeletsOptions? options = null, TimeProvider? timeProvider = null, ILogger? logger = null)
    {
        _client = client;
        _options = options ?? new();
        Time = timeProvider ?? TimeProvider.System;
        var restart = new BackoffOptions { Initial = TimeSpan.FromMilliseconds(100), Maximum = TimeSpan.FromSeconds(1) };
        _podInformer = new(client, KnownResources.Pods, new() { Backoff = restart }, Time, logger);
        _nodeInformer = new(client, KnownResources.Nodes, new() { Backoff = restart }, Time, logger);

        // Kubelets go on trying every second or so, whatever happens: after an outage the cluster hears from them at once.
        var controllerOptions = new ControllerOptions
        {
            Workers = _options.Workers,
            ReconcileTimeout = TimeSpan.FromSeconds(30),
            ShutdownTimeout = TimeSpan.FromSeconds(5),
            Queue = new() { Backoff = new() { Initial = TimeSpan.FromMilliseconds(20), Maximum = TimeSpan.FromSeconds(1) } },
        };
        _podController = new("simulated-kubelet-pods", Guarded<NamespacedName>(ReconcilePodAsync), controllerOptions, Time, logger);
        _nodeController = new("simulated-kubelet-nodes", Guarded<string>(ReconcileNodeAsync), controllerOptions, Time, logger);
        _heartbeatController = new("simulated-kubelet-heartbeats", Guarded<string>(HeartbeatAsync), controllerOptions, Time, logger);
        _podInformer.AddIndex(NodeIndex, pod => pod.Spec.NodeName);
        _podInformer.AddHandler(change =>
        {
            if (change.Object.Spec.NodeName is { } node && _nodes.ContainsKey(node))
            {
                _podController.Queue.Add(KeyOf(change.Object));
            }
        });
        _nodeInformer.AddHandler(change =>
        {
            if (_nodes.ContainsKey(change.Object.Metadata.Name))
            {
                _nodeController.Queue.Add(change.Object.Metadata.Name);
            }
        });
        _running = RunAsync(_stop.Token);
    }

    /// <summary>The machines, in no particular order.</summary>
    public IReadOnlyCollection<SimulatedNode> Nodes => [.. _nodes.Values];

    internal TimeProvider Time { get; }

    /// <exception cref="KeyNotFoundException">There is no such machine.</exception>
    public SimulatedNode this[string name] => _nodes[name];

    /// <summary>Switches a new machine on, and returns when its node is registered (and not yet ready, which takes a moment).</summary>
    /// <remarks>A Node object that exists under the name is taken over, as by a kubelet that was restarted.</remarks>
    public async Task<SimulatedNode> AddNodeAsync(SimulatedNodeOptions options, CancellationToken cancellationToken = default)
    {
        await Task.WhenAll(_podInformer.WaitForSyncAsync(cancellationToken), _nodeInformer.WaitForSyncAsync(cancellationToken)).ConfigureAwait(false);
        var node = new SimulatedNode(this, options, Interlocked.Increment(ref _created) - 1, options.BootId ?? NextBootId(), Time.GetUtcNow());
        if (!_nodes.TryAdd(options.Name, node))
        {
            throw new ArgumentException($"There is a machine {options.Name} already.", nameof(options));
        }

        await RegisterAsync(node, cancellationToken).ConfigureAwait(false);
        Refresh(node);
        return node;
    }

    /// <summary>Adds many machines, several at a time.</summary>
    public async Task AddNodesAsync(IEnumerable<SimulatedNodeOptions> options, CancellationToken cancellationToken = default) =>
        await Parallel.ForEachAsync(
            options,
            new ParallelOptions { MaxDegreeOfParallelism = _options.Workers, CancellationToken = cancellationToken },
            async (one, token) => await AddNodeAsync(one, token).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Switches a machine off for ever and deletes its Node object, as when a machine is taken out of a cluster.</summary>
    public async Task RemoveNodeAsync(string name, CancellationToken cancellationToken = default)
    {
        if (_nodes.TryRemove(name, out var node))
        {
            node.Stop();
            await IgnoreGoneAsync(() => _client.DeleteAsync(
                KnownResources.Nodes, NamespacedName.ClusterScoped(name), null, null, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>Stops all kubelets. Their objects stay in the cluster.</summary>
    /// <exception cref="InvalidOperationException">A kubelet had a fault of its own: what the test saw of it cannot be trusted.</exception>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await _running.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // That is how informers end.
        }

        _stop.Dispose();
        if (_fault is { } fault)
        {
            throw new InvalidOperationException($"A simulated kubelet broke down: {fault.Message}", fault);
        }
    }

    internal string NextBootId()
    {
        // One at a time: the function may be a test's list.
        lock (_nodes)
        {
            return _options.BootIds();
        }
    }

    /// <summary>Something about the machine changed: look at its node and its pods.</summary>
    internal void Refresh(SimulatedNode node)
    {
        _nodeController.Queue.Add(node.Name);
        _heartbeatController.Queue.Add(node.Name);
        foreach (var pod in _podInformer.Lister.ListByIndex(NodeIndex, node.Name))
        {
            _podController.Queue.Add(KeyOf(pod));
        }
    }

    private Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _podInformer.RunAsync(cancellationToken),
        _nodeInformer.RunAsync(cancellationToken),
        _podController.RunAsync(cancellationToken),
        _nodeController.RunAsync(cancellationToken),
        _heartbeatController.RunAsync(cancellationToken));

    /// <summary>Remembers the first fault of the simulation. A server that is away, busy or of another opinion is none.</summary>
    private Reconcile<TKey> Guarded<TKey>(Reconcile<TKey> reconcile) => async (key, cancellationToken) =>
    {
        try
        {
            return await reconcile(key, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (HttpRequestException or IOException or TimeoutException or OperationCanceledException)
            && e is not ApiException { IsConflict: true } and not ApiException { Code: not (HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity) })
        {
            Interlocked.CompareExchange(ref _fault, e, null);
            throw;
        }
    };

    private static NamespacedName KeyOf(V1Pod pod) => new(pod.Metadata.NamespaceProperty, pod.Metadata.Name);

    private static async Task IgnoreGoneAsync(Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Deleted, or replaced by a namesake: in either case there is nothing left of ours to act on.
        }
    }
}
