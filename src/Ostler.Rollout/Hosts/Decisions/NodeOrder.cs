using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>
/// What a NodeOS asks of the agent: whether two states of it ask the same, and what the agent keeps on the host for it. Pure.
/// </summary>
public static class NodeOrder
{
    /// <summary>True when both are the same object with the same spec, or when there is neither.</summary>
    public static bool AsksTheSame(NodeOS? a, NodeOS? b) =>
        a is null || b is null
            ? a is null && b is null
            : a.Metadata.Uid == b.Metadata.Uid
                && a.Metadata.Generation == b.Metadata.Generation
                && (a.Metadata.DeletionTimestamp is null) == (b.Metadata.DeletionTimestamp is null)
                && (ReferenceEquals(a.Spec, b.Spec) || Text(a.Spec) == Text(b.Spec));

    /// <summary>
    /// Whether no boot is ordered, so that nothing is on trial and nothing is left to explain: the pending record is forgotten, and the
    /// watchdog disarmed. Under a goal that this agent does not know, both stay.
    /// </summary>
    public static bool IsAtRest(NodeOSSpec spec) => spec.Goal is Goal.Observe or Goal.Stage;

    /// <summary>
    /// Whether the pin of the previous deployment may be removed: the order is complete. A node that failed and stays on the failed image
    /// still has the previous one named in its spec, and keeps it.
    /// </summary>
    /// <param name="uid">The UID of the NodeOS.</param>
    /// <param name="spec">What is asked.</param>
    /// <param name="kept">What is pinned.</param>
    /// <param name="booted">What runs; null: unknown.</param>
    public static bool ReleasesPrevious(string uid, NodeOSSpec spec, PinnedDeployment kept, HostDeployment? booted) =>
        IsAtRest(spec) && spec.Previous is null && !MayBeOnTrial(uid, spec, kept, booted);

    /// <summary>
    /// A NodeOS that is being deleted no longer orders what disrupts the host: what is in progress is finished, and nothing new begins.
    /// </summary>
    /// <param name="os">The NodeOS.</param>
    /// <param name="action">What was decided for it.</param>
    public static AgentAction Withhold(NodeOS os, AgentAction action) =>
        os.Metadata.DeletionTimestamp is not null && action is AgentAction.Stage or AgentAction.Boot
        ? new AgentAction.Report(NodeStep.Idle, Reasons.NotStaged, "The NodeOS is being deleted: nothing new begins.") { IsError = true }
        : action;

    // A NodeOS that was deleted and created again orders nothing, which does not say that the image is healthy that its predecessor had
    // booted. One that calls the image its own does.
    private static bool MayBeOnTrial(string uid, NodeOSSpec spec, PinnedDeployment kept, HostDeployment? booted) =>
        kept.NodeUid is { } former && former != uid
        && booted is not null
        && !(booted.Commit == kept.Commit && booted.Serial == kept.Serial)
        && booted.Digest != spec.Image?.Digest;

    // Generations are counted again after etcd was restored from a backup. Records with lists in them are never equal by themselves.
    private static string Text(NodeOSSpec spec) => JsonSerializer.Serialize(spec, NodeOSJson.Default.NodeOSSpec);
}
