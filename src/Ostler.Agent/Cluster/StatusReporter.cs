using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Agent.Cluster;

/// <summary>Writes the status of the NodeOS, and only when it says something new.</summary>
internal sealed class StatusReporter(INodeOSApi api, LatestNodeOS cell, string agentVersion, TimeProvider time)
{
    /// <summary>Writes what a pass has to say.</summary>
    /// <param name="os">The object as the pass knows it.</param>
    /// <param name="host">The facts, or null.</param>
    /// <param name="boot">The present boot, or null.</param>
    /// <param name="report">What to say.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as it is now stored; <paramref name="os"/> itself when there was nothing new.</returns>
    public async Task<NodeOS> ReportAsync(NodeOS os, HostState? host, HostBoot? boot, StepReport report, CancellationToken cancellationToken)
    {
        var status = StatusComposition.Compose(os, host, boot, report, agentVersion, time.GetUtcNow());
        if (!StatusDifference.IsNews(status, os.Status))
        {
            return os;
        }

        var known = cell.Version;
        var stored = await api.ApplyStatusAsync(os.Metadata.Uid!, status, cancellationToken);
        cell.SetAnswer(stored, known);
        return stored;
    }
}
