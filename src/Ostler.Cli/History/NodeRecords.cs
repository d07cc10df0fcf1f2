using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Cli.Output;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Cli.History;

/// <summary>What a NodeOS records of its node. Pure.</summary>
internal static class NodeRecords
{
    /// <summary>In no order.</summary>
    /// <param name="os">The NodeOS.</param>
    /// <param name="now">Of what goes on it is told how long it has taken so far.</param>
    public static IEnumerable<HistoryEntry> Of(NodeOS os, DateTimeOffset now)
    {
        var (subject, spec, status) = ($"Node {os.Metadata.Name}", os.Spec, os.Status);
        var image = spec.Image is { } wanted ? new HistoryTree(wanted.Digest, wanted.Version) : null;
        var timings = status?.Attempt == spec.Attempt ? status.Timings : null;
        if (spec.LastUpgrade is { } upgrade)
        {
            yield return new()
            {
                At = upgrade.CompletedAt,
                Subject = subject,
                Result = nameof(NodeStep.Updated),
                From = upgrade.Previous is { } before ? new(before.Digest, before.Version) : null,
                To = image,
                Took = UpgradeSteps.Between(upgrade.GrantedAt, upgrade.CompletedAt),
                // What the agent measured is of the latest attempt, which on a node that was taken back is the way back.
                Steps = UpgradeSteps.Of(upgrade, spec.Failure is null && spec.Goal == Goal.Observe ? timings : null),
                Tone = Tone.Good,
            };
        }

        if (spec.Failure is { } failure)
        {
            var wentBack = status is { Step: NodeStep.RolledBack, Booted: { } } && status.Attempt == spec.Attempt;
            var failed = new HistoryTree(failure.Digest, failure.Version);
            yield return new()
            {
                At = failure.At,
                Subject = subject,
                // The two ends of a failure that status, metrics and the README tell apart.
                Result = wentBack ? nameof(NodeStep.RolledBack) : nameof(NodeStep.Failed),
                From = failed,
                To = wentBack ? new(status!.Booted!.Digest, status.Booted.Version) : null,
                Reason = failure.Reason,
                Message = failure.Message,
                Tone = Tone.Bad,
            };
        }

        if (UnderWay(os) is { } step)
        {
            var since = spec.GrantedAt ?? timings?.StagingStartedAt;
            yield return new()
            {
                At = since ?? now,
                Subject = subject,
                Result = step.ToString(),
                From = spec.Goal == Goal.Rollback ? image : status?.Booted is { } booted && booted.Digest != image?.Digest ? new(booted.Digest, booted.Version) : Former(spec.Previous),
                To = spec.Goal == Goal.Rollback ? Former(spec.Previous) : image,
                Took = UpgradeSteps.Between(since, now),
                Message = "In progress.",
            };
        }

        if (spec.Reconcile is { Count: > 0, At: { } reconciled } drift)
        {
            yield return new()
            {
                At = reconciled,
                Subject = subject,
                Result = "Reconciled",
                To = new(drift.Digest, image?.Digest == drift.Digest ? image.Version : null),
                Reason = drift.Reason,
                Message = $"Instructed to reconcile, {(drift.Count == 1 ? "once" : MessageText.Count(drift.Count, "time"))} so far.",
                Tone = Tone.Attention,
            };
        }

        if (status?.LastError is { } error)
        {
            yield return new()
            {
                At = error.At,
                Subject = subject,
                Result = "Error",
                Reason = error.Reason,
                Message = error.Count > 1 ? $"{error.Message} ({Format.Number(error.Count)} times in a row)" : error.Message,
                Tone = Tone.Attention,
            };
        }

        if (status?.Conditions.Find(ConditionTypes.Drifted) is { Status: ConditionStatus.True } drifted)
        {
            yield return new() { At = drifted.LastTransitionTime, Subject = subject, Result = ConditionTypes.Drifted, Reason = drifted.Reason, Message = drifted.Message, Tone = Tone.Attention };
        }
    }

    private static HistoryTree? Former(PreviousOS? previous) => previous is null ? null : new(previous.Digest, previous.Version);

    // What the controller alone knows, as Cordoned and Soaking, is in the status of the policy.
    private static NodeStep? UnderWay(NodeOS os) => os.Spec.Goal switch
    {
        Goal.Boot => os.Status?.Attempt == os.Spec.Attempt && os.Status.Step != NodeStep.Idle ? os.Status.Step : NodeStep.Rebooting,
        Goal.Rollback => NodeStep.RollingBack,
        Goal.Stage when os.Status is { Step: NodeStep.Staging or NodeStep.Staged } status && status.Attempt == os.Spec.Attempt => status.Step,
        _ => null,
    };
}
