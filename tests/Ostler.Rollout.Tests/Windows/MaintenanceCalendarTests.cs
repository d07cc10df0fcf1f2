using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Windows;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Windows;

public class MaintenanceCalendarTests
{
    public static TheoryData<string, string, double, string, string, string?, string?> Windows => new()
    {
        // what, schedule, hours, zone, now, open until, else opens at
        { "a minute before", "0 1 * * 6", 4, "UTC", "2026-11-07T00:59:59", null, "2026-11-07T01:00:00" },
        { "at its first moment", "0 1 * * 6", 4, "UTC", "2026-11-07T01:00:00", "2026-11-07T05:00:00", null },
        { "a tick before its end", "0 1 * * 6", 4, "UTC", "2026-11-07T04:59:59", "2026-11-07T05:00:00", null },
        { "at its end", "0 1 * * 6", 4, "UTC", "2026-11-07T05:00:00", null, "2026-11-14T01:00:00" },
        { "over midnight and the end of a month", "0 22 30 11 *", 6, "UTC", "2026-12-01T03:00:00", "2026-12-01T04:00:00", null },
        { "in a zone east of Greenwich", "0 1 * * 6", 4, "Asia/Kolkata", "2026-11-06T19:30:00", "2026-11-06T23:30:00", null },
        { "in a zone west of it", "0 1 * * 6", 4, "America/New_York", "2026-11-07T01:00:00", null, "2026-11-07T06:00:00" },

        // Berlin goes from UTC+2 to UTC+1 on 2026-10-25 at 3:00, and back on 2027-03-28 at 2:00.
        { "before the clocks go back", "0 1 * * *", 4, "Europe/Berlin", "2026-10-24T23:00:00", "2026-10-25T03:00:00", null },
        { "after they went back", "0 1 * * *", 4, "Europe/Berlin", "2026-10-25T23:59:59", null, "2026-10-26T00:00:00" },
        { "at an hour that comes twice, the first time", "30 2 * * *", 0.5, "Europe/Berlin", "2026-10-25T00:30:00", "2026-10-25T01:00:00", null },
        { "at an hour that comes twice, the second time", "30 2 * * *", 0.5, "Europe/Berlin", "2026-10-25T01:30:00", null, "2026-10-26T01:30:00" },
        { "of every hour, both times", "30 * * * *", 0.25, "Europe/Berlin", "2026-10-25T01:30:00", "2026-10-25T01:45:00", null },
        { "at an hour that is skipped", "30 2 * * *", 0.5, "Europe/Berlin", "2027-03-28T00:30:00", null, "2027-03-28T01:00:00" },
        { "at the end of the gap", "30 2 * * *", 0.5, "Europe/Berlin", "2027-03-28T01:00:00", "2027-03-28T01:30:00", null },
        { "that lasts over the gap", "0 1 * * *", 4, "Europe/Berlin", "2027-03-28T03:59:59", "2027-03-28T04:00:00", null },

        { "longer than its period", "0 0 * * *", 25, "UTC", "2026-11-07T12:00:00", "always", null },
        { "as long as its period", "0 0 * * *", 24, "UTC", "2026-11-07T00:00:00", "always", null },
        { "of every minute and for an hour", "* * * * *", 1, "UTC", "2026-11-07T12:34:00", "always", null },
        { "of a leap day", "0 0 29 2 *", 4, "UTC", "2026-11-07T12:00:00", null, null },
    };

    public static TheoryData<string> EarlierNames => [.. TimeZoneLinks.Names];

    /// <summary>By the present name, so that it makes no difference whether the host has tzdata-legacy.</summary>
    [Theory]
    [MemberData(nameof(EarlierNames))]
    public void An_earlier_name_of_a_zone_is_looked_up_by_the_present_one(string name)
    {
        var present = TimeZoneLinks.Target(name)!;

        Assert.Null(TimeZoneLinks.Target(present));
        Assert.Equal(present, MaintenanceCalendar.FindZone(name)?.Id);
    }

