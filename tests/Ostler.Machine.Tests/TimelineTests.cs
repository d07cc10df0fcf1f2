using Microsoft.Extensions.Time.Testing;

namespace Ostler.Machine.Tests;

public class TimelineTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Each_step_lasts_until_the_next_one_and_the_last_until_the_scenario_ends()
    {
        var timeline = new Timeline(_time);
        timeline.Enter("before any scenario");
        timeline.Begin("(a)");
        Pass(1);
        timeline.Enter("Staging");
        Pass(30);
        timeline.Enter("Staged");
        Pass(2);
        timeline.Begin("(b)");
        timeline.Enter("Staging");
        Pass(10);
        timeline.End();
        Pass(100);
        timeline.Enter("after all scenarios");
        Assert.Equal(
            """
               33 s  (a)
                       30 s  Staging
                        2 s  Staged
               10 s  (b)
                       10 s  Staging

            """,
            timeline.Table());
    }

    [Fact]
    public void A_step_that_is_seen_again_goes_on()
    {
        var timeline = new Timeline(_time);
        timeline.Begin("(a)");
        Assert.True(timeline.Enter("Staging"));
        Pass(5);
        Assert.False(timeline.Enter("Staging"));
        Pass(5);
        timeline.End();
        Assert.Equal("   10 s  (a)\n           10 s  Staging\n", timeline.Table());
    }

    [Fact]
    public void One_that_is_come_back_to_is_another_line()
    {
        var timeline = new Timeline(_time);
        timeline.Begin("(a)");
        timeline.Enter("Rebooting");
        Pass(1);
        timeline.Enter("Rebooting (NotReady)");
        Pass(2);
        timeline.Enter("Rebooting");
        Pass(3);
        Assert.Equal("    6 s  (a)\n            1 s  Rebooting\n            2 s  Rebooting (NotReady)\n            3 s  Rebooting\n", timeline.Table());
    }

    [Fact]
    public void Lines_have_the_seconds_since_the_beginning()
    {
        var timeline = new Timeline(_time);
        Pass(12.34);
        Assert.Equal("  12.3s  up", timeline.Line("up"));
    }

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));
}
