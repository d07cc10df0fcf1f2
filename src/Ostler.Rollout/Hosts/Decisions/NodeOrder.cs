using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.NodeOSes;

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
    public static bool ReleasesPrevious(NodeOSSpec spec) => IsAtRest(spec) && spec.Previous is null;

    // Generations are counted again after etcd was restored from a backup. Records with lists in them are never equal by themselves.
    private static string Text(NodeOSSpec spec) => JsonSerializer.Serialize(spec, NodeOSJson.Default.NodeOSSpec);
}
