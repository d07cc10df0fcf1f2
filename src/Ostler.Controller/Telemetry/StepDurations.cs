using Ostler.Api.NodeOSes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Telemetry;

/// <summary>How long the steps took that a change of a node's goal ends. Pure: all times are stored in the objects themselves.</summary>
internal static class StepDurations
{
    /// <param name="before">The node as the plan saw it.</param>
    /// <param name="os">Its NodeOS then.</param>
    /// <param name="spec">What was asked of it now.</param>
    /// <param name="now">The controller's clock.</param>
    public static IEnumerable<(string Step, TimeSpan Took)> Ended(NodeFacts before, NodeOSFacts os, NodeOSSpec spec, DateTimeOffset now)
    {
        var goals = (os.Spec.Goal, spec.Goal);
        if (goals == (Goal.Stage, Goal.Boot))
        {
            // Both by the node's clock, so that their difference is right whatever that clock shows.
            if (UpgradeSteps.StagingOf(os.Status?.Timings) is { } staging)
            {
                yield return ("stage", staging);
            }

            if (before.CordonedAt is { } cordoned)
            {
                yield return ("drain", NotNegative(now - cordoned));
            }
        }
        else if (goals == (Goal.Boot, Goal.Observe) && os.Spec.GrantedAt is { } granted)
        {
            if (os.Spec is { HealthySince: { } healthy, BootRequestedAt: { } requested })
            {
                yield return ("boot", NotNegative(healthy - requested));
                yield return ("soak", NotNegative(now - healthy));
            }

            yield return ("update", NotNegative(now - granted));
        }
        else if (goals == (Goal.Rollback, Goal.Observe) && os.Spec.BootRequestedAt is { } rollbackRequested)
        {
            yield return ("rollback", NotNegative(now - rollbackRequested));
        }
    }

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}
