using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;

namespace Ostler.Rollout.Failures;

/// <summary>Whether a node's failure counts for the rollout that is being planned.</summary>
internal static class CountedFailures
{
    /// <summary>Whether it counts and has this reason.</summary>
    public static bool FailureCounts(this RolloutContext context, NodeFailure? failure, string reason) =>
        failure?.Reason == reason && context.FailureCounts(failure);

    /// <inheritdoc cref="FailureRules.Counts"/>
    public static bool FailureCounts(this RolloutContext context, NodeFailure? failure) =>
        FailureRules.Counts(failure, context.Trees, FailureRules.Since(context.Snapshot.Policy, context.Spec));
}
