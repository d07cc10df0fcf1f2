using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.Meta;
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
        if (Text(status) == Text(os.Status) || OnlyAcknowledges(status, os.Status))
        {
            return os;
        }

        var known = cell.Version;
        var stored = await api.ApplyStatusAsync(os.Metadata.Uid!, status, cancellationToken);
        cell.SetAnswer(stored, known);
        return stored;
    }

    /// <summary>True when both say the same on the wire. Records with lists in them are never equal by themselves.</summary>
    public static bool SaysTheSame(NodeOSStatus? a, NodeOSStatus? b) => Text(a) == Text(b);

    /// <summary>
    /// The controller writes the beginning of the soak into the spec, which asks nothing of the agent. To answer it with the same verdict under a new
    /// generation would be one write of each node's upgrade for nobody: what is waited for in this step is the verdict, of this boot and this attempt.
    /// </summary>
    private static bool OnlyAcknowledges(NodeOSStatus status, NodeOSStatus? former) =>
        status.Step == NodeStep.Verifying
        && former is not null
        && Text(status with
        {
            ObservedGeneration = former.ObservedGeneration,
            Conditions = status.Conditions?.Select(c => c with { ObservedGeneration = former.Conditions.Find(c.Type)?.ObservedGeneration ?? c.ObservedGeneration }).ToArray(),
        }) == Text(former);

    private static string Text(NodeOSStatus? status) => status is null ? "" : JsonSerializer.Serialize(status, NodeOSJson.Default.NodeOSStatus);
}
