using Ostler.Agent.Checks;
using Ostler.Agent.Tests.Support;
using Ostler.Api;

namespace Ostler.Agent.Tests.Checks;

public sealed class HostChecksTests
{
    private const string ListFailed = "systemctl list-units --state=failed --plain --no-legend --full";

    private readonly FakeCommandRunner _runner = new();

    [Fact]
    public async Task Without_checks_a_host_passes_and_says_so() => Assert.Equal(new CheckResult(true, "There are no host checks."), await RunAsync());

    [Fact]
    public async Task Checks_of_the_controller_are_not_the_agents() =>
        Assert.True((await RunAsync(new HealthCheck { Name = "web", Http = new HttpCheck { Url = "https://x" } })).Passed);

    [Fact]
    public async Task Every_unit_must_be_active_although_systemctl_is_content_with_one()
    {
        _runner.On("systemctl is-active -- kubelet.service app.service", "active\nactivating\n", exitCode: 0);

        Assert.Equal(new CheckResult(false, "units: app.service is activating"), await RunAsync(Units("kubelet.service", "app.service")));
    }

    [Fact]
    public async Task Units_that_are_all_active_pass()
    {
        _runner.On("systemctl is-active -- kubelet.service app.service", "active\nactive\n");

        Assert.Equal(new CheckResult(true, "Pass: units."), await RunAsync(Units("kubelet.service", "app.service")));
    }

    [Fact]
    public async Task An_answer_for_fewer_units_than_asked_fails()
    {
        _runner.On("systemctl is-active -- a.service b.service", "active\n", exitCode: 1, stderr: "Failed to connect to bus");

        Assert.Contains("Failed to connect to bus", (await RunAsync(Units("a.service", "b.service"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_name_of_a_unit_never_reaches_systemctl()
    {
        Assert.False((await RunAsync(Units("*"))).Passed);
        Assert.Empty(_runner.Ran);
    }

    [Fact]
    public async Task Failed_units_are_named()
    {
        _runner.On(ListFailed, "a.service loaded failed failed A\nb.mount loaded failed failed B\n");

        Assert.Equal(new CheckResult(false, "calm: a.service has failed, b.mount has failed"), await RunAsync(NoneFailed()));
    }

    [Fact]
    public async Task A_host_without_failed_units_passes()
    {
        _runner.On(ListFailed);

        Assert.True((await RunAsync(NoneFailed())).Passed);
    }

    [Fact]
    public async Task A_command_runs_without_a_shell_and_within_its_time()
    {
        _runner.On("/usr/bin/check --deep a b");

        Assert.True((await RunAsync(Exec("/usr/bin/check", "--deep", "a b"))).Passed);
        Assert.Equal(["--deep", "a b"], _runner.Commands[0].Arguments);
        Assert.Equal(TimeSpan.FromSeconds(7), _runner.Commands[0].Timeout);
    }

    [Fact]
    public async Task A_commands_words_are_told_and_trimmed()
    {
        _runner.On("/bin/check", exitCode: 2, stderr: new string('x', 9000) + "\nno route to host");

        var message = (await RunAsync(Exec("/bin/check"))).Message;

        Assert.StartsWith("exec: ended with exit code 2: …", message, StringComparison.Ordinal);
        Assert.EndsWith("no route to host", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 300);
    }

    [Fact]
    public async Task A_command_that_takes_too_long_fails()
    {
        _runner.On("/bin/check", timedOut: true, exitCode: -1);

        Assert.Equal("exec: took longer than 7s", (await RunAsync(Exec("/bin/check"))).Message);
    }

    [Fact]
    public async Task A_command_that_is_not_given_by_its_path_is_not_run()
    {
        Assert.False((await RunAsync(Exec("check"))).Passed);
        Assert.Empty(_runner.Ran);
    }

    [Fact]
    public async Task All_failing_checks_are_told_in_order()
    {
        _runner.On("/bin/check", exitCode: 1).On(ListFailed, "a.service loaded failed failed A\n");

        Assert.Equal("exec: ended with exit code 1; calm: a.service has failed", (await RunAsync(Exec("/bin/check"), NoneFailed())).Message);
    }

    private Task<CheckResult> RunAsync(params HealthCheck[] checks) => new HostChecks(_runner).RunAsync(checks, TestContext.Current.CancellationToken);

    private static HealthCheck Units(params string[] units) => new() { Name = "units", Systemd = new SystemdCheck { Active = units } };

    private static HealthCheck NoneFailed() => new() { Name = "calm", Systemd = new SystemdCheck { NoneFailed = true } };

    private static HealthCheck Exec(params string[] command) =>
        new() { Name = "exec", Exec = new ExecCheck { Command = command, Timeout = Duration.FromSeconds(7) } };
}
