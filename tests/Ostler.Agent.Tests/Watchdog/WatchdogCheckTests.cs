using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Watchdog;

/// <summary>What the host's timer runs, on a host on which nothing else does.</summary>
public sealed class WatchdogCheckTests : IDisposable
{
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(11);

    private readonly TempHost _host = new();
    private readonly TestClock _clock = new(HostTrees.Noon);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private WatchdogStore Store => new(_host.Files);

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task A_tree_that_nobody_calls_healthy_goes_back_once(string version)
    {
        var ostree = Trial(version);
        Assert.Equal(0, await CheckAsync(ostree, TimeSpan.FromMinutes(9)));
        Assert.Empty(Reboots(ostree));

        Assert.Equal(0, await CheckAsync(ostree, Late));

        Assert.Single(Reboots(ostree));
        Assert.Equal((WatchdogState.Fired, SecondBoot), (Store.Read()?.State, Store.Read()?.FiredIn));
        ostree.Reboot("boot-3");
        Assert.Equal("1*", ostree.List.Split(' ')[0]);
        Assert.Equal(0, await CheckAsync(ostree, Late));
        Assert.Single(Reboots(ostree));
    }

    [Fact]
    public async Task A_boot_loader_that_does_not_obey_is_not_asked_again()
    {
        var ostree = Trial();
        await CheckAsync(ostree, Late);

        // Somebody, or something, boots the tree on trial once more.
        await ostree.RunAsync(new HostCommand("ostree", "admin", "deploy", Commit(2)), Token);
        ostree.Reboot("boot-3");
        await CheckAsync(ostree, TimeSpan.FromHours(5));

        Assert.Equal("2*", ostree.List.Split(' ')[0]);
        Assert.Single(Reboots(ostree));
    }

    [Fact]
    public async Task Before_the_reboot_that_it_is_armed_for_it_does_nothing()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2s 1*");
        Store.Write(Armed());

        Assert.Equal(0, await CheckAsync(ostree, TimeSpan.FromDays(3)));

        Assert.Empty(ostree.Ran);
        Assert.Equal(Armed(), Store.Read());
    }

    [Fact]
    public async Task A_host_that_does_not_go_down_is_rebooted_by_force()
    {
        var ostree = Trial();
        await CheckAsync(ostree, Late);
        await CheckAsync(ostree, Late + TimeSpan.FromMinutes(1));
        Assert.Single(Reboots(ostree));

        await CheckAsync(ostree, Late + WatchdogDecision.RebootGrace);

        Assert.Equal(["systemctl reboot", "systemctl reboot --force"], Reboots(ostree));
    }

    [Fact]
    public async Task What_does_not_work_is_tried_again_and_the_host_is_not_rebooted_before()
    {
        var ostree = Trial();
        ostree.Fail("set-default", "error: No space left on device");

        Assert.Equal(1, await CheckAsync(ostree, Late));

        Assert.Empty(Reboots(ostree));
        Assert.Contains("No space left", Store.Read()?.Error, StringComparison.Ordinal);
        Assert.False(Store.Read()!.IsGoingBackIn(SecondBoot));
        ostree.Heal("set-default");
        Assert.Equal(0, await CheckAsync(ostree, Late));
        Assert.Single(Reboots(ostree));
    }

    [Fact]
    public async Task While_somebody_changes_the_record_nothing_is_decided()
    {
        var ostree = Trial();
        using (Store.TryLock())
        {
            Assert.Equal(0, await CheckAsync(ostree, Late));
            Assert.Empty(ostree.Ran);
        }

        await CheckAsync(ostree, Late);
        Assert.Single(Reboots(ostree));
    }

    [Fact]
    public async Task Without_a_record_it_asks_nobody_anything()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2* 1");

        Assert.Equal(0, await CheckAsync(ostree, Late));

        Assert.Empty(ostree.Ran);
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task Ended_at_any_command_it_goes_back_all_the_same_and_orders_one_boot_of_the_former_tree(string version)
    {
        for (var dieAt = 1; ; dieAt++)
        {
            using var test = new WatchdogCheckTests();
            var ostree = test.Trial(version);
            var calls = 0;
            using var death = new CancellationTokenSource();
            Task Die(string command, CancellationToken cancellationToken)
            {
                if (++calls == dieAt)
                {
                    death.Cancel();
                    cancellationToken.ThrowIfCancellationRequested();
                }

                return Task.CompletedTask;
            }

            ostree.Before = Die;
            ostree.After = Die;
            var died = false;
            try
            {
                await test.CheckAsync(ostree, Late, death.Token);
            }
            catch (OperationCanceledException)
            {
                died = true;
            }

            ostree.Before = null;
            ostree.After = null;

            // The next look of the timer; the last one is late enough for a reboot that was never ordered.
            await test.CheckAsync(ostree, Late + TimeSpan.FromMinutes(1));
            await test.CheckAsync(ostree, Late + TimeSpan.FromMinutes(1) + WatchdogDecision.RebootGrace);
            ostree.Reboot("boot-3");
            Assert.Equal("1*", ostree.List.Split(' ')[0]);
            Assert.NotEmpty(Reboots(ostree));
            var ordered = Reboots(ostree).Length;
            await test.CheckAsync(ostree, Late);
            Assert.Equal(ordered, Reboots(ostree).Length);
            if (!died)
            {
                Assert.InRange(dieAt, 8, 60);
                return;
            }
        }
    }

    [Fact]
    public async Task A_clock_of_the_kernel_that_cannot_be_read_leads_to_nothing()
    {
        var ostree = Trial();

        Assert.Equal(1, await new WatchdogCheck(ostree, _host.Files, Store, new AgentLog(TextWriter.Null, _clock), _clock).RunAsync(null, Token));
        Assert.Empty(ostree.Ran);

        _host.Put("/proc/uptime", "659.99 1000.00\n");
        Assert.Equal(0, await new WatchdogCheck(ostree, _host.Files, Store, new AgentLog(TextWriter.Null, _clock), _clock).RunAsync(null, Token));
        Assert.Single(Reboots(ostree));
    }

    private static string[] Reboots(SimulatedOstree ostree) => [.. ostree.Ran.Where(c => c.StartsWith("systemctl reboot", StringComparison.Ordinal))];

    /// <summary>The second boot, in which the tree on trial runs.</summary>
    private SimulatedOstree Trial(string version = "2026.4")
    {
        var ostree = new SimulatedOstree(_host, version, "2* 1");
        _host.Put("/proc/sys/kernel/random/boot_id", SecondBoot + "\n");
        Store.Write(Armed());
        return ostree;
    }

    private Task<int> CheckAsync(SimulatedOstree ostree, TimeSpan uptime, CancellationToken? ct = null) =>
        new WatchdogCheck(ostree, _host.Files, Store, new AgentLog(TextWriter.Null, _clock), _clock).RunAsync(uptime, ct ?? Token);
}
