using System.Text.Json;
using Ostler.Agent.Checks;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Hosts.Checks;
using Ostler.Testing.Checks;
using Ostler.Testing.Scripted;

namespace Ostler.Agent.Tests.Checks;

public sealed class HostChecksTests
{
    private const string ListFailed = "systemctl list-units --state=failed --plain --no-legend --full";

    private readonly FakeCommandRunner _runner = new();
    private readonly TestClock _clock = new(HostTrees.Noon);
    private readonly HostChecks _checks;

    public HostChecksTests() => _checks = new(_runner, _clock);

    [Fact]
    public async Task Without_checks_a_host_passes_and_says_so() => Assert.Equal(new CheckResult(ConditionStatus.True, Reasons.HostChecksPass, "There are no host checks."), await RunAsync());

    [Fact]
    public async Task Checks_of_the_controller_are_not_the_agents() =>
        Assert.Null((await RunAsync(new HealthCheck { Name = "web", Http = new HttpCheck { Url = "https://x", From = HttpCheckOrigin.Controller } })).Next);

    [Fact]
    public async Task Every_kind_of_the_agents_has_a_runner_and_no_other_is_run()
    {
        _runner.On(ListFailed).On("/bin/true");
        foreach (var kind in CheckSamples.Kinds)
        {
            var check = CheckSamples.Valid(kind);

            var result = await RunAsync(kind, false, check);

            Assert.Equal(CheckKinds.RunnerOf(check) == CheckRunner.Agent, result.Next is not null);
            Assert.DoesNotContain("does not run", result.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"name": "tls", "certificate": {"secret": "x"}}""", "tls cannot be checked: this agent does not know the kind certificate. Upgrade Ostler")]
    [InlineData("""{"name": "tls"}""", "tls cannot be checked: it sets no kind that this agent knows. Upgrade Ostler")]
    public async Task A_check_of_no_known_kind_is_an_error_and_never_left_out(string json, string words)
    {
        var result = await RunAsync(JsonSerializer.Deserialize(json, NodeOSJson.Default.HealthCheck)!);

        Assert.Equal((ConditionStatus.False, Reasons.HostCheckError), (result.Status, result.Reason));
        Assert.StartsWith(words, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_unit_must_be_active_although_systemctl_is_content_with_one()
    {
        _runner.On("systemctl is-active -- kubelet.service app.service", "active\nactivating\n", exitCode: 0);

        Assert.Equal(Said(Reasons.HostCheckFailed, "units: app.service is activating"), Told(await RunAsync(Units("kubelet.service", "app.service"))));
    }

    [Fact]
    public async Task Units_that_are_all_active_pass()
    {
        _runner.On("systemctl is-active -- kubelet.service app.service", "active\nactive\n");

        Assert.Equal((ConditionStatus.True, Reasons.HostChecksPass, "Pass: units."), Told(await RunAsync(Units("kubelet.service", "app.service"))));
    }

    [Fact]
    public async Task An_answer_for_fewer_units_than_asked_is_an_error()
    {
        _runner.On("systemctl is-active -- a.service b.service", "active\n", exitCode: 1, stderr: "Failed to connect to bus");

        Assert.Equal(
            Said(Reasons.HostCheckError, "units cannot be checked: systemctl is-active does not answer: Failed to connect to bus"),
            Told(await RunAsync(Units("a.service", "b.service"))));
    }

    [Theory]
    [InlineData("inactive", "LoadState=not-found\n", Reasons.HostCheckMissing, "units finds nothing to judge: the image has no unit a.service")]
    [InlineData("inactive", "LoadState=loaded\n", Reasons.HostCheckFailed, "units: a.service is inactive")]
    [InlineData("inactive", "", Reasons.HostCheckFailed, "units: a.service is inactive")]
    public async Task A_unit_that_the_tree_lacks_is_not_called_inactive(string state, string loadState, string reason, string message)
    {
        _runner.On("systemctl is-active -- a.service", state + "\n", exitCode: 3).On("systemctl show --property=LoadState -- a.service", loadState);

        Assert.Equal(Said(reason, message), Told(await RunAsync(Units("a.service"))));
    }

    [Fact]
    public async Task Of_a_unit_that_is_stopped_and_one_that_is_missing_both_are_told()
    {
        _runner.On("systemctl is-active -- a.service b.service", "inactive\ninactive\n", exitCode: 3)
            .On("systemctl show --property=LoadState -- a.service b.service", "LoadState=loaded\n\nLoadState=not-found\n");

        Assert.Equal(
            Said(Reasons.HostCheckFailed, "units: a.service is inactive, b.service is inactive; the image has no unit b.service"),
            Told(await RunAsync(Units("a.service", "b.service"))));
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

        Assert.Equal(Said(Reasons.HostCheckFailed, "calm: a.service has failed, b.mount has failed"), Told(await RunAsync(NoneFailed())));
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

        Assert.StartsWith("exec: exited with code 2: …", message, StringComparison.Ordinal);
        Assert.EndsWith("no route to host", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 300);
    }

    [Fact]
    public async Task A_command_that_takes_too_long_is_an_error_and_one_that_is_not_there_missing()
    {
        _runner.On("/bin/check", timedOut: true, exitCode: -1, stderr: "waiting for the network").On("/bin/none", exitCode: 127, stderr: "nsenter: failed to execute /bin/none");

        Assert.Equal(Said(Reasons.HostCheckError, "exec cannot be checked: took longer than 7s: waiting for the network"), Told(await RunAsync(Exec("/bin/check"))));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(
            Said(Reasons.HostCheckMissing, "exec finds nothing to judge: the program does not exist on the host (exit code 127): nsenter: failed to execute /bin/none"),
            Told(await RunAsync(Exec("/bin/none"))));
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

        Assert.Equal("exec: exited with code 1; calm: a.service has failed", (await RunAsync(Exec("/bin/check"), NoneFailed())).Message);
    }

    [Fact]
    public async Task One_that_says_no_goes_before_those_that_say_nothing()
    {
        _runner.On("/bin/hangs", timedOut: true).On("/bin/no", exitCode: 1).On("/bin/none", exitCode: 127);

        Assert.Equal(
            [Reasons.HostCheckFailed, Reasons.HostCheckError, Reasons.HostCheckMissing],
            [
                (await RunAsync(Exec("a", "/bin/none"), Exec("b", "/bin/hangs"), Exec("c", "/bin/no"))).Reason,
                (await RunAsync("other", false, Exec("a", "/bin/none"), Exec("b", "/bin/hangs"))).Reason,
                (await RunAsync("third", false, Exec("a", "/bin/none"))).Reason,
            ]);
    }

    [Fact]
    public async Task Each_check_is_run_at_its_own_interval()
    {
        _runner.On("/bin/often").On("/bin/rare");
        var often = Exec("often", "/bin/often") with { Interval = Duration.FromSeconds(5) };
        var rare = Exec("rare", "/bin/rare") with { Interval = Duration.FromSeconds(60) };

        Assert.Equal(TimeSpan.FromSeconds(5), (await RunAsync(often, rare)).Next);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(1), (await RunAsync(often, rare)).Next);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await RunAsync(often, rare);
        Assert.Equal(["/bin/often", "/bin/rare", "/bin/often"], _runner.Ran);

        _clock.AdjustTime(_clock.GetUtcNow().AddHours(-1));
        await RunAsync(often, rare);
        Assert.Equal(5, _runner.Ran.Count);
    }

    [Fact]
    public async Task A_check_must_pass_as_often_in_a_row_as_it_says()
    {
        var check = Exec("web", "/bin/check") with { Successes = 3 };
        List<(ConditionStatus, string)> said = [];
        foreach (var exitCode in (int[])[0, 0, 1, 0, 0, 0])
        {
            _runner.On("/bin/check", exitCode: exitCode);
            var result = await RunAsync(check);
            said.Add((result.Status, result.Message));
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(
            [
                (ConditionStatus.Unknown, "web passed 1 of 3 times in a row."),
                (ConditionStatus.Unknown, "web passed 2 of 3 times in a row."),
                (ConditionStatus.False, "web: exited with code 1"),
                (ConditionStatus.Unknown, "web passed 1 of 3 times in a row."),
                (ConditionStatus.Unknown, "web passed 2 of 3 times in a row."),
                (ConditionStatus.True, "Pass: web."),
            ],
            said);
    }

    [Fact]
    public async Task An_agent_that_was_started_again_takes_nothing_back_while_the_check_passes()
    {
        _runner.On("/bin/check");
        var check = Exec("web", "/bin/check") with { Successes = 3 };

        Assert.True((await RunAsync("boot", hadPassed: true, check)).Passed);

        // Nor does it give what the status does not say.
        Assert.Equal(ConditionStatus.Unknown, (await RunAsync("another boot", hadPassed: false, check)).Status);
        _runner.On("/bin/check", exitCode: 1);
        Assert.Equal(ConditionStatus.False, (await RunAsync("boot", hadPassed: true, check)).Status);
    }

    public static TheoryData<int, string, string> Answers => new()
    {
        { 200, Reasons.HostChecksPass, "Pass: web." },
        { 204, Reasons.HostChecksPass, "Pass: web." },
        { 404, Reasons.HostCheckFailed, "web: GET {0}health answers 404 Scripted: \"no page\"" },
        { 500, Reasons.HostCheckFailed, "web: GET {0}health answers 500 Scripted: \"no page\"" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_server_is_judged_by_its_answer(int code, string reason, string message)
    {
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(code, "text/plain", code == 204 ? [] : "no\r\n\tpage"u8.ToArray()));

        var result = await RunAsync(Http($"{server.Address}health?token=private"));

        Assert.Equal((reason, string.Format(null, message, server.Address)), (result.Reason, result.Message));
    }

    [Fact]
    public async Task A_page_is_cut_to_a_sentence()
    {
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(500, "text/html", [.. Enumerable.Repeat((byte)'x', 50_000)]));

        Assert.InRange((await RunAsync(Http(server.Address.AbsoluteUri))).Message.Length, 200, 300);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_an_error_when_its_time_is_up()
    {
        await using var server = new ScriptedServer((_, _, hangUp) => Task.Delay(Timeout.Infinite, hangUp));
        var running = RunAsync(Http(server.Address.AbsoluteUri));
        await server.NextRequestAsync(TestContext.Current.CancellationToken);

        _clock.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(Said(Reasons.HostCheckError, $"web cannot be checked: GET {server.Address}: no answer within 7s"), Told(await running));
    }

    [Fact]
    public async Task A_private_authority_is_trusted_when_the_check_brings_it()
    {
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(200, "text/plain", []));
        await using var front = new TlsFront(server);
        var url = front.Address.AbsoluteUri;

        Assert.Equal(Reasons.HostCheckError, (await RunAsync("1", false, Http(url))).Reason);
        Assert.True((await RunAsync("2", false, Http(url, new() { CaBundle = front.Authority }))).Passed);
        Assert.True((await RunAsync("3", false, Http(url, new() { InsecureSkipVerify = true }))).Passed);
    }

    [Fact]
    public async Task What_could_not_be_put_into_a_url_is_said() =>
        Assert.Equal(
            Said(Reasons.HostCheckError, "web cannot be checked: the Node had no InternalIP in its status.addresses before the boot"),
            Told(await RunAsync(Http("http://{address}:8080/"))));

    private Task<CheckResult> RunAsync(params HealthCheck[] checks) => RunAsync("boot", false, checks);

    private Task<CheckResult> RunAsync(string of, bool hadPassed, params HealthCheck[] checks) =>
        _checks.RunAsync(of, checks, hadPassed, TestContext.Current.CancellationToken);

    private static (ConditionStatus, string, string) Told(CheckResult result) => (result.Status, result.Reason, result.Message);

    private static (ConditionStatus, string, string) Said(string reason, string message) => (ConditionStatus.False, reason, message);

    private static HealthCheck Units(params string[] units) => new() { Name = "units", Systemd = new SystemdCheck { Active = units } };

    private static HealthCheck NoneFailed() => new() { Name = "calm", Systemd = new SystemdCheck { NoneFailed = true } };

    private static HealthCheck Exec(params string[] command) => command is [['/', ..] or "check", ..]
        ? new() { Name = "exec", Exec = new ExecCheck { Command = command }, Timeout = Duration.FromSeconds(7) }
        : Exec(command[1..]) with { Name = command[0] };

    private static HealthCheck Http(string url, CheckTls? tls = null) =>
        new() { Name = "web", Http = new HttpCheck { Url = url, Tls = tls }, Timeout = Duration.FromSeconds(7) };
}
