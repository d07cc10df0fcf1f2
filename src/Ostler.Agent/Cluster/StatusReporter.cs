using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Agent.Cluster;

/// <summary>Writes the status of the NodeOS, and only when it says something new.</summary>
internal sealed class StatusReporter(INodeOSApi api, LatestNodeOS cell, string agentVersion, TimeProvider time)
{
    /// <summary>
    /// What the pass was ordered, with the status that is stored by now. The agent alone writes it, so that no report may begin with an
    /// earlier one: times and counts of what was reported in between would be lost.
    /// </summary>
    /// <param name="os">The object as the pass began with it.</param>
    public NodeOS Current(NodeOS os) =>
        cell.Look().Latest is { } latest && latest.Metadata.Uid == os.Metadata.Uid ? os with { Status = latest.Status } : os;

    /// <summary>Writes what a pass has to say.</summary>
    /// <param name="os">The object as the pass began with it.</param>
    /// <param name="host">The facts, or null.</param>
    /// <param name="boot">The present boot, or null.</param>
    /// <param name="report">What to say.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as it is now stored; as <see cref="Current"/> knows it when there was nothing new.</returns>
    public async Task<NodeOS> ReportAsync(NodeOS os, HostState? host, HostBoot? boot, StepReport report, CancellationToken cancellationToken)
    {
        var current = Current(os);
        var status = StatusComposition.Compose(current, host, boot, report, agentVersion, time.GetUtcNow());
        if (!StatusDifference.IsNews(status, current.Status))
        {
            return current;
        }

        var known = cell.Version;
        var stored = await api.ApplyStatusAsync(os.Metadata.Uid!, status, cancellationToken);
        cell.SetAnswer(stored, known);
        return stored;
    }
}
