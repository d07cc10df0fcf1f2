using Ostler.Agent.Logging;
using Ostler.Kubernetes;

namespace Ostler.Agent.Cluster;

/// <summary>Keeps a <see cref="LatestNodeOS"/> up to date by one watch that is renewed forever, each time beginning with a list.</summary>
internal sealed class NodeOSWatcher(INodeOSApi api, LatestNodeOS cell, AgentLog log, TimeProvider time, Func<double> random)
{
    /// <summary>
    /// Waits between the tries. The first one lies between 2 and 6 s: when an API server restarts, all agents of the cluster lose their
    /// watch in the same moment.
    /// </summary>
    internal static BackoffOptions Backoff { get; } = new() { Initial = TimeSpan.FromSeconds(4), Maximum = TimeSpan.FromMinutes(1) };

    /// <summary>A watch that ended sooner is counted as failed, lest a server that closes them at once be asked without pause.</summary>
    private static readonly TimeSpan ShortestGoodWatch = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            try
            {
                var known = cell.Version;
                await foreach (var change in api.WatchAsync(cancellationToken))
                {
                    if (change.IsListed)
                    {
                        cell.SetAnswer(change.Object, known);
                    }
                    else if (!change.IsBookmark)
                    {
                        cell.Set(change.Object);
                    }
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                log.Warning("WatchSilent", "The watch did not end when it should have; it is started again.");
            }
            catch (Exception failure) when (ApiFailures.Is(failure) || failure is IOException)
            {
                log.Warning("WatchFailed", ApiFailures.Describe(failure));
            }

            failures = time.GetElapsedTime(started) < ShortestGoodWatch ? failures + 1 : 0;
            await Task.Delay(failures == 0 ? random() * TimeSpan.FromSeconds(1) : Backoff.After(failures, random()), time, cancellationToken);
        }
    }
}
