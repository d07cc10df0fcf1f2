using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Report;

/// <summary>What is said when something on the host went wrong and will be tried again. Pure.</summary>
public static class FailureReport
{
    /// <param name="os">The object as last seen.</param>
    /// <param name="reason">One of <see cref="Reasons"/>.</param>
    /// <param name="message">What went wrong, for users.</param>
    public static StepReport Of(NodeOS os, string reason, string message)
    {
        var former = os.Status?.Attempt == os.Spec.Attempt ? os.Status : null;
        return new StepReport(StepFor(os.Spec.Goal, former?.Step), reason, message)
        {
            // An unsupported host stays unsupported: it is counted once, not at every pass.
            Error = new ErrorReport(reason, message, IsNew: reason is not (Reasons.HostNotSupported or Reasons.Invalid)),
            Staged = os.Spec.Goal == Goal.Stage ? new ConditionReport(ConditionStatus.False, Reasons.StagingFailed, message) : Keep(former, ConditionTypes.Staged),
            HostHealthy = Keep(former, ConditionTypes.HostHealthy),
        };
    }

    /// <summary>Somebody else is at work on the host's deployments: no error, and what was said of an earlier one stays.</summary>
    public static StepReport Waiting(NodeOS os, string reason, string message)
    {
        var former = os.Status?.Attempt == os.Spec.Attempt ? os.Status : null;
        return new StepReport(StepFor(os.Spec.Goal, former?.Step), reason, $"Waiting for another program: {message}")
        {
            Error = former?.LastError is { } error ? new ErrorReport(error.Reason, error.Message ?? "", IsNew: false) : null,
            Staged = os.Spec.Goal == Goal.Stage ? new ConditionReport(ConditionStatus.False, reason, message) : Keep(former, ConditionTypes.Staged),
            HostHealthy = Keep(former, ConditionTypes.HostHealthy),
        };
    }

    /// <summary>A failure that is tried again moves the node neither forward nor back.</summary>
    private static NodeStep StepFor(Goal goal, NodeStep? former) =>
        goal == Goal.Stage ? NodeStep.Staging
        : goal == Goal.Rollback ? NodeStep.RollingBack
        : former ?? NodeStep.Idle;

    public static ConditionReport? Keep(NodeOSStatus? former, string type) =>
        former?.Conditions.Find(type) is { } condition ? new ConditionReport(condition.Status, condition.Reason, condition.Message) : null;
}
