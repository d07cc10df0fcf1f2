using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Report;

/// <summary>Whether a status says anything new. Pure.</summary>
public static class StatusDifference
{
    /// <summary>Whether the agent writes the status: it says something new, and does not merely acknowledge.</summary>
    public static bool IsNews(NodeOSStatus status, NodeOSStatus? stored) =>
        !SaysTheSame(status, stored) && !OnlyAcknowledges(status, stored);

    /// <summary>True when both say the same on the wire. Records with lists in them are never equal by themselves.</summary>
    public static bool SaysTheSame(NodeOSStatus? a, NodeOSStatus? b) => a is null || b is null
        ? a is null && b is null
        : a with { Conditions = null, Drift = null } == b with { Conditions = null, Drift = null }
            && SaysTheSame(a.Conditions, b.Conditions)
            && SaysTheSame(a.Drift, b.Drift);

    /// <summary>
    /// The controller writes the beginning of the soak into the spec, which asks nothing of the agent. To answer it with the same verdict
    /// under a new generation would cost one write for each node's upgrade and help no one: the controller waits for the verdict of this
    /// boot and this attempt.
    /// </summary>
    private static bool OnlyAcknowledges(NodeOSStatus status, NodeOSStatus? stored) =>
        status.Step == NodeStep.Verifying
        && stored is not null
        && SaysTheSame(
            status with { ObservedGeneration = stored.ObservedGeneration, Conditions = AsObservedBy(stored, status.Conditions) },
            stored);

    private static Condition[]? AsObservedBy(NodeOSStatus stored, IReadOnlyList<Condition>? conditions) => conditions
        ?.Select(c => c with { ObservedGeneration = stored.Conditions.Find(c.Type)?.ObservedGeneration ?? c.ObservedGeneration })
        .ToArray();

    private static bool SaysTheSame(DriftStatus? a, DriftStatus? b) => a is null || b is null
        ? a is null && b is null
        : a with { Findings = null, EtcFiles = null, Packages = null } == b with { Findings = null, EtcFiles = null, Packages = null }
            && SaysTheSame(a.Findings, b.Findings)
            && SaysTheSame(a.EtcFiles, b.EtcFiles)
            && SaysTheSame(a.Packages, b.Packages);

    // On the wire an absent list and none are two things.
    private static bool SaysTheSame<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b) =>
        a is null || b is null ? a is null && b is null : a.SequenceEqual(b);
}
