using Ostler.Agent.Cluster;
using Ostler.Agent.Logging;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Agent.Loop;

/// <summary>
/// Runs passes, one at a time: when the NodeOS asks for something else, when its status is not what the agent last said, and when a pass
/// asked to be repeated.
/// </summary>
internal sealed class AgentLoop(NodeOSWatcher watcher, LatestNodeOS cell, NodeReconciler reconciler, AgentLog log, TimeProvider time, Func<double> random) : IDisposable
{
    /// <summary>Waits while the API server cannot be reached, or the agent itself is at fault.</summary>
    internal static BackoffOptions Backoff { get; } = new() { Initial = TimeSpan.FromSeconds(2), Maximum = TimeSpan.FromMinutes(1) };

    /// <summary>
    /// Runs until cancelled. Ends otherwise only when one of its parts dies, which the caller must take for a failure of the process.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts = [watcher.RunAsync(stop.Token), ReconcileAsync(stop.Token)];
        await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts);
    }

    public void Dispose() => cell.Dispose();

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (os, known, changed, superseded) = cell.Look();
            if (!known || os is not { Metadata.Uid.Length: > 0 })
            {
                // Nothing asks for anything: nothing is done, nor reported.
                if (known)
                {
                    log.Info("NoNodeOS", "There is no NodeOS for this node.");
                }

                await changed.WaitAsync(cancellationToken);
                continue;
            }

            TimeSpan wait;
            try
            {
                wait = await reconciler.ReconcileAsync(os, superseded, cancellationToken);
                failures = 0;
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failures++;
                var expected = ApiFailures.Is(failure);
                log.Error(expected ? "ApiFailed" : "Unexpected", expected ? ApiFailures.Describe(failure) : failure.ToString());
                wait = Backoff.After(failures, random());
            }

            await WaitAsync(os, wait, failures > 0, cancellationToken);
        }
    }

    /// <summary>Waits for the time to pass, or for a change that is news: the echo of the agent's own report is not.</summary>
    private async Task WaitAsync(NodeOS handled, TimeSpan wait, bool failed, CancellationToken cancellationToken)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = Task.Delay(wait, time, woken.Token);

        // What the pass itself reported is in the cell by now, unless the report failed.
        var (said, _, changed, _) = cell.Look();
        while (true)
        {
            var (latest, _, next, _) = cell.Look();
            if (!NodeOrder.AsksTheSame(handled, latest) || (!failed && !StatusDifference.SaysTheSame(said?.Status, latest?.Status)))
            {
                break;
            }

            changed = next;
            if (await Task.WhenAny(timer, changed) == timer)
            {
                break;
            }
        }

        await woken.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
