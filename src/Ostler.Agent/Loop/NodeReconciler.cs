using Ostler.Agent.Backends;
using Ostler.Agent.Cluster;
using Ostler.Agent.Host;
using Ostler.Agent.HostShell;
using Ostler.Agent.Logging;
using Ostler.Agent.Reboot;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Agent.Loop;

/// <summary>
/// One pass: observe, decide, act, report. Carried from one pass to the next are only how often the host's checks passed in a row, and what
/// was logged last.
/// </summary>
internal sealed class NodeReconciler(
    BackendDetection detection,
    HostObserver observer,
    ICommandRunner runner,
    HostFiles files,
    PendingBootStore pendings,
    KnownGood knownGood,
    HostWatchdog watchdog,
    ActionRunner actions,
    StatusReporter reporter,
    AgentLog log,
    Func<double> random)
{
    /// <summary>How soon the agent looks again for the end of somebody else's work on the host (±25%).</summary>
    internal static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How often the agent looks at the host although nothing tells of a change (±25%): people may update it by hand. Costs the API server
    /// nothing.
    /// </summary>
    internal static readonly TimeSpan LookAround = TimeSpan.FromMinutes(5);

    /// <summary>The last failure that was logged; null after a pass without one.</summary>
    private string? _logged;

    /// <param name="os">
    /// The object as last seen. While it is being deleted, what is in progress is finished and nothing new begins.
    /// </param>
    /// <param name="superseded">Cancelled when it asks for something else; what takes long is then given up.</param>
    /// <param name="cancellationToken">The end of the agent.</param>
    /// <returns>How long until the next pass, if nothing happens before.</returns>
    public async Task<TimeSpan> ReconcileAsync(NodeOS os, CancellationToken superseded, CancellationToken cancellationToken)
    {
        HostBoot? boot = null;
        HostState? host = null;
        try
        {
            ConsoleLock.Respect(files);
            boot = await HostBootReader.ReadAsync(runner, files, cancellationToken);
            var backend = await detection.DetectAsync(os.Spec.Backend, boot, cancellationToken);
            ForgetFormerOrder(os);
            await watchdog.TidyAsync(os, boot, backend, cancellationToken);
            host = await observer.ObserveAsync(os, boot, backend, cancellationToken);
            if (await knownGood.ReleaseAsync(os, backend, host.Deployments, cancellationToken))
            {
                host = await observer.ObserveAsync(os, boot, backend, cancellationToken);
            }

            var action = NodeOrder.Withhold(os, Refused(backend, AgentDecision.Decide(os.Metadata.Uid!, os.Spec, host)));
            if (action is not AgentAction.Stage)
            {
                await backend.AbandonStagingAsync(cancellationToken);
            }

            var next = await actions.RunAsync(os, host, backend, action, superseded, cancellationToken) ?? LookAround * (0.75 + random() / 2);
            _logged = null;
            return next;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && superseded.IsCancellationRequested)
        {
            log.Info(Reasons.TargetChanged, "The instruction changed, so the work in progress was abandoned.");
            return TimeSpan.Zero;
        }
        catch (HostToolException busy) when (busy.Reason == Reasons.TransactionInProgress)
        {
            log.Info(busy.Reason, busy.Message);
            await reporter.ReportAsync(os, host, boot, FailureReport.Waiting(reporter.Current(os), busy.Reason, busy.Message), cancellationToken);
            return BusyWait * (0.75 + random() / 2);
        }
        catch (HostToolException failure)
        {
            return await FailAsync(os, host, boot, failure, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException && !ApiFailures.Is(fault))
        {
            // The agent's own fault. Only in its log it would look, from the cluster, like an agent that does not act on its order.
            log.Error("Unexpected", fault.ToString());
            return await FailAsync(os, host, boot, new HostToolException(Reasons.HostToolFailed, $"The agent failed: {fault.GetType().Name}: {HostToolException.Trim(fault.Message)}"), cancellationToken);
        }
    }

    private async Task<TimeSpan> FailAsync(NodeOS os, HostState? host, HostBoot? boot, HostToolException failure, CancellationToken cancellationToken)
    {
        // A host of another kind stays one: that is logged once, and checked rarely.
        var lasts = HostRetry.IsPermanent(failure.Reason);
        var words = $"{failure.Reason} {failure.Message}";
        if (!lasts || _logged != words)
        {
            log.Warning(failure.Reason, failure.Message);
        }

        _logged = words;
        var stored = await reporter.ReportAsync(os, host, boot, FailureReport.Of(reporter.Current(os), failure.Reason, failure.Message), cancellationToken);
        return lasts ? LookAround * (0.75 + random() / 2) : HostRetry.After(stored.Status?.LastError?.Count ?? 1) * (0.5 + random());
    }

    /// <summary>An image that can never be staged here is refused before any of it reaches a command.</summary>
    private static AgentAction Refused(IHostBackend backend, AgentAction action) =>
        action.ImageForBackend() is { } image && backend.Refuse(image) is { } why
        ? new AgentAction.Report(NodeStep.Idle, Reasons.Invalid, why) { IsError = true }
        : action;

    /// <summary>
    /// The pending record is kept until the goal changes, so that the same explanation is given as long as it is asked for.
    /// </summary>
    private void ForgetFormerOrder(NodeOS os)
    {
        if (NodeOrder.IsAtRest(os.Spec))
        {
            pendings.Delete();
        }
    }
}