    [Theory]
    [InlineData("US/Eastern", "America/New_York")]
    [InlineData("Asia/Calcutta", "Asia/Kolkata")]
    [InlineData("Europe/Kiev", "Europe/Kyiv")]
    [InlineData("EST5EDT", "America/New_York")]
    [InlineData("CET", "Europe/Brussels")]
    [InlineData("GB", "Europe/London")]
    [InlineData("Japan", "Asia/Tokyo")]
    [InlineData("America/Buenos_Aires", "America/Argentina/Buenos_Aires")]
    [InlineData("Europe/Berlin", "Europe/Berlin")]
    [InlineData("UTC", "UTC")]
    [InlineData("PST", null)]
    [InlineData("+02:00", null)]
    [InlineData("posix/Europe/Berlin", null)]
    [InlineData("localtime", null)]
    [InlineData("", null)]
    public void The_names_of_zones_do_not_depend_on_the_host(string name, string? zone) => Assert.Equal(zone, MaintenanceCalendar.FindZone(name)?.Id);

    [Theory]
    [MemberData(nameof(Windows))]
    public void A_window(string what, string schedule, double hours, string zone, string now, string? until, string? opens)
    {
        Assert.NotEmpty(what);
        var calendar = new MaintenanceCalendar([new() { Schedule = schedule, Duration = Duration.FromMinutes(hours * 60), TimeZone = zone }], null);

        var open = calendar.OpenUntil(At(now));

        if (until == "always")
        {
            // Of windows that follow each other without a gap the end is not looked for for ever.
            Assert.True(open > At(now).AddDays(14));
            return;
        }

        Assert.Equal(until is null ? null : At(until), open);
        if (until is null)
        {
            Assert.Equal(opens is null ? null : At(opens), calendar.NextOpening(At(now), TimeSpan.FromMinutes(1))?.From);
        }
    }

    [Fact]
    public void Windows_that_overlap_or_meet_are_one()
    {
        var calendar = new MaintenanceCalendar(
            [Window("0 1 * * *", 2), Window("0 2 * * *", 4), Window("0 6 * * *", 1), Window("0 12 * * *", 1)], null);

        Assert.Equal(At("2026-11-07T07:00:00"), calendar.OpenUntil(At("2026-11-07T01:00:00")));
        Assert.Equal(At("2026-11-07T07:00:00"), calendar.OpenUntil(At("2026-11-07T06:59:00")));
        Assert.Null(calendar.OpenUntil(At("2026-11-07T07:00:00")));
    }

    [Fact]
    public void A_freeze_wins_over_every_window()
    {
        Freeze[] freezes =
        [
            new() { From = At("2026-11-07T02:00:00"), To = At("2026-11-09T00:00:00") },
            new() { From = At("2026-11-08T12:00:00"), To = At("2026-11-10T02:00:00"), Reason = "fair" },
        ];
        var calendar = new MaintenanceCalendar([Window("0 1 * * *", 2)], freezes);

        Assert.Equal(At("2026-11-07T02:00:00"), calendar.OpenUntil(At("2026-11-07T01:30:00")));
        Assert.Null(calendar.OpenUntil(At("2026-11-07T02:00:00")));
        Assert.Null(calendar.OpenUntil(At("2026-11-09T01:30:00")));
        // Open at one, frozen until two: the first moment after the freeze lies in the middle of a window.
        Assert.Equal((At("2026-11-10T02:00:00"), At("2026-11-10T03:00:00")), calendar.NextOpening(At("2026-11-07T12:00:00"), TimeSpan.FromMinutes(30)));
        // Too short for what is asked.
        Assert.Equal(At("2026-11-11T01:00:00"), calendar.NextOpening(At("2026-11-07T12:00:00"), TimeSpan.FromMinutes(90))?.From);
        Assert.Null(calendar.NextOpening(At("2026-11-07T12:00:00"), TimeSpan.FromHours(3)));
    }

    [Fact]
    public void A_freeze_of_years_is_looked_beyond()
    {
        var calendar = new MaintenanceCalendar([Window("0 1 * * *", 2)], [new() { From = At("2026-11-07T00:00:00"), To = At("2031-01-01T00:00:00") }]);

        Assert.Equal(At("2031-01-01T01:00:00"), calendar.NextOpening(At("2026-11-07T12:00:00"), TimeSpan.FromHours(1))?.From);
    }

