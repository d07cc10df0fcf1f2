using Microsoft.Extensions.Time.Testing;
using Ostler.Testing.Waiting;

namespace Ostler.Testing.Tests.Waiting;

public sealed class ProgressTimerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_wait_with_progress_outlasts_its_patience_many_times()
    {
        using var timer = new ProgressTimer(_time, TimeSpan.FromSeconds(30));

        for (var step = 0; step < 100; step++)
        {
            timer.Observe($"{step} of 100 nodes");
            Pass(29);
        }

        Assert.False(timer.Expired.IsCancellationRequested);
    }

    [Fact]
    public void A_wait_without_progress_expires_after_its_patience()
    {
        using var timer = new ProgressTimer(_time, TimeSpan.FromSeconds(30));
        timer.Observe("2 of 5 nodes");

        Pass(29);
        Assert.False(timer.Expired.IsCancellationRequested);
        Pass(1);

        Assert.True(timer.Expired.IsCancellationRequested);
        Assert.Equal("2 of 5 nodes", timer.LastState);
    }

    [Fact]
    public void A_fleet_that_repeats_itself_makes_no_progress()
    {
        using var timer = new ProgressTimer(_time, TimeSpan.FromSeconds(30));

        for (var second = 0; second < 40; second++)
        {
            timer.Observe(second % 2 == 0 ? "node-1 Rebooting" : "node-1 RollingBack");
            Pass(1);
        }

        Assert.True(timer.Expired.IsCancellationRequested);
    }

    [Fact]
    public void Log_lines_that_differ_only_in_numbers_are_one_state()
    {
        using var timer = new ProgressTimer(_time, TimeSpan.FromSeconds(30));

        Assert.True(timer.ObserveLine("E1129 09:04:21 connection refused, attempt 1"));
        Assert.False(timer.ObserveLine("E1129 09:04:22 connection refused, attempt 2"));
        Assert.True(timer.ObserveLine("I1129 09:04:23 serving"));
    }

    [Fact]
    public void Time_in_which_the_process_did_not_run_does_not_count()
    {
        using var timer = new ProgressTimer(_time, TimeSpan.FromSeconds(30));

        // One jump: the laptop slept for an hour, and every timer is late.
        _time.Advance(TimeSpan.FromHours(1));

        Assert.False(timer.Expired.IsCancellationRequested);
        Assert.InRange(timer.Quiet, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    private void Pass(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
