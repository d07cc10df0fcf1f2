using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Traces;

/// <summary>
/// The spans that a write to a NodeOS ends: those of the steps that are over, and, when the attempt is, that of the whole upgrade. Pure:
/// all times stand in the objects.
/// </summary>
/// <remarks>
/// A write is made once, because the API server takes it over one version of the object only. So each span is told once, by whichever
/// leader made the write; one that dies before it has sent what it told loses those spans and no others, for the next step's span is found
/// from the objects again.
/// </remarks>
public static class NodeSpans
{
    /// <summary>The name of a node's root span.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>The name of a node's span in the trace of the rollout.</summary>
    public const string Node = "node";

    /// <param name="policy">The policy as the plan saw it, whose rollout the node's trace is linked with.</param>
    /// <param name="before">The node as the plan saw it.</param>
    /// <param name="write">What was written then.</param>
    /// <param name="now">The moment of the plan.</param>
    public static IReadOnlyList<SpanFacts> Ended(PolicyFacts policy, NodeFacts before, NodeAction.ApplySpec write, DateTimeOffset now)
    {
        if (before.OS is not { } os)
        {
            return [];
        }

        // An order to stage or to go back begins another attempt, and ends the former one when that was under way.
        var old = os.Spec;
        var attempt = NodeAttempt.Of(policy, before, os, write, now, begun: write.Spec.Attempt > old.Attempt && old.Goal == Goal.Observe);
        if (attempt is null)
        {
            return [];
        }

        if ((old.Goal, write.Spec.Goal) == (Goal.Stage, Goal.Stage) && write.Spec.Attempt == old.Attempt)
        {
            // Something is written down before the next step, as the workloads that the drain displaces: nothing is over.
            return [];
        }

        SpanFacts[] steps = (old.Goal, write.Spec.Goal) switch
        {
            (Goal.Stage, Goal.Observe or Goal.Stage or Goal.Boot or Goal.Rollback) => [.. attempt.Staging(), .. attempt.Drain()],
            (Goal.Boot, Goal.Observe or Goal.Stage or Goal.Boot or Goal.Rollback) => [.. attempt.Boot()],
            (Goal.Rollback, Goal.Observe) => [.. attempt.Rollback()],
            (Goal.Rollback, Goal.Stage or Goal.Boot or Goal.Rollback) => [],
            (Goal.Observe, Goal.Rollback) => [.. attempt.Drain()],
            (Goal.Observe, Goal.Observe) => [.. attempt.Recovery()],
            (Goal.Observe, Goal.Stage or Goal.Boot) => [],
        };
        return attempt.IsOver ? [.. steps, .. attempt.Whole()] : steps;
    }
}
