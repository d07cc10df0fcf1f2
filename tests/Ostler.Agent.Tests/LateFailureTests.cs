using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Report;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests;

/// <summary>What fails after the pass has reported something: the report of the failure must not undo the earlier one.</summary>
public sealed class LateFailureTests
{
    [Fact]
    public async Task A_staging_that_fails_late_keeps_the_time_when_it_began()
    {
        await using var run = new AgentRun("1*");
        var pulled = new TaskCompletionSource();
        run.Ostree.Before = (line, _) => line.Contains(" pull ", StringComparison.Ordinal) ? pulled.Task : Task.CompletedTask;
        run.Ostree.Fail(" pull ", "error: Server returned HTTP 503");
        run.Api.Ask(Stage(2));
        run.Start();
        await run.Clock.WaitedForAsync(ActionReports.QuickStep);
        run.Clock.Advance(TimeSpan.FromSeconds(30));
        var staging = await run.Api.NextWriteAsync(run.Token);
        pulled.SetResult();
        var failed = await run.Api.NextWriteAsync(run.Token);

        Assert.Equal(Noon, staging.Timings?.StagingStartedAt);
        Assert.Equal((Reasons.PullFailed, Noon), (failed.LastError?.Reason, failed.Timings?.StagingStartedAt));
    }

    [Fact]
    public async Task A_staging_that_another_program_holds_up_late_keeps_the_time_when_it_began()
    {
        await using var run = new AgentRun("1*");
        var pulled = new TaskCompletionSource();
        run.Ostree.Before = (line, _) => line.Contains(" pull ", StringComparison.Ordinal) ? pulled.Task : Task.CompletedTask;
        run.Api.Ask(Stage(2));
        run.Start();
        await run.Clock.WaitedForAsync(ActionReports.QuickStep);
        run.Clock.Advance(TimeSpan.FromSeconds(30));
        var staging = await run.Api.NextWriteAsync(run.Token);
        pulled.SetException(new HostToolException(Reasons.TransactionInProgress, "rpm-ostree is at work"));
        var waiting = await run.Api.NextWriteAsync(run.Token);

        Assert.Equal(Noon, staging.Timings?.StagingStartedAt);
        Assert.Equal(
            (Reasons.TransactionInProgress, Noon),
            (waiting.Conditions.Find(ConditionTypes.Ready)?.Reason, waiting.Timings?.StagingStartedAt));
    }

    [Fact]
    public async Task A_reboot_that_the_host_refuses_stays_requested()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Ostree.RebootExitCode = 1;
        run.Api.Ask(Boot(2, 1));
        await run.Clock.WaitedForAsync(HostRetry.Initial);

        var failed = run.Api.Written[^1];
        Assert.Equal((NodeStep.Rebooting, Reasons.HostToolFailed), (failed.Step, failed.LastError?.Reason));
        Assert.Equal(Noon, failed.Timings?.RebootRequestedAt);
    }
}
