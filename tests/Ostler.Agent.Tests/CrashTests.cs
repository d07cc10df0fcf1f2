using Ostler.Agent.Loop;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Report;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests;

/// <summary>The agent is killed before and after every single thing that it does, and started again: the end is the same.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData("2022.7", false)]
    [InlineData("2026.4", false)]
    [InlineData("2026.4", true)]
    public async Task Killed_anywhere_in_an_upgrade_it_ends_updated_after_one_reboot(string version, bool watched)
    {
        Duration? watchdog = watched ? Duration.FromMinutes(10) : null;
        var killAt = 0;
        bool wasKilled;
        do
        {
            await using var run = new AgentRun("1*", version);
            wasKilled = await DriveAsync(run, ++killAt, Stage(2) with { Watchdog = watchdog }, status => status switch
            {
                { Step: NodeStep.Staged } => Boot(2, 1) with { Watchdog = watchdog },
                { Step: NodeStep.Verifying } when status.Conditions.IsTrue(ConditionTypes.HostHealthy) => Observe(2),
                _ => null,
            }, NodeStep.Updated);

            Assert.Equal((1, "2* 1"), (run.Ostree.Reboots, run.Ostree.List));
            Assert.Null(new WatchdogStore(run.Host.Files).Read());
            Assert.False(run.Ostree.WatchdogEnabled);
            Assert.All(run.Api.Written, s => Assert.True(s.Step != NodeStep.Updated || s.Booted?.Digest == Commit(2), $"killed at {killAt}"));
            Assert.All(run.Api.Written, s => Assert.Null(s.LastError));
        }
        while (wasKilled);

        Assert.InRange(killAt, 30, 300);
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task Killed_anywhere_in_a_rollback_it_ends_on_the_former_tree_after_one_reboot(string version)
    {
        var killAt = 0;
        bool wasKilled;
        do
        {
            await using var run = new AgentRun("2* 1", version);
            wasKilled = await DriveAsync(run, ++killAt, Rollback(1, 2, bootID: "boot-0"), _ => null, NodeStep.RolledBack);

            Assert.Equal((1, "1* 2"), (run.Ostree.Reboots, run.Ostree.List));
        }
        while (wasKilled);

        Assert.InRange(killAt, 10, 300);
    }

    /// <summary>Plays the controller, the power and the kubelet that starts a dead agent again, until the step is reached.</summary>
    /// <returns>Whether the agent lived long enough to be killed.</returns>
    private static async Task<bool> DriveAsync(AgentRun run, int killAt, NodeOSSpec first, Func<NodeOSStatus, NodeOSSpec?> controller, NodeStep last)
    {
        var done = 0;
        var died = new TaskCompletionSource();
        var reboot = new TaskCompletionSource();
        async Task Pass(string what, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref done) == killAt)
            {
                died.SetResult();
                await run.DieInAsync(cancellationToken);
            }
        }

        run.Ostree.Before = Pass;
        run.Ostree.After = Pass;
        run.Api.Interrupt = Pass;
        run.Ostree.RebootRequested = () => reboot.TrySetResult();
        run.Api.Ask(first);
        run.Start();
        var killed = false;
        var wait = run.Clock.NextWaitAsync(run.Token).AsTask();
        var write = run.Api.NextWriteAsync(run.Token).AsTask();
        while (true)
        {
            await Task.WhenAny(reboot.Task, died.Task, write, wait);
            if (reboot.Task.IsCompleted)
            {
                killed |= died.Task.IsCompleted;
                died = new TaskCompletionSource();
                reboot = new TaskCompletionSource();
                run.Ostree.RebootRequested = () => reboot.TrySetResult();
                await run.RebootAsync();
            }
            else if (died.Task.IsCompleted)
            {
                killed = true;
                died = new TaskCompletionSource();
                await run.KillAsync();
                if (!reboot.Task.IsCompleted)
                {
                    run.Start();
                }
            }
            else if (write.IsCompleted)
            {
                var status = await write;
                if (status.Step == last)
                {
                    return killed || done >= killAt;
                }

                write = run.Api.NextWriteAsync(run.Token).AsTask();
                if (controller(status) is { } next && next.Goal != run.Api.Current!.Spec.Goal)
                {
                    run.Api.Ask(next);
                }
            }
            else
            {
                var length = await wait;
                wait = run.Clock.NextWaitAsync(run.Token).AsTask();
                if (length != ActionReports.QuickStep && length != AgentRun.AtRest)
                {
                    run.Clock.Advance(length);
                }
            }
        }
    }
}
