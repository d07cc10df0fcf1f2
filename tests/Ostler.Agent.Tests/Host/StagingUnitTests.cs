using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;

namespace Ostler.Agent.Tests.Host;

public sealed class StagingUnitTests : IDisposable
{
    private const string Show = "systemctl show --property=ActiveState,Result,ExecMainStatus,Description,InvocationID ostler-stage.service";
    private const string Gone = "ActiveState=inactive\nResult=success\n";
    private static readonly HostCommand Pull = new("ostree", "pull", "acme", "edge") { Timeout = TimeSpan.FromHours(1) };

    private readonly TempHost _host = new();
    private readonly TestClock _clock = new(HostTrees.Noon);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_command_is_started_with_limits_and_waited_for()
    {
        var runner = new ScriptedRunner().On("systemctl show", Gone, Running("ostree pull acme edge"), Gone).On("systemd-run");

        var run = Unit(runner).RunAsync(Pull, Token);
        await _clock.WaitedForAsync(StagingUnit.Poll);
        _clock.Advance(StagingUnit.Poll);

        Assert.True((await run).Succeeded);
        Assert.Equal(
            [
                Show,
                "systemd-run --quiet --unit=ostler-stage.service --description=ostree pull acme edge --property=Nice=10 --property=CPUWeight=20 --property=IOWeight=20"
                    + " --property=IOSchedulingClass=best-effort --property=IOSchedulingPriority=7 --property=RuntimeMaxSec=3600"
                    + " --setenv=LC_ALL=C --setenv=RPMOSTREE_CLIENT_ID=ostler-agent -- ostree pull acme edge",
                Show,
                Show,
            ],
            runner.Ran);
    }

    [Fact]
    public async Task What_an_earlier_agent_began_is_joined()
    {
        var runner = new ScriptedRunner().On("systemctl show", Running("ostree pull acme edge"), Gone);

        var run = Unit(runner).RunAsync(Pull, Token);
        await _clock.WaitedForAsync(StagingUnit.Poll);
        _clock.Advance(StagingUnit.Poll);

        Assert.True((await run).Succeeded);
        Assert.Equal([Show, Show], runner.Ran);
    }

    [Fact]
    public async Task What_is_about_something_else_is_stopped_first()
    {
        _host.Put(StagingUnit.Fragment, "");
        var runner = new ScriptedRunner().On("systemctl show", Running("ostree pull acme other"), Gone).On("systemctl stop ostler-stage.service").On("systemd-run");

        Assert.True((await Unit(runner).RunAsync(Pull, Token)).Succeeded);

        Assert.Equal(["systemctl show", "systemctl stop", "systemctl show", "systemctl show", "systemd-run --quiet", "systemctl show"], Verbs(runner));
    }

    [Theory]
    [InlineData("exit-code", 1, false)]
    [InlineData("timeout", 15, true)]
    public async Task A_failure_is_told_in_the_commands_own_words_and_its_name_is_free_again(string result, int status, bool timedOut)
    {
        var runner = new ScriptedRunner()
            .On("systemctl show", Gone, $"ActiveState=failed\nResult={result}\nExecMainStatus={status}\nInvocationID=abc\n")
            .On("systemd-run").On("journalctl --sync").On("journalctl --output=cat --no-pager --quiet --lines=50 _SYSTEMD_INVOCATION_ID=abc", "error: no\n").On("systemctl reset-failed");

        var ended = await Unit(runner).RunAsync(Pull, Token);

        Assert.Equal((status, "error: no\n", timedOut), (ended.ExitCode, ended.Stderr, ended.TimedOut));
        Assert.False(ended.Succeeded);
        Assert.Equal("systemctl reset-failed ostler-stage.service", runner.Ran[^1]);
    }

    [Fact]
    public async Task The_end_of_the_agent_is_not_the_end_of_the_unit()
    {
        using var life = new CancellationTokenSource();
        var runner = new ScriptedRunner().On("systemctl show", Gone, Running("ostree pull acme edge")).On("systemd-run");

        var run = Unit(runner).RunAsync(Pull, life.Token);
        await _clock.WaitedForAsync(StagingUnit.Poll);
        await life.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.DoesNotContain(runner.Ran, c => c.StartsWith("systemctl stop", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stopping_what_is_not_there_asks_nobody()
    {
        var runner = new ScriptedRunner();

        await Unit(runner).StopAsync(Token);

        Assert.Empty(runner.Ran);
    }

    private StagingUnit Unit(ICommandRunner runner) => new(runner, _host.Files, _clock);

    private static string Running(string description) => $"ActiveState=active\nResult=success\nExecMainStatus=0\nDescription={description}\nInvocationID=abc\n";

    private static IEnumerable<string> Verbs(ScriptedRunner runner) => runner.Ran.Select(line => string.Join(' ', line.Split(' ').Take(2)));
}
