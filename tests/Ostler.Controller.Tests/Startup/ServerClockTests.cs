using Microsoft.Extensions.Time.Testing;
using Ostler.Controller.Startup;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Tests.Startup;

public class ServerClockTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void It_shows_the_time_of_the_API_server_and_no_jump_of_the_wall_clock()
    {
        var machine = new Machine { Wall = Now };
        var clock = new ServerClock(machine);
        Assert.Equal(machine.GetUtcNow(), clock.GetUtcNow());

        clock.Observe(Now);
        machine.Monotonic.Advance(TimeSpan.FromSeconds(10));
        machine.Wall += TimeSpan.FromDays(2);
        Assert.Equal(Now + TimeSpan.FromSeconds(10.5), clock.GetUtcNow());

        clock.Observe(Now + TimeSpan.FromHours(1));
        Assert.Equal(Now + TimeSpan.FromSeconds(10.5), clock.GetUtcNow());
    }

    [Fact]
    public void An_answer_without_a_date_is_one()
    {
        var clock = new ServerClock(new Machine());
        clock.Observe(null);

        Assert.NotNull(clock.Sight);
    }

    [Fact]
    public void A_silence_of_more_than_a_minute_is_a_break_and_a_shorter_one_is_none()
    {
        var machine = new Machine();
        var clock = new ServerClock(machine);
        Assert.Null(clock.Sight);

        clock.Observe(Now);
        var began = clock.Sight;
        Assert.Equal(new ControllerSight(Now + TimeSpan.FromSeconds(0.5), null), began);
        machine.Monotonic.Advance(TimeSpan.FromSeconds(59));
        clock.Observe(Now + TimeSpan.FromSeconds(59));
        Assert.Equal(began, clock.Sight);

        machine.Monotonic.Advance(TimeSpan.FromMinutes(20));
        clock.Observe(Now + TimeSpan.FromSeconds(1259));
        Assert.Equal(Now + TimeSpan.FromSeconds(59.5), clock.Sight!.LostAt);
        Assert.Equal(Now + TimeSpan.FromSeconds(1259.5), clock.Sight.Since);
    }

    [Fact]
    public void A_first_date_that_the_machine_contradicts_is_in_doubt_until_they_agree()
    {
        var machine = new Machine { Wall = Now };
        var clock = new ServerClock(machine);
        clock.Observe(Now + TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromHours(1), clock.Doubt);

        machine.Pass(TimeSpan.FromMinutes(5));
        clock.Observe(machine.Wall);

        // At once, and not slowly: nothing was decided by the other time.
        Assert.Null(clock.Doubt);
        Assert.Equal(machine.Wall + TimeSpan.FromSeconds(0.5), clock.GetUtcNow());
        Assert.Equal(new ControllerSight(clock.GetUtcNow(), null) { ClockWasInDoubt = true }, clock.Sight);
    }

    [Fact]
    public void A_date_that_keeps_saying_so_counts_and_one_that_changes_does_not()
    {
        var machine = new Machine { Wall = Now };
        var clock = new ServerClock(machine);
        clock.Observe(machine.Wall - TimeSpan.FromHours(1));
        machine.Pass(TimeSpan.FromMinutes(9));
        clock.Observe(machine.Wall + TimeSpan.FromDays(2));
        machine.Pass(TimeSpan.FromMinutes(9));
        clock.Observe(machine.Wall + TimeSpan.FromDays(2));
        Assert.Equal(TimeSpan.FromDays(2), clock.Doubt);

        machine.Pass(TimeSpan.FromMinutes(2));
        clock.Observe(machine.Wall + TimeSpan.FromDays(2));
        Assert.Null(clock.Doubt);
        Assert.Equal(machine.Wall + TimeSpan.FromDays(2) + TimeSpan.FromSeconds(0.5), clock.GetUtcNow());
    }

    [Theory]
    [InlineData(59)]
    [InlineData(-59)]
    public void Clocks_that_differ_by_less_than_a_minute_agree(int seconds)
    {
        var clock = new ServerClock(new Machine { Wall = Now });
        clock.Observe(Now + TimeSpan.FromSeconds(seconds));

        Assert.Null(clock.Doubt);
    }

    // A wall clock that is set does not set the monotonic one.
    private sealed class Machine : TimeProvider
    {
        public FakeTimeProvider Monotonic { get; } = new();

        public DateTimeOffset Wall { get; set; } = Now.AddHours(-7);

        public void Pass(TimeSpan time)
        {
            Monotonic.Advance(time);
            Wall += time;
        }

        public override long TimestampFrequency => Monotonic.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Monotonic.GetTimestamp();
    }
}
