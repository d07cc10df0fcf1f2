using Ostler.Agent.Checks;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Checks;

namespace Ostler.Agent.Tests.Checks;

/// <summary>How long checks take, together and one after the other.</summary>
public sealed class HostChecksTimeTests
{
    private const string ListFailed = "systemctl list-units --state=failed --plain --no-legend --full";

    private readonly FakeCommandRunner _runner = new();
    private readonly TestClock _clock = new(HostTrees.Noon);

    [Fact]
    public async Task All_that_a_check_asks_of_systemd_has_one_timeout_together()
    {
        _runner.On("systemctl is-active -- a.service b.service", "active\nactive\n").On(ListFailed);
        var check = new HealthCheck
        {
            Name = "units",
            Systemd = new SystemdCheck { Active = ["a.service", "b.service"], NoneFailed = true },
            Timeout = Duration.FromSeconds(10),
        };

        Assert.True((await new HostChecks(new SlowRunner(_runner, _clock, TimeSpan.FromSeconds(6)), _clock).RunAsync("boot", [check], false, TestContext.Current.CancellationToken)).Passed);

        Assert.Equal([TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(4)], _runner.Commands.Select(c => c.Timeout));
    }

    [Fact]
    public async Task A_command_that_begins_when_the_time_is_over_has_hardly_any()
    {
        _runner.On("systemctl is-active -- a.service", "inactive\n", exitCode: 3).On("systemctl show --property=LoadState -- a.service", timedOut: true);
        var check = new HealthCheck { Name = "units", Systemd = new SystemdCheck { Active = ["a.service"] }, Timeout = Duration.FromSeconds(5) };

        var result = await new HostChecks(new SlowRunner(_runner, _clock, TimeSpan.FromSeconds(6)), _clock).RunAsync("boot", [check], false, TestContext.Current.CancellationToken);

        Assert.Equal((Reasons.HostCheckFailed, "units: a.service is inactive"), (result.Reason, result.Message));
        Assert.InRange(_runner.Commands[1].Timeout, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Checks_run_one_after_the_other_in_the_order_of_the_policy()
    {
        var open = 0;
        var most = 0;
        var runner = new GatedRunner(_runner, () => most = Math.Max(most, ++open), () => open--);
        _runner.On("/bin/one").On("/bin/two").On(ListFailed);

        var result = await new HostChecks(runner, _clock).RunAsync(
            "boot", [Exec("two", "/bin/two"), new() { Name = "calm", Systemd = new SystemdCheck { NoneFailed = true } }, Exec("one", "/bin/one")], false, TestContext.Current.CancellationToken);

        Assert.Equal("Pass: two, calm, one.", result.Message);
        Assert.Equal(["/bin/two", ListFailed, "/bin/one"], _runner.Ran);
        Assert.Equal(1, most);
    }

    private static HealthCheck Exec(string name, string command) => new() { Name = name, Exec = new ExecCheck { Command = [command] } };

    /// <summary>Every command takes its time.</summary>
    private sealed class SlowRunner(ICommandRunner inner, TestClock clock, TimeSpan each) : ICommandRunner
    {
        public async Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
        {
            var result = await inner.RunAsync(command, cancellationToken);
            clock.Advance(each);
            return result;
        }
    }

    /// <summary>Tells when a command begins and when it ends; it gives way in between, so that another one could begin.</summary>
    private sealed class GatedRunner(ICommandRunner inner, Action begins, Action ends) : ICommandRunner
    {
        public async Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
        {
            begins();
            await Task.Yield();
            var result = await inner.RunAsync(command, cancellationToken);
            ends();
            return result;
        }
    }
}
