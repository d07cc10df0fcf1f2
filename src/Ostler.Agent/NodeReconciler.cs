using Ostler.Agent.Backends;
using Ostler.Agent.Decisions;
using Ostler.Agent.Host;
using Ostler.Agent.Inspection;
using Ostler.Agent.Reporting;
using Ostler.Agent.Watchdog;
using Ostler.Api;
using Ostler.Kubernetes;

namespace Ostler.Agent;

/// <summary>One pass: observe, decide, act, report. Nothing is carried from one pass to the next, but how often the host's checks passed in a row.</summary>
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


    /// <summary>How often the agent looks at the host although nothing tells of a change (±25%): people may update it by hand. Costs the API server nothing.</summary>
    internal static readonly TimeSpan LookAround = TimeSpan.FromMinutes(5);

    /// <summary>Waits after failures on the host, before jitter.</summary>
    internal static BackoffOptions Backoff { get; } = new() { Initial = TimeSpan.FromSeconds(5), Maximum = TimeSpan.FromMinutes(5) };

    /// <param name="os">The object as last seen. Not being deleted.</param>
    /// <param name="superseded">Cancelled when it asks for something else; what takes long is then given up.</param>
    /// <param name="ct">The end of the agent.</param>
    /// <returns>How long until the next pass, if nothing happens before.</returns>
    public async Task<TimeSpan> ReconcileAsync(NodeOS os, CancellationToken superseded, CancellationToken ct)
    {
        HostBoot? boot = null;
        HostState? host = null;
        try
        {
            ConsoleLock.Respect(files);
            boot = await HostBootReader.ReadAsync(runner, files, ct);
            var backend = await detection.DetectAsync(os.Spec.Backend, ct);
            ForgetFormerOrder(os);
            await watchdog.TidyAsync(os, boot, ct);
            host = await observer.ObserveAsync(os, boot, backend, ct);
            if (await knownGood.ReleaseAsync(os.Spec, backend, host.Deployments, ct))
            {
                host = await observer.ObserveAsync(os, boot, backend, ct);
            }

            var action = Refused(backend, AgentDecision.Decide(os.Metadata.Uid!, os.Spec, host));
            if (action is not AgentAction.Stage)
            {
                await backend.AbandonStagingAsync(ct);
            }

            return await actions.RunAsync(os, host, backend, action, superseded, ct) ?? LookAround * (0.75 + random() / 2);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested && superseded.IsCancellationRequested)
        {
            log.Info(Reasons.TargetChanged, "The order changed: what was under way was given up.");
            return TimeSpan.Zero;
        }
        catch (HostToolException busy) when (busy.Reason == Reasons.TransactionInProgress)
        {
            log.Info(busy.Reason, busy.Message);
            await reporter.ReportAsync(os, host, boot, FailureReport.Waiting(os, busy.Reason, busy.Message), ct);
            return BusyWait * (0.75 + random() / 2);
        }
        catch (HostToolException failure)
        {
            log.Warning(failure.Reason, failure.Message);
            var stored = await reporter.ReportAsync(os, host, boot, FailureReport.Of(os, failure.Reason, failure.Message), ct);
            return failure.Reason is Reasons.HostNotSupported or Reasons.Invalid
                ? LookAround * (0.75 + random() / 2)
                : Backoff.After(stored.Status?.LastError?.Count ?? 1, random());
        }
    }

    /// <summary>An image that can never be staged here is refused before any of it reaches a command.</summary>
    private static AgentAction Refused(IHostBackend backend, AgentAction action)
    {
        var image = action switch
        {
            AgentAction.Stage stage => stage.Image,
            AgentAction.Lock relock => relock.Image,
            AgentAction.Boot boot => boot.Image,
            _ => null,
        };
        return image is not null && backend.Refuse(image) is { } why
            ? new AgentAction.Report(NodeStep.Idle, Reasons.Invalid, why) { IsError = true }
            : action;
    }

    /// <summary>The pending record is kept until the goal changes, so that the same explanation is given as long as it is asked for.</summary>
    private void ForgetFormerOrder(NodeOS os)
    {
        if (os.Spec.Goal is Goal.Observe or Goal.Stage)
        {
            pendings.Delete();
        }
    }
}
