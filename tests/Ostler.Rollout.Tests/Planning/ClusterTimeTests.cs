using Ostler.Api.Meta;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>A clock that is set somewhere ends no deadline and no soak.</summary>
public class ClusterTimeTests
{
    public static TheoryData<int> Jumps => [1, -1, 3, -3, 60, -60, 3600, -3600, 172_800, -172_800];

    [Theory]
    [MemberData(nameof(Jumps))]
    public void A_jump_that_is_corrected_soon_moves_the_clock_by_no_more_than_what_a_date_may_be_off(int seconds)
    {
        var time = Run(TimeSpan.Zero, 600, i => i is > 120 and < 420 ? seconds : 0);

        Assert.All(time, t => Assert.True(t.Error.Duration() < TimeSpan.FromSeconds(2.5), $"off by {t.Error} after {t.At}"));
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public void A_clock_that_stays_set_is_approached_by_no_more_than_a_tenth_of_the_time_that_passes(int seconds)
    {
        var time = Run(TimeSpan.Zero, 7200, i => i > 120 ? seconds : 0);

        foreach (var (one, other) in time.Zip(time.Skip(1)))
        {
            var (passed, seen) = (other.At - one.At, other.Now - one.Now);
            Assert.True(seen >= passed * 0.89 && seen <= passed * 1.11, $"{seen} in {passed}");
        }

        Assert.True((time[^1].Error - TimeSpan.FromSeconds(seconds)).Duration() <= TimeSpan.FromSeconds(
            Math.Max(2.5, Math.Abs(seconds) - 600)), $"{time[^1].Error}");
    }

    [Fact]
    public void Two_processes_with_whatever_monotonic_clock_have_the_same_time()
    {
        var (one, other) = (Run(TimeSpan.Zero, 60, _ => 0)[^1], Run(TimeSpan.FromDays(400), 60, _ => 0)[^1]);

        Assert.True((one.Now - other.Now).Duration() < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Answers_that_overtake_each_other_do_not_set_it_back()
    {
        var time = ClusterTime.Begin(Given.Now, TimeSpan.FromSeconds(10));

        Assert.Same(time, time.Observe(Given.Now, TimeSpan.FromSeconds(9)));
        Assert.Equal(time.At(TimeSpan.FromSeconds(10)), time.At(TimeSpan.FromSeconds(1)));
    }

    // An answer every two seconds, dates in whole seconds.
    private static List<(TimeSpan At, DateTimeOffset Now, TimeSpan Error)> Run(TimeSpan boot, int answers, Func<int, int> offBy)
    {
        ClusterTime? time = null;
        var all = new List<(TimeSpan, DateTimeOffset, TimeSpan)>();
        for (var i = 0; i < answers; i++)
        {
            var passed = TimeSpan.FromSeconds(2 * i) + TimeSpan.FromMilliseconds(i * 317 % 900);
            var date = (Given.Now + passed + TimeSpan.FromSeconds(offBy(i))).TruncateToSeconds();
            time = time?.Observe(date, boot + passed) ?? ClusterTime.Begin(date, boot + passed);
            var now = time.At(boot + passed);
            all.Add((passed, now, now - (Given.Now + passed)));
        }

        return all;
    }
}
