using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Hosts.Report;

/// <summary>Puts a NodeOS status together. Pure; the same facts give the same status, to the byte.</summary>
public static class StatusComposition
{
    /// <summary>The CRD's limit on messages of errors.</summary>
    private const int MaxErrorMessage = 2048;

    /// <param name="os">The object as last read: its spec is what the report answers, its status tells when things began.</param>
    /// <param name="host">
    /// The facts; null when the host is not supported or could not be read, and then only <paramref name="boot"/> is known.
    /// </param>
    /// <param name="boot">The present boot.</param>
    /// <param name="report">What to say.</param>
    /// <param name="agentVersion">The agent's own version.</param>
    /// <param name="now">For times of what is new. Cut to whole seconds.</param>
    public static NodeOSStatus Compose(NodeOS os, HostState? host, HostBoot? boot, StepReport report, string agentVersion, DateTimeOffset now)
    {
        var moment = now.TruncateToSeconds();
        var former = os.Status?.Attempt == os.Spec.Attempt ? os.Status : null;

        // A host tool that does not answer for once has not made the host forget what it runs.
        var last = host is null && boot is not null && os.Status?.BootSessionID() == boot.BootID ? os.Status : null;
        var drift = host is null ? last?.Drift : DriftFindings.Of(os.Spec, host);
        return ReportRules.Limit(new NodeOSStatus
        {
            ObservedGeneration = os.Metadata.Generation,
            Attempt = os.Spec.Attempt,
            Step = report.Step,
            Backend = host?.Backend ?? last?.Backend,
            BackendVersion = host?.BackendVersion ?? last?.BackendVersion,
            AgentVersion = agentVersion,
            BootID = boot?.KernelBootID,
            SoftReboots = boot?.SoftReboots is > 0 and var count ? count : null,
            Reboot = report.Reboot ?? former?.Reboot,
            Booted = host is null ? last?.Booted : host.Deployments.Booted?.ToStatus(),
            Staged = host is null ? last?.Staged : host.Deployments.Upcoming?.ToStatus(),
            Rollback = host is null ? last?.Rollback : host.Deployments.Rollback?.ToStatus(),
            Conditions = Conditions.Carry(os.Status?.Conditions, [.. Wanted(report), .. Drifted(host, last, drift)], os.Metadata.Generation, moment),
            Timings = Timings(former?.Timings, report, boot, moment),
            Drift = drift,
            LastError = Error(former?.LastError, report.Error, moment),
        });
    }

    private static IEnumerable<Condition> Wanted(StepReport report)
    {
        yield return new Condition
        {
            Type = ConditionTypes.Ready,
            Status = report.Ready ? ConditionStatus.True : ConditionStatus.False,
            Reason = report.Reason,
            Message = report.Message,
        };
        if (report.Staged is { } staged)
        {
            yield return new Condition { Type = ConditionTypes.Staged, Status = staged.Status, Reason = staged.Reason, Message = staged.Message };
        }

        if (report.HostHealthy is { } healthy)
        {
            yield return new Condition { Type = ConditionTypes.HostHealthy, Status = healthy.Status, Reason = healthy.Reason, Message = healthy.Message };
        }
    }

    // While nothing is known of the host, nothing is said of it either but what was.
    private static IEnumerable<Condition> Drifted(HostState? host, NodeOSStatus? last, DriftStatus? drift)
    {
        var report = host?.Deployments.Booted is not null ? DriftFindings.Condition(drift) : FailureReport.Keep(last, ConditionTypes.Drifted);
        if (report is not null)
        {
            yield return new Condition { Type = ConditionTypes.Drifted, Status = report.Status, Reason = report.Reason, Message = report.Message };
        }
    }

    private static NodeTimings? Timings(NodeTimings? former, StepReport report, HostBoot? boot, DateTimeOffset now)
    {
        var timings = former ?? new NodeTimings();
        timings = report.Milestone switch
        {
            Milestone.StagingStarted => timings with { StagingStartedAt = timings.StagingStartedAt ?? report.Since?.TruncateToSeconds() ?? now },
            Milestone.Staged => timings with { StagingStartedAt = timings.StagingStartedAt ?? report.Since?.TruncateToSeconds() ?? now, StagedAt = timings.StagedAt ?? now },

            // The reboot that counts is the last one that was asked for: a rollback asks again.
            Milestone.RebootRequested => timings with { RebootRequestedAt = now },
            Milestone.Healthy => timings with { HealthyAt = timings.HealthyAt ?? now },
            Milestone.None => timings,
            _ => throw new InvalidOperationException($"No such milestone: {report.Milestone}"),
        };
        timings = timings with { BootedAt = boot?.BootedAt?.TruncateToSeconds() };
        return timings == new NodeTimings() ? null : timings;
    }

    private static NodeError? Error(NodeError? former, ErrorReport? error, DateTimeOffset now)
    {
        if (error is null)
        {
            return null;
        }

        var message = error.Message.Length > MaxErrorMessage ? error.Message[..MaxErrorMessage] : error.Message;
        if (former?.Reason != error.Reason)
        {
            return new NodeError { Reason = error.Reason, Message = message, At = now, Count = 1 };
        }

        return error.IsNew
            ? new NodeError { Reason = error.Reason, Message = message, At = now, Count = former.Count + 1 }
            : former with { Message = message };
    }
}
