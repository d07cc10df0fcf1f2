using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Console.Views;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.Console.Live;

/// <summary>What the console knows of the cluster while somebody looks: four informers, and the feed that is made of them.</summary>
internal sealed class FleetCaches : IAsyncDisposable
{
    /// <summary>Changes that come together are shown together; a rollout of 2,000 nodes writes hundreds of objects a second.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly Informer<Node> _nodes;
    private readonly Informer<NodeOS> _systems;
    private readonly Informer<UpgradePolicy> _policies;
    private readonly Informer<OSImage> _images;
    private readonly SemaphoreSlim _dirty = new(1, 1);
    private readonly Task _running;

    public FleetCaches(ApiClient client, TimeProvider time, ILoggerFactory loggers, Func<double> random)
    {
        _time = time;
        Informer<T> Create<T>(ResourceType<T> type, Func<T, T>? transform = null) where T : class =>
            new(client, type, new() { Transform = transform }, time, loggers.CreateLogger($"console.{type.Plural}"), random);
        _nodes = Create(CoreResources.Nodes, static n => n.Trimmed());

        // The bulk of a NodeOS, and nothing that the page shows.
        _systems = Create(OstlerResources.NodeOSes, static os => os with { Spec = os.Spec with { HostChecks = null, ReadyBefore = null, Displaced = null } });
        _policies = Create(OstlerResources.UpgradePolicies);
        _images = Create(OstlerResources.OSImages);
        _nodes.AddHandler(_ => Dirty());
        _systems.AddHandler(_ => Dirty());
        _policies.AddHandler(_ => Dirty());
        _images.AddHandler(_ => Dirty());
        _running = RunAsync(_stop.Token);
    }

    /// <summary>A feed of its own: versions of a former one mean nothing to it.</summary>
    public FleetFeed Feed { get; } = new(RandomNumberGenerator.GetHexString(8, lowercase: true));

    public ILister<Node> Nodes => _nodes.Lister;

    public ILister<NodeOS> Systems => _systems.Lister;

    /// <summary>When the API server was last heard of, by the cache that has waited longest; null before the first time.</summary>
    public DateTimeOffset? LastContact =>
        new[] { _nodes.LastContact, _systems.LastContact, _policies.LastContact, _images.LastContact } is var all && all.Contains(null) ? null : all.Min();

    /// <summary>Waits until everything was read once and is in the feed.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken) => await Feed.ChangedAsync(0).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _stop.Dispose();
        _dirty.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        Task[] caches = [_nodes.RunAsync(cancellationToken), _systems.RunAsync(cancellationToken), _policies.RunAsync(cancellationToken), _images.RunAsync(cancellationToken)];
        try
        {
            await Task.WhenAll(_nodes.WaitForSyncAsync(cancellationToken), _systems.WaitForSyncAsync(cancellationToken), _policies.WaitForSyncAsync(cancellationToken), _images.WaitForSyncAsync(cancellationToken));
            while (true)
            {
                await _dirty.WaitAsync(cancellationToken);
                Feed.Update(FleetView.Of(_nodes.Lister.List(), _systems.Lister.List(), _policies.Lister.List(), _images.Lister.List()));
                await Task.Delay(Pace, _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        await Task.WhenAll(caches);
    }

    // Inside an informer's lock: says so and returns.
    private void Dirty()
    {
        lock (_dirty)
        {
            if (_dirty.CurrentCount == 0)
            {
                _dirty.Release();
            }
        }
    }
}
