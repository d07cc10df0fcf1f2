using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Snapshot;

/// <summary>What an agent reports of a node that differs from its image.</summary>
public static class DriftFacts
{
    /// <summary>The words that tell how a node differs. Others come from an agent that is newer, or not what it claims to be.</summary>
    public static IReadOnlyList<string> Words { get; } =
        [Reasons.UnexpectedTree, Reasons.PackagesLayered, Reasons.TreeUnlocked, Reasons.RemoteChanged, Reasons.OtherDrift];

    /// <summary>How the node differs, as its agent says; null: it does not, or nobody knows.</summary>
    public static DriftStatus? Of(NodeOSStatus? status) => (status?.Conditions).IsTrue(ConditionTypes.Drifted) ? status!.Drift : null;

    /// <summary>The same in a word that is known.</summary>
    public static string WordFor(DriftStatus drift) => Words.Contains(drift.Reason) ? drift.Reason : Reasons.OtherDrift;

    /// <summary>How the node differs, for people.</summary>
    public static string Describe(DriftStatus drift) =>
        drift.Findings is { Count: > 0 } findings ? string.Join(" ", findings.Select(f => f.Message ?? f.Reason)) : drift.Reason;
}
