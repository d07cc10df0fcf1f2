using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Checks;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;
using Ostler.Rollout.Nodes;

namespace Ostler.Simulation.Hosts;

/// <summary>
/// One pass of the agent over a simulated host: observe, decide, act, report, in the order of the real agent's writes. What is decided and
/// what is reported is the real agent's code (<see cref="AgentDecision"/>, <see cref="ActionReports"/>, <see cref="StatusComposition"/>);
/// this carries it out on a <see cref="SimulatedHost"/>.
/// </summary>
public sealed class AgentPass
{
    private readonly SimulatedHost _host;
    private readonly NodeOS _ordered;
    private readonly Func<DateTimeOffset> _clock;
    private CheckResult? _verdict;

    internal AgentPass(SimulatedHost host, NodeOS os, Func<DateTimeOffset> clock) => (_host, _ordered, OS, _clock) = (host, os, os, clock);

    /// <summary>The NodeOS as it is stored. Set by whoever runs the pass; null: it is gone.</summary>
    public NodeOS? OS { get; set; }

    /// <summary>What was decided.</summary>
    public AgentAction? Action { get; private set; }

    private string Uid => _ordered.Metadata.Uid!;

    private NodeOSSpec Spec => _ordered.Spec;

    private DateTimeOffset Now => _clock();

    /// <summary>Decides and carries it out, a step at a time: nothing is done before the next step is asked for.</summary>
    public IEnumerable<HostStep> Steps()
    {
        _host.Tidy(_ordered);
        var state = _host.Observe(_ordered, Now);
        Action = NodeOrder.Withhold(_ordered, AgentDecision.Decide(Uid, Spec, state));
        foreach (var step in CarryOut(Action, state))
        {
            yield return step;
        }
    }

    /// <summary>
    /// The API server could not be reached for the last step. The pass is over: no further step is asked for, and another pass is to be
    /// made later.
    /// </summary>
    public void LoseApi()
    {
        if (_verdict is { } result)
        {
            _host.Note(result.Passed, apiUnreachable: true, Now);
        }
    }

    /// <summary>Carries out an action.</summary>
    internal IEnumerable<HostStep> CarryOut(AgentAction action, HostState state) => action switch
    {
        AgentAction.Report report => Report(report, state),
        AgentAction.Stage stage => Stage(stage, state),
        AgentAction.Lock => Lock(),
        AgentAction.Boot boot => Boot(boot, state),
        AgentAction.Verify verify => Verify(verify.Image, state),
        AgentAction.RollBack back => RollBack(back.Previous, state),
        AgentAction.KeepPrevious keep => KeepPrevious(keep.Previous, state),
        _ => throw new InvalidOperationException($"No such action: {action}"),
    };

    private IEnumerable<HostStep> Report(AgentAction.Report report, HostState state)
    {
        if (News(state, ActionReports.Rest(_ordered, state, report)) is { } news)
        {
            yield return news;
        }

        yield return new HostStep.Ends(report.RequeueAfter);
    }

    private IEnumerable<HostStep> Stage(AgentAction.Stage stage, HostState state)
    {
        var began = Now;
        yield return new HostStep.Takes(HostWork.Staging, News(state, ActionReports.Staging(_ordered, stage.Image, began))?.Status);
        if (_host.Faults.StagingFailures > 0)
        {
            _host.Faults.StagingFailures--;
            foreach (var step in Fail(state, Reasons.PullFailed, "connection reset by peer"))
            {
                yield return step;
            }

            yield break;
        }

        _host.Stage(stage.Image, stage.DiscardLocalChanges);
        yield return new HostStep.Writes("stages the image");
        if (News(state with { Deployments = _host.Deployments }, ActionReports.Staged(stage.Image, [], began)) is { } news)
        {
            yield return news;
        }

        yield return new HostStep.Ends(null);
    }

    private IEnumerable<HostStep> Lock()
    {
        _host.Lock();
        yield return new HostStep.Writes("locks the image");
        yield return new HostStep.Ends(TimeSpan.Zero);
    }

    private IEnumerable<HostStep> Boot(AgentAction.Boot boot, HostState state)
    {
        yield return new HostStep.Confirms();
        if (!IsStillOrdered)
        {
            yield return new HostStep.Ends(TimeSpan.Zero);
            yield break;
        }

        _host.KeepKnownGood(Uid);
        yield return new HostStep.Writes("pins what runs");
        if (Spec.Watchdog is { } timeout)
        {
            _host.Arm(_ordered, timeout, _host.Deployments.Upcoming ?? _host.Booted, Now);
            yield return new HostStep.Writes("arms the watchdog");
        }

        if (!boot.Finalized)
        {
            _host.Unlock();
            yield return new HostStep.Writes("unlocks the image");
        }

        if (_host.Deployments.Next is not { } next || next.Digest != boot.Image.Digest)
        {
            var why = $"The next boot would not run {boot.Image.Digest}. The host is not rebooted.";
            foreach (var step in Fail(state, Reasons.NotStaged, why))
            {
                yield return step;
            }

            yield break;
        }

        var how = Choose(next);
        if (how.Method == RebootKind.SoftReboot)
        {
            _host.ApplyForSoftReboot(_ordered, next);
            yield return new HostStep.Writes("applies the image");
        }

        foreach (var step in Reboot(state, ActionReports.Rebooting(boot.Image, how)))
        {
            yield return step;
        }
    }

