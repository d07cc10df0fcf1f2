using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Snapshot;

/// <summary>How long the steps of a node's last upgrade, to <c>Digest</c>, took.</summary>
internal sealed record NodeSteps(string? Digest, UpgradeSteps Took)
{
    /// <summary>Null when the node is not one whose last upgrade went well.</summary>
    public static NodeSteps? Of(NodeOSFacts? os) => os is { Spec: { LastUpgrade: { } upgrade, Goal: Goal.Observe, Failure: null } spec, Status: var status }
        ? new(spec.Image?.Digest, UpgradeSteps.Of(upgrade, status?.Attempt == spec.Attempt ? status.Timings : null))
        : null;
}
