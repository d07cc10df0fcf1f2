using Ostler.Agent.Loop;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests;

/// <summary>The host is rebooted into just what was ordered, while it is ordered, or not at all.</summary>
public sealed class RebootOrderTests
{
    [Theory]
    [InlineData("1*")]
    [InlineData("3l 1*")]
    [InlineData("1* 2")]
    public async Task Without_the_ordered_tree_staged_there_is_no_reboot(string deployments)
    {
        await using var run = new AgentRun(deployments);
        run.Api.Ask(Boot(2, 1));
        run.Start();
        await run.RestAsync();

        var status = run.Api.Written[^1];
        Assert.Equal((Reasons.NotStaged, NodeStep.Idle), (status.LastError?.Reason, status.Step));
        AssertNeverRebooted(run);
        Assert.Equal(deployments, run.Ostree.List);
    }

    [Fact]
    public async Task An_order_that_was_withdrawn_before_the_unlocking_is_not_carried_out()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        WithdrawIn(run, "get");

        run.Api.Ask(Boot(2, 1));
        await run.RestAsync();

        AssertNeverRebooted(run);
        Assert.Equal("2l 1*", run.Ostree.List);
        Assert.DoesNotContain(run.Ostree.Ran, c => c.StartsWith("systemctl start", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task An_order_that_was_withdrawn_after_the_unlocking_is_not_carried_out_and_the_tree_is_locked_again(string version)
    {
        await using var run = new AgentRun("1*", version);
        await UpgradeTests.StagedAsync(run);
        WithdrawIn(run, "apply");

        run.Api.Ask(Boot(2, 1));
        await run.RestAsync();

        AssertNeverRebooted(run);
        Assert.Equal("2l 1*", run.Ostree.List);
        Assert.Equal(NodeStep.Staged, run.Api.Written[^1].Step);
    }

    [Fact]
    public async Task An_object_that_was_replaced_under_its_name_orders_nothing()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Api.Interrupt = (what, _) =>
        {
            if (what == "get")
            {
                run.Api.Interrupt = null;
                run.Api.Change(os => os! with { Metadata = os.Metadata with { Uid = "uid-2" }, Spec = Observe(), Status = null });
            }

            return Task.CompletedTask;
        };

        run.Api.Ask(Boot(2, 1));
        await run.RestAsync();

        AssertNeverRebooted(run);
        Assert.Equal("2l 1*", run.Ostree.List);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_has_confirmed_nothing()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Api.IsDown = true;

        run.Api.Ask(Boot(2, 1));
        await run.Clock.WaitedForAsync(AgentLoop.Backoff.After(1, AgentRun.Random));
        AssertNeverRebooted(run);
        Assert.Equal("2l 1*", run.Ostree.List);

        var requested = new TaskCompletionSource();
        run.Ostree.RebootRequested = requested.SetResult;
        run.Api.IsDown = false;
        run.Clock.Advance(AgentLoop.Backoff.After(1, AgentRun.Random));
        await requested.Task.WaitAsync(run.Token);
        Assert.Equal(NodeStep.Rebooting, run.Api.Written[^1].Step);
    }

    [Fact]
    public async Task A_report_that_cannot_be_written_holds_up_the_reboot_until_it_can()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Api.Interrupt = (what, _) =>
        {
            run.Api.IsDown = what != "get";
            return Task.CompletedTask;
        };

        run.Api.Ask(Boot(2, 1));
        await run.Clock.WaitedForAsync(AgentLoop.Backoff.After(1, AgentRun.Random));
        AssertNeverRebooted(run);
        Assert.Null(new PendingBootStore(run.Host.Files).Read());

        run.Api.Interrupt = null;
        run.Api.IsDown = false;
        var requested = new TaskCompletionSource();
        run.Ostree.RebootRequested = requested.SetResult;
        run.Clock.Advance(AgentLoop.Backoff.After(1, AgentRun.Random));
        await requested.Task.WaitAsync(run.Token);
        Assert.Equal(Commit(2), new PendingBootStore(run.Host.Files).Read()?.Target);
    }

    [Fact]
    public async Task A_tree_that_will_not_be_unlocked_is_not_rebooted_into()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Ostree.After = (line, _) =>
        {
            // Somebody locks it again at once.
            if (line.StartsWith("systemctl start", StringComparison.Ordinal))
            {
                run.Ostree.Before = (next, _) =>
                {
                    if (next.Contains(" status", StringComparison.Ordinal))
                    {
                        run.Host.Put("/run/ostree/staged-deployment-locked", "");
                    }

                    return Task.CompletedTask;
                };
            }

            return Task.CompletedTask;
        };

        run.Api.Ask(Boot(2, 1));
        await run.Clock.WaitedForAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(Reasons.NotStaged, run.Api.Written[^1].LastError?.Reason);
        AssertNeverRebooted(run);
    }

    [Theory]
    [InlineData(143, true)]
    [InlineData(137, true)]
    [InlineData(1, false)]
    [InlineData(4, false)]
    public async Task A_command_that_the_shutdown_ends_was_heard(int exitCode, bool heard)
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Ostree.RebootExitCode = exitCode;
        run.Api.Ask(Boot(2, 1));
        await run.Clock.WaitedForAsync(heard ? AgentDecision.RebootGrace : HostRetry.After(1));
        Assert.Equal(heard, run.Api.Written[^1].LastError is null);
    }

    [Fact]
    public async Task A_reboot_that_does_not_come_is_ordered_again_but_not_while_the_host_goes_down()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Api.Ask(Boot(2, 1));
        await run.Clock.WaitedForAsync(AgentDecision.RebootGrace);
        Assert.Equal(1, Orders(run));

        run.Ostree.SystemState = "stopping";
        run.Clock.Advance(AgentDecision.RebootGrace);
        await run.Clock.WaitedForAsync(AgentDecision.RebootGrace);
        Assert.Equal(1, Orders(run));

        run.Ostree.SystemState = "running";
        run.Clock.Advance(AgentDecision.RebootGrace);
        await run.Clock.WaitedForAsync(AgentDecision.RebootGrace);
        Assert.Equal(2, Orders(run));
    }

    [Fact]
    public async Task A_rollback_never_goes_round_in_circles()
    {
        await using var run = new AgentRun("2* 1", "2026.4");
        await UpgradeTests.RebootAsync(run, Rollback(1, 2, bootID: "boot-0"));
        await run.RestAsync();
        await run.KillAsync();

        // The bootloader brings up the failed tree all the same.
        var stubborn = new AgentRun("1 2*", "2026.4");
        await using var _ = stubborn;
        stubborn.Host.Put(PendingBootStore.Path, run.Host.Files.Read(PendingBootStore.Path)!);
        stubborn.Host.Put("/proc/sys/kernel/random/boot_id", "boot-9");
        stubborn.Api.Ask(Rollback(1, 2, bootID: "boot-0"));
        stubborn.Start();
        await stubborn.RestAsync();

        Assert.Equal((NodeStep.Failed, Reasons.RollbackImpossible), (stubborn.Api.Written[^1].Step, stubborn.Api.Written[^1].LastError?.Reason));
        AssertNeverRebooted(stubborn);
    }

    private static void WithdrawIn(AgentRun run, string call) => run.Api.Interrupt = (what, _) =>
    {
        if (what == call)
        {
            run.Api.Interrupt = null;
            run.Api.Ask(Stage(2, attempt: 1));
        }

        return Task.CompletedTask;
    };

    private static int Orders(AgentRun run) => run.Ostree.Ran.Count(c => c == "systemctl reboot");

    private static void AssertNeverRebooted(AgentRun run) => Assert.Equal(0, Orders(run));
}
