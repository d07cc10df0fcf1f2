using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Controller.Startup;
using Ostler.Controller.Telemetry;
using Ostler.Rollout.Text;
using Ostler.Testing.Waiting;

namespace Ostler.Controller.Tests.Startup;

/// <summary>A process that has just started and may not trust the time.</summary>
public class ClockTrustTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestClock _machine = new(Now);
    private readonly Readiness _readiness = new();
    private readonly ServerClock _clock;
    private int _asked;

    public ClockTrustTests() => _clock = new(_machine);

    [Fact]
    public void A_time_that_the_machine_confirms_is_trusted_at_once()
    {
        var waiting = WaitAsync(() => _clock.Observe(_machine.GetUtcNow()));

        Assert.True(waiting.IsCompletedSuccessfully);
        Assert.Equal((1, "starting"), (_asked, _readiness.State));
    }

    [Fact]
    public async Task While_the_clocks_disagree_it_asks_again_and_goes_on_when_they_agree()
    {
        var error = TimeSpan.FromHours(1);
        var waiting = WaitAsync(() => _clock.Observe(_machine.GetUtcNow() + error));
        await _machine.PassAsync(ClockTrust.Pause);
        await _machine.WaitedForAsync(ClockTrust.Pause);
        Assert.Equal((2, true, "in doubt about the time"), (_asked, _readiness.IsReady, _readiness.State));

        error = TimeSpan.Zero;
        _machine.Advance(ClockTrust.Pause);
        await waiting;
        Assert.Equal(3, _asked);
    }

    [Fact]
    public async Task Clocks_that_keep_disagreeing_do_not_stop_it_for_ever()
    {
        var waiting = WaitAsync(() => _clock.Observe(_machine.GetUtcNow() - TimeSpan.FromHours(1)));
        var pauses = (int)(ClusterTime.Confirmation / ClockTrust.Pause);
        for (var i = 0; i < pauses; i++)
        {
            await _machine.PassAsync(ClockTrust.Pause);
        }

        await waiting;
        Assert.Equal(pauses + 1, _asked);
    }

    [Fact]
    public async Task An_API_server_that_does_not_answer_is_asked_again()
    {
        var reachable = false;
        var waiting = WaitAsync(() =>
        {
            if (!reachable)
            {
                throw new HttpRequestException("Connection refused");
            }

            _clock.Observe(_machine.GetUtcNow());
        });
        await _machine.WaitedForAsync(ClockTrust.Pause);

        reachable = true;
        _machine.Advance(ClockTrust.Pause);
        await waiting;
        Assert.Equal(2, _asked);
    }

    private Task WaitAsync(Action answer) => new ClockTrust(
        _ =>
        {
            _asked++;
            answer();
            return Task.CompletedTask;
        },
        _clock, _readiness, _machine, NullLogger<ClockTrust>.Instance).WaitAsync(TestContext.Current.CancellationToken);
}
