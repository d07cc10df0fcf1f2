using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Reporting;

/// <summary>What is said when something on the host went wrong and will be tried again. Pure.</summary>
internal static class FailureReport
{
    public static StepReport Of(NodeOS os, HostToolException failure)
    {
        var former = os.Status?.Attempt == os.Spec.Attempt ? os.Status : null;
        return new StepReport(StepFor(os.Spec.Goal, former?.Step), failure.Reason, failure.Message)
        {

            // A host that is of another kind is so every five minutes, and nobody wants to hear it each time.
            Error = new ErrorReport(failure.Reason, failure.Message, IsNew: failure.Reason is not (Reasons.HostNotSupported or Reasons.Invalid)),
            Staged = os.Spec.Goal == Goal.Stage ? new ConditionReport(ConditionStatus.False, Reasons.StagingFailed, failure.Message) : Keep(former, ConditionTypes.Staged),
            HostHealthy = Keep(former, ConditionTypes.HostHealthy),
        };
    }

    /// <summary>Somebody else is at work on the host's deployments: no error, and what was said of an earlier one stays.</summary>
    public static StepReport Waiting(NodeOS os, HostToolException busy)
    {
        var former = os.Status?.Attempt == os.Spec.Attempt ? os.Status : null;
        return new StepReport(StepFor(os.Spec.Goal, former?.Step), busy.Reason, $"Waiting for others: {busy.Message}")
        {
            Error = former?.LastError is { } error ? new ErrorReport(error.Reason, error.Message ?? "", IsNew: false) : null,
            Staged = os.Spec.Goal == Goal.Stage ? new ConditionReport(ConditionStatus.False, busy.Reason, busy.Message) : Keep(former, ConditionTypes.Staged),
            HostHealthy = Keep(former, ConditionTypes.HostHealthy),
        };
    }

    /// <summary>A failure that is tried again moves the node neither forward nor back.</summary>
    private static NodeStep StepFor(Goal goal, NodeStep? former) => goal switch
    {
        Goal.Stage => NodeStep.Staging,
        Goal.Rollback => NodeStep.RollingBack,
        _ => former ?? NodeStep.Idle,
    };

    internal static ConditionReport? Keep(NodeOSStatus? former, string type) =>
        former?.Conditions.Find(type) is { } condition ? new ConditionReport(condition.Status, condition.Reason, condition.Message) : null;
}
