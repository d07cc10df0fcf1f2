using Ostler.Agent.Checks;
using Ostler.Agent.Cluster;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Reboot;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Agent.Loop;

/// <summary>Carries out what was decided and reports it.</summary>
internal sealed class ActionRunner(
    StatusReporter reporter, RebootSequence reboot, HostWatchdog watchdog, HostVerification verification, AgentLog log, TimeProvider time)
{
    /// <returns>How long until the next pass; null: the usual time.</returns>
    public Task<TimeSpan?> RunAsync(
        NodeOS os, HostState host, IHostBackend backend, AgentAction action, CancellationToken superseded, CancellationToken cancellationToken) => action switch
        {
            AgentAction.Report report => ReportAsync(os, host, report, cancellationToken),
            AgentAction.Stage stage => StageAsync(os, host, backend, stage, superseded, cancellationToken),
            AgentAction.Lock relock => LockAsync(os, host, backend, relock.Image, cancellationToken),
            AgentAction.Boot boot => reboot.BootAsync(os, host, backend, boot, cancellationToken),
            AgentAction.RollBack back => reboot.RollBackAsync(os, host, backend, back.Previous, cancellationToken),
            AgentAction.KeepPrevious keep => KeepPreviousAsync(os, host, backend, keep.Previous, cancellationToken),
            AgentAction.Verify verify => VerifyAsync(os, host, verify.Image, superseded, cancellationToken),
            _ => throw new InvalidOperationException($"No such action: {action}"),
        };

    private async Task<TimeSpan?> ReportAsync(NodeOS os, HostState host, AgentAction.Report report, CancellationToken cancellationToken)
    {
        await reporter.ReportAsync(os, host, host.Boot, ActionReports.Rest(os, host, report), cancellationToken);
        return report.RequeueAfter;
    }

    private async Task<TimeSpan?> StageAsync(
        NodeOS os, HostState host, IHostBackend backend, AgentAction.Stage stage, CancellationToken superseded, CancellationToken cancellationToken)
    {
        var image = stage.Image;
        log.Info(Reasons.Staging, $"Staging {AgentDecision.Name(image)}.");
        var began = time.GetUtcNow();
        var warnings = await WithProgressAsync(
            os,
            host,
            ActionReports.Staging(os, image, began),
            async stop =>
            {
                await watchdog.PrepareAsync(os.Spec, stop);
                return stage.DiscardLocalChanges ? await backend.RedeployAsync(image, host.Deployments, stop) : await backend.StageAsync(image, host.Deployments, stop);
            },
            superseded,
            cancellationToken);
        await ReportStagedAsync(os, host, backend, image, warnings, began, cancellationToken);
        return null;
    }

    private async Task<TimeSpan?> LockAsync(NodeOS os, HostState host, IHostBackend backend, NodeImage image, CancellationToken cancellationToken)
    {
        log.Info(Reasons.Staged, $"Locking {AgentDecision.Name(image)}, which lies staged and unlocked.");
        await backend.LockAsync(image, host.Deployments, cancellationToken);
        if ((await backend.ReadAsync(cancellationToken)).Staged is { Locked: false })
        {
            throw new HostToolException(Reasons.HostToolFailed, $"{backend.Name} reported success, but {AgentDecision.Name(image)} is still unlocked.");
        }

        return TimeSpan.Zero;
    }

    private async Task ReportStagedAsync(
        NodeOS os, HostState host, IHostBackend backend, NodeImage image, IReadOnlyList<string> warnings, DateTimeOffset began, CancellationToken cancellationToken)
    {
        foreach (var warning in warnings)
        {
            log.Warning(Reasons.Staged, warning);
        }

        var report = ActionReports.Staged(image, warnings, began);
        await reporter.ReportAsync(os, host with { Deployments = await backend.ReadAsync(cancellationToken) }, host.Boot, report, cancellationToken);
        log.Info(Reasons.Staged, report.Staged!.Message);
    }

    private async Task<TimeSpan?> KeepPreviousAsync(NodeOS os, HostState host, IHostBackend backend, PreviousOS previous, CancellationToken cancellationToken)
    {
        log.Info(Reasons.RollingBack, $"{AgentDecision.Name(previous)} runs and is made the default for the next boot as well.");
        await backend.RollBackAsync(previous.Digest, host.Deployments, cancellationToken);
        return TimeSpan.Zero;
    }

    private async Task<TimeSpan?> VerifyAsync(NodeOS os, HostState host, NodeImage image, CancellationToken superseded, CancellationToken cancellationToken)
    {
        var before = ActionReports.FormerVerdict(os, host.Boot);
        var result = await WithProgressAsync(
            os,
            host,
            before is null ? ActionReports.Verifying(image) : null,
            stop => verification.RunAsync($"{os.Metadata.Uid} {os.Spec.Attempt} {host.Boot.BootID}", os.Spec.HostChecks, before is { Status: ConditionStatus.True }, stop),
            superseded,
            cancellationToken);
        if (before?.Reason != result.Reason)
        {
            log.Info(result.Reason, $"Runs {AgentDecision.Name(image)}. {result.Message}");
        }

        try
        {
            await reporter.ReportAsync(os, host, host.Boot, ActionReports.Verified(image, result), cancellationToken);
        }
        catch (Exception failure) when (ApiFailures.Is(failure))
        {
            watchdog.Note(host.Boot, result.Passed, apiUnreachable: true);
            throw;
        }

        watchdog.Note(host.Boot, result.Passed, apiUnreachable: false);

        // After the API server has taken the verdict in, and not before: a node that cannot reach it is no node.
        if (result.Passed && !watchdog.TryDisarm(host.Boot))
        {
            log.Warning(Reasons.WatchdogExpired, "The host's watchdog was faster than the last check.");
            return ActionReports.QuickStep;
        }

        // Never at once: a clock that was set back in the middle must not make this a busy loop.
        return result.Next is { } next && next < ActionReports.QuickStep ? ActionReports.QuickStep : result.Next;
    }

    /// <summary>
    /// Does something that is to be given up when the order changes. If it is not done at once, says that it is under way: failing to say
    /// so does not stop it.
    /// </summary>
    private async Task<T> WithProgressAsync<T>(
        NodeOS os, HostState host, StepReport? underWay, Func<CancellationToken, Task<T>> work, CancellationToken superseded, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(superseded, cancellationToken);
        var task = work(stop.Token);
        if (underWay is null)
        {
            return await task;
        }

        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var delay = Task.Delay(ActionReports.QuickStep, time, done.Token);
        if (await Task.WhenAny(task, delay) == task)
        {
            await done.CancelAsync();
            return await task;
        }

        try
        {
            await reporter.ReportAsync(os, host, host.Boot, underWay, stop.Token);
        }
        catch (Exception failure) when (ApiFailures.Is(failure))
        {
            log.Warning("ReportFailed", ApiFailures.Describe(failure));
        }
        catch (OperationCanceledException)
        {
            // The work is cancelled by the same token, and has to be waited for: its process is being killed.
        }

        return await task;
    }
}
