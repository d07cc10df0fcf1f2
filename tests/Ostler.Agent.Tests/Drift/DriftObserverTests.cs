using Ostler.Agent.Drift;
using Ostler.Agent.Logging;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Drift;

public sealed class DriftObserverTests
{
    private const string Diff = "ostree admin config-diff";

    private readonly ScriptedRunner _runner = new ScriptedRunner().On(Diff, "M    hostname\n").On("ostree --repo=/ostree/repo remote show-url", "https://other.example/repo\n");
    private readonly TestClock _clock = new(HostTrees.Noon);
    private readonly DriftObserver _observer;

    public DriftObserverTests() => _observer = new DriftObserver(_runner, new AgentLog(TextWriter.Null, _clock), _clock, () => 0.5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_report_of_a_boot_does_not_wait_for_it_and_the_next_pass_at_rest_looks()
    {
        Assert.Null((await LookAsync(Observe(2))).EtcChanges);
        Assert.Empty(_runner.Ran);

        var seen = await LookAsync(Observe(2));

        Assert.Equal((1, "https://other.example/repo"), (seen.EtcChanges, seen.RemoteUrl));
        Assert.Equal(["M hostname"], seen.EtcFiles);
    }

    [Fact]
    public async Task It_looks_once_an_hour_and_in_each_boot_anew()
    {
        await LookAsync(Observe(2));
        for (var minute = 0; minute < 240; minute += 5)
        {
            await LookAsync(Observe(2));
            _clock.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(4, _runner.Ran.Count(c => c == Diff));

        await LookAsync(Observe(2), SecondBoot);
        await LookAsync(Observe(2), SecondBoot);
        Assert.Equal(5, _runner.Ran.Count(c => c == Diff));
    }

    [Fact]
    public async Task An_upgrade_does_not_wait_for_it()
    {
        await LookAsync(Observe(2));
        await LookAsync(Observe(2));
        _clock.Advance(TimeSpan.FromHours(9));

        foreach (var spec in new[] { Stage(2), Boot(2, 1), Rollback(1, 2) })
        {
            Assert.Equal(1, (await LookAsync(spec)).EtcChanges);
        }

        Assert.Equal(1, _runner.Ran.Count(c => c == Diff));
    }

    [Fact]
    public async Task What_was_reported_holds_until_the_first_look()
    {
        var seen = await LookAsync(Observe(2), status: new() { Drift = new() { Reason = Reasons.EtcChanged, EtcChanges = 7, EtcFiles = ["M hostname"] } });

        Assert.Equal(7, seen.EtcChanges);
    }

    [Fact]
    public async Task A_tool_that_does_not_answer_leaves_it_open()
    {
        _runner.Fail(Diff, "error: opendir(etc): Input/output error");
        await LookAsync(Observe());

        Assert.Null((await LookAsync(Observe())).EtcChanges);
    }

    private Task<HostDrift> LookAsync(NodeOSSpec spec, string boot = FirstBoot, NodeOSStatus? status = null) =>
        _observer.ReadAsync(new NodeOS { Spec = spec, Status = status }, new HostBoot(boot, null), Token);
}