    [Fact]
    public void Without_windows_only_freezes_close()
    {
        var calendar = new MaintenanceCalendar(null, [new() { From = Given.In(10), To = Given.In(20) }]);

        Assert.Equal(Given.In(10), calendar.OpenUntil(Given.Now));
        Assert.Null(calendar.OpenUntil(Given.In(19)));
        Assert.Equal(DateTimeOffset.MaxValue, calendar.OpenUntil(Given.In(20)));
        Assert.Equal((Given.In(20), DateTimeOffset.MaxValue), calendar.NextOpening(Given.In(10), TimeSpan.FromMinutes(5)));
    }

    /// <summary>Against a day of minutes, each looked at by itself.</summary>
    [Fact]
    public void Any_calendar_agrees_with_counting_minute_by_minute()
    {
        string[] schedules = ["0 * * * *", "*/20 * * * *", "15 3 * * *", "30 2 * * 0", "0 0-6/3 * * *", "0 1 25,28 * *"];
        string[] zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
        // Days on which clocks change among ordinary ones.
        string[] days = ["2026-10-25T00:00:00", "2027-03-28T00:00:00", "2026-11-01T00:00:00", "2026-10-03T12:00:00", "2026-06-01T00:00:00"];
        var property = Prop.ForAll(Arb.From(Gen.Choose(1, int.MaxValue)), seed =>
        {
            var random = new SeededSequence((ulong)seed);
            MaintenanceWindow[] windows =
            [
                .. Enumerable.Range(0, 1 + random.Below(3)).Select(_ => new MaintenanceWindow
                {
                    Schedule = schedules[random.Below(schedules.Length)],
                    Duration = Duration.FromMinutes(1 + random.Below(150)),
                    TimeZone = zones[random.Below(zones.Length)],
                }),
            ];
            var start = At(days[random.Below(days.Length)]);
            Freeze[] freezes =
            [
                .. Enumerable.Range(0, random.Below(3)).Select(_ => start.AddMinutes(random.Below(1400))).Select(from => new Freeze { From = from, To = from.AddMinutes(1 + random.Below(300)) }),
            ];
            DateTimeOffset? openUntil = random.Below(2) == 0 ? null : start.AddMinutes(random.Below(900));
            var ignores = random.Below(2) == 0;
            var calendar = new MaintenanceCalendar(windows, freezes, openUntil, ignores);
            bool[] open = [.. Enumerable.Range(0, 1440).Select(m => IsOpen(windows, freezes, openUntil, ignores, start.AddMinutes(m)))];
            for (var minute = 0; minute < 720; minute += 7)
            {
                var closes = Array.IndexOf(open, false, minute);
                var opens = Array.IndexOf(open, true, minute);
                var until = calendar.OpenUntil(start.AddMinutes(minute));
                var next = calendar.NextOpening(start.AddMinutes(minute), TimeSpan.FromTicks(1))?.From;
                if ((until is not null) != open[minute]
                    || (until is not null && closes >= 0 && until != start.AddMinutes(closes))
                    || (opens >= 0 && next != start.AddMinutes(opens)))
                {
                    return false;
                }
            }

            return true;
        });

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20261101UL, 1UL), property);
    }

    private static bool IsOpen(MaintenanceWindow[] windows, Freeze[] freezes, DateTimeOffset? openUntil, bool ignores, DateTimeOffset at) =>
        ((ignores && at < openUntil) || freezes.All(f => at < f.From || at >= f.To))
        && (at < openUntil || windows.Any(w => Cronos.CronExpression.Parse(w.Schedule)
            .GetOccurrences(at - w.Duration.Value, at, TimeZoneInfo.FindSystemTimeZoneById(w.TimeZone), fromInclusive: false,
                toInclusive: true).Any()));

    private static MaintenanceWindow Window(string schedule, double hours) => new() { Schedule = schedule, Duration = Duration.FromMinutes(hours * 60) };

    private static DateTimeOffset At(string utc) => DateTimeOffset.Parse(utc + "Z", CultureInfo.InvariantCulture);
}