    private IEnumerable<HostStep> RollBack(PreviousOS previous, HostState state)
    {
        yield return new HostStep.Confirms();
        if (!IsStillOrdered)
        {
            yield return new HostStep.Ends(TimeSpan.Zero);
            yield break;
        }

        if (!_host.ChooseNext(previous.Digest))
        {
            foreach (var step in Fail(state, Reasons.RollbackImpossible, $"No deployment of {previous.Digest} is left on the host."))
            {
                yield return step;
            }

            yield break;
        }

        yield return new HostStep.Writes("makes the previous image the next boot's");
        foreach (var step in Reboot(state, ActionReports.RollingBack(previous)))
        {
            yield return step;
        }
    }

    private IEnumerable<HostStep> Reboot(HostState state, StepReport report)
    {
        if (News(state with { Deployments = _host.Deployments }, report) is { } news)
        {
            yield return news;
            if (!IsStillOrdered)
            {
                yield return new HostStep.Ends(TimeSpan.Zero);
                yield break;
            }
        }

        var method = report.Reboot!.Method;
        _host.Order(PendingBoot.Of(Uid, Spec, state, _host.Deployments.Next!, Now), method);
        yield return new HostStep.Writes("records the reboot");
        yield return new HostStep.GoesDown(Spec.Goal, method);
    }

    private IEnumerable<HostStep> KeepPrevious(PreviousOS previous, HostState state)
    {
        if (!_host.ChooseNext(previous.Digest))
        {
            foreach (var step in Fail(state, Reasons.RollbackImpossible, $"No deployment of {previous.Digest} is left on the host."))
            {
                yield return step;
            }

            yield break;
        }

        yield return new HostStep.Writes("makes the previous image the next boot's");
        yield return new HostStep.Ends(TimeSpan.Zero);
    }

    private IEnumerable<HostStep> Verify(NodeImage image, HostState state)
    {
        var before = ActionReports.FormerVerdict(_ordered, state.Boot);
        var of = $"{Uid} {Spec.Attempt} {state.Boot.BootID}";
        if (_host.Checks.AreDue(of, Spec, Now))
        {
            yield return new HostStep.Takes(HostWork.Checks, before is null ? News(state, ActionReports.Verifying(image))?.Status : null);
        }

        var result = _host.Checks.Run(of, Spec, before is { Status: ConditionStatus.True }, _host.IsHealthy, Now);
        _verdict = result;
        if (News(state, ActionReports.Verified(image, result)) is { } news)
        {
            yield return news;
        }

        _host.Note(result.Passed, apiUnreachable: false, Now);

        // After the API server has stored the verdict, and not before.
        if (result.Passed && !_host.TryDisarm())
        {
            yield return new HostStep.Ends(ActionReports.QuickStep);
            yield break;
        }

        yield return new HostStep.Ends(result.Next is { } next && next < ActionReports.QuickStep ? ActionReports.QuickStep : result.Next);
    }

    private IEnumerable<HostStep> Fail(HostState state, string reason, string message)
    {
        if (News(state, FailureReport.Of(_ordered with { Status = OS?.Status }, reason, message)) is { } news)
        {
            yield return news;
        }

        yield return new HostStep.Ends(HostRetry.After(OS?.Status?.LastError?.Count ?? 1));
    }

    private bool IsStillOrdered => NodeOrder.AsksTheSame(_ordered, OS);

    private NodeReboot Choose(HostDeployment next)
    {
        var (method, why) = SoftRebootRules.Choose(new()
        {
            Asked = Spec.RebootMethod,
            ChangesTree = _host.Booted.Digest != next.Digest,
            Counted = _host.Boot.SoftReboots is not null,
            HasTarget = _host.CanSoftReboot,
        });
        return new() { Method = method, Message = why };
    }

    /// <summary>The report as a status; null when it says nothing new.</summary>
    private HostStep.Reports? News(HostState state, StepReport report)
    {
        if (OS is not { } os)
        {
            return null;
        }

        var status = StatusComposition.Compose(os, state, state.Boot, report, "simulated", Now);
        return StatusDifference.IsNews(status, os.Status) ? new(status) : null;
    }
}
