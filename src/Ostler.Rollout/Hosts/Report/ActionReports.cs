using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Checks;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Rollout.Hosts.Report;

/// <summary>What is reported while an action is carried out, and when it is done. Pure.</summary>
public static class ActionReports
{
    /// <summary>What is done within this time is reported as done, without a report that it is in progress.</summary>
    public static readonly TimeSpan QuickStep = TimeSpan.FromSeconds(1);

    /// <summary>Nothing is done but to report.</summary>
    public static StepReport Rest(NodeOS os, HostState host, AgentAction.Report report)
    {
        var former = os.Status?.Attempt == os.Spec.Attempt ? os.Status : null;
        return new StepReport(report.Step, report.Reason, report.Message)
        {
            Ready = !report.IsError && report.Step is NodeStep.Idle or NodeStep.Staged or NodeStep.Updated,
            Staged = StagedCondition(former, host, report),
            HostHealthy = report.Step == NodeStep.Updated ? FailureReport.Keep(former, ConditionTypes.HostHealthy) : null,
            Error = report.IsError ? new ErrorReport(report.Reason, report.Message, IsNew: false) : null,
            Milestone = report.Step == NodeStep.Staged ? Milestone.Staged : Milestone.None,
        };
    }

    /// <summary>The image is being staged.</summary>
    public static StepReport Staging(NodeOS os, NodeImage image, DateTimeOffset began)
    {
        var message = $"{AgentDecision.Name(image)} is downloaded and staged.";
        return new StepReport(NodeStep.Staging, Reasons.Staging, message)
        {
            Staged = new ConditionReport(ConditionStatus.False, Reasons.Staging, message),
            Error = StillFailing(os),
            Milestone = Milestone.StagingStarted,
            Since = began,
        };
    }

    /// <summary>The image is staged.</summary>
    /// <param name="image">The image.</param>
    /// <param name="warnings">What a user should know although it succeeded.</param>
    /// <param name="began">When the staging began.</param>
    public static StepReport Staged(NodeImage image, IReadOnlyList<string> warnings, DateTimeOffset began)
    {
        var message = $"{AgentDecision.Name(image)} is staged and locked.";
        var told = message + string.Concat(warnings.Select(w => $" Warning: {w}."));
        return new StepReport(NodeStep.Staged, Reasons.Staged, message)
        {
            Ready = true,
            Staged = new ConditionReport(ConditionStatus.True, Reasons.Staged, told),
            Milestone = Milestone.Staged,
            Since = began,
        };
    }

    /// <summary>The host is about to reboot into the image.</summary>
    public static StepReport Rebooting(NodeImage image, NodeReboot how)
    {
        var verb = how.Method switch
        {
            RebootKind.SoftReboot => "soft-reboots",
            RebootKind.Reboot => "reboots",
            _ => throw new InvalidOperationException($"No such reboot: {how.Method}"),
        };
        var name = AgentDecision.Name(image);
        var why = how.Message is null ? "" : $", in full: {how.Message}";
        return new StepReport(NodeStep.Rebooting, Reasons.WaitingForReboot, $"The host {verb} into {name}{why}.")
        {
            Staged = new ConditionReport(ConditionStatus.True, Reasons.Staged, $"{name} is staged and applied at shutdown."),
            Milestone = Milestone.RebootRequested,
            Reboot = how,
        };
    }

    /// <summary>The host is about to reboot into its previous image.</summary>
    public static StepReport RollingBack(PreviousOS previous) =>
        new(NodeStep.RollingBack, Reasons.RollingBack, $"The host reboots into {AgentDecision.Name(previous)}.")
        {
            Milestone = Milestone.RebootRequested,
            Reboot = new NodeReboot { Method = RebootKind.Reboot },
        };

    /// <summary>The verdict on the host that was reported in this attempt and this boot; null: none was.</summary>
    public static Condition? FormerVerdict(NodeOS os, HostBoot boot) =>
        os.Status is { } status && status.Attempt == os.Spec.Attempt && status.BootSessionID() == boot.BootID
            ? status.Conditions.Find(ConditionTypes.HostHealthy)
            : null;

    /// <summary>
    /// The first round of the host's checks is in progress. A later round that takes its time does not make the previous verdict untrue,
    /// and is not reported.
    /// </summary>
    public static StepReport Verifying(NodeImage image) =>
        new(NodeStep.Verifying, Reasons.WaitingForHostChecks, $"Runs {AgentDecision.Name(image)}. Host checks are in progress.")
        {
            HostHealthy = new ConditionReport(ConditionStatus.Unknown, Reasons.WaitingForHostChecks, "The first round is in progress."),
        };

    /// <summary>A round of the host's checks is complete.</summary>
    public static StepReport Verified(NodeImage image, CheckResult result) =>
        new(
            NodeStep.Verifying,
            result.Reason,
            $"Runs {AgentDecision.Name(image)}{(result.Passed ? ". Host checks pass." : $"; {result.Message}")}")
        {
            HostHealthy = new ConditionReport(result.Status, result.Reason, result.Message),
            Milestone = result.Passed ? Milestone.Healthy : Milestone.None,
        };

    private static ConditionReport? StagedCondition(NodeOSStatus? former, HostState host, AgentAction.Report report)
    {
        if (report.Reason == Reasons.NotStaged)
        {
            return new ConditionReport(ConditionStatus.False, Reasons.NotStaged, report.Message);
        }

        if (report.Step == NodeStep.Rebooting)
        {
            return FailureReport.Keep(former, ConditionTypes.Staged);
        }

        if (report.Step != NodeStep.Staged)
        {
            return null;
        }

        // The staging's own message may have warnings that only it could know.
        return former?.Staged?.Digest == host.Deployments.Staged?.Digest && former?.Conditions.IsTrue(ConditionTypes.Staged) == true
            ? FailureReport.Keep(former, ConditionTypes.Staged)
            : new ConditionReport(ConditionStatus.True, Reasons.Staged, report.Message);
    }

    /// <summary>A retry in progress does not yet mean that what went wrong went right.</summary>
    private static ErrorReport? StillFailing(NodeOS os) =>
        os.Status is { LastError: { } error } status && status.Attempt == os.Spec.Attempt
            ? new ErrorReport(error.Reason, error.Message ?? "", IsNew: false)
            : null;
}
