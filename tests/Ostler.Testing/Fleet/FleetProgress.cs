using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Waiting;

namespace Ostler.Testing.Fleet;

/// <summary>Watches everything that a rollout changes, so that a wait for one node goes on while another one makes progress.</summary>
public sealed class FleetProgress : IProgressSource, IAsyncDisposable
{
    private readonly ProgressFeed _feed = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public FleetProgress(ApiClient api) => _running = Task.WhenAll(
        WatchAsync(api, OstlerResources.NodeOSes, _stop.Token), WatchAsync(api, OstlerResources.UpgradePolicies, _stop.Token), WatchAsync(api, OstlerResources.OSImages, _stop.Token),
        WatchAsync(api, KnownResources.Nodes, _stop.Token), WatchAsync(api, KnownResources.Pods, _stop.Token));

    public IDisposable Follow(ProgressTimer timer) => _feed.Follow(timer);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _stop.Dispose();
    }

    private Task WatchAsync<T>(ApiClient api, ResourceType<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var informer = new Informer<T>(api, type);
        informer.AddHandler(change => _feed.Report($"{type.Kind} {(change.New is { } now ? ObjectState.Of(type.Serialize(now)) : "was deleted")}"));
        return informer.RunAsync(cancellationToken);
    }
}
