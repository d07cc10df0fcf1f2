using Cronos;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Windows;

/// <summary>
/// When nodes may be disrupted: the union of the windows without the freezes. Windows may overlap, and be longer than their period.
/// </summary>
internal sealed class MaintenanceCalendar
{
    /// <summary>
    /// How far ahead is looked. Cron repeats within a year but for the 29th of February, so what does not open by then hardly ever does.
    /// </summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(366);

    /// <summary>
    /// No schedule that ever fires is silent for longer; and the calendar of this world ends a century before that of .NET.
    /// </summary>
    private static readonly TimeSpan Century = TimeSpan.FromDays(36525);

    /// <summary>
    /// How many openings are looked at: one that is closed or too short is skipped, and a schedule of every minute has half a million in a
    /// year.
    /// </summary>
    private const int MostOpenings = 1000;

    /// <summary>How many windows may follow each other without a gap before the end is called far enough.</summary>
    private const int MostLinks = 500;

    // The start of the window that is open is looked for near the present first: from the latest one its end is furthest away.
    private static readonly TimeSpan[] Lookbacks =
        [TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(8), TimeSpan.FromDays(32)];

    private readonly List<(CronExpression Schedule, TimeZoneInfo Zone, TimeSpan Duration)> _windows = [];
    private readonly IReadOnlyList<Freeze> _freezes;
    private readonly DateTimeOffset? _openUntil;
    private readonly bool _ignoresFreezes;

    /// <summary>Of a spec that was found valid; a window that cannot be read never opens.</summary>
    /// <param name="windows">Null or empty: always open, but for freezes.</param>
    /// <param name="freezes">When it is closed regardless.</param>
    /// <param name="openUntil">Until when a user opened it, whatever the windows say; null: not at all.</param>
    /// <param name="ignoresFreezes">Whether it is open until then in freezes, too.</param>
    public MaintenanceCalendar(
        IReadOnlyList<MaintenanceWindow>? windows, IReadOnlyList<Freeze>? freezes, DateTimeOffset? openUntil = null,
            bool ignoresFreezes = false)
    {
        (_openUntil, _ignoresFreezes) = (openUntil, ignoresFreezes && openUntil is not null);
        foreach (var window in windows ?? [])
        {
            HasWindows = true;
            if (Read(window.Schedule) is { } schedule && FindZone(window.TimeZone) is { } zone)
            {
                _windows.Add((schedule, zone, window.Duration));
                Longest = window.Duration.Value > Longest ? window.Duration : Longest;
            }
        }

        _freezes = freezes ?? [];
    }

    /// <summary>That of a policy; its spec was found valid.</summary>
    public static MaintenanceCalendar Of(UpgradePolicySpec spec) =>
        new(spec.Windows, spec.Freezes, spec.Rollout.OpenUntil, spec.Rollout.IgnoreFreezes);

    /// <summary>Until when a user opened it, windows or freezes notwithstanding; null: not now, or there is nothing to open.</summary>
    public DateTimeOffset? OpenedUntil(DateTimeOffset time) =>
        IsOpened(time) && (HasWindows || (_ignoresFreezes && _freezes.Count > 0)) ? _openUntil : null;

    /// <summary>Whether any window is declared. Without one it is always open, but for freezes.</summary>
    public bool HasWindows { get; }

    /// <summary>The longest window by itself.</summary>
    public TimeSpan Longest { get; }

    /// <summary>The schedule, or null when it is none: five fields, no seconds and no @daily.</summary>
    public static CronExpression? Read(string schedule) =>
        !schedule.StartsWith('@') && CronExpression.TryParse(schedule, CronFormat.Standard, out var expression) ? expression : null;

    /// <summary>
    /// The zone; null when the name is not one of the IANA database, or its zone is missing on this host. Earlier names are looked up by
    /// the present one, so that all hosts agree on them whatever packages they have.
    /// </summary>
    public static TimeZoneInfo? FindZone(string id) =>
        id is not "localtime" and not "posixrules" and not "Factory" && !id.StartsWith("posix/", StringComparison.Ordinal) && !id.StartsWith("right/", StringComparison.Ordinal)
        && TimeZoneInfo.TryFindSystemTimeZoneById(TimeZoneLinks.Target(id) ?? id, out var zone) ? zone : null;

    /// <summary>The freeze that is on, the one that ends last when there are several; null when none is.</summary>
    public Freeze? FreezeAt(DateTimeOffset time)
    {
        if (IgnoresFreezes(time))
        {
            return null;
        }

        Freeze? found = null;
        foreach (var freeze in _freezes)
        {
            found = freeze.From <= time && time < freeze.To && (found is null || freeze.To > found.To) ? freeze : found;
        }

        return found;
    }

    /// <summary>The freeze that begins next; one that a user overrides for now begins when that ends.</summary>
    public Freeze? FreezeAfter(DateTimeOffset time)
    {
        Freeze? found = null;
        foreach (var freeze in _freezes)
        {
            var from = IgnoresFreezes(time) && freeze.From < _openUntil ? _openUntil.Value : freeze.From;
            if (from > time && freeze.To > from && (found is null || from < found.From))
            {
                found = freeze with { From = from };
            }
        }

        return found;
    }

    /// <summary>Until when it stays open; the end of time when nothing closes it, null when it is closed.</summary>
    public DateTimeOffset? OpenUntil(DateTimeOffset time)
    {
        if (FreezeAt(time) is not null)
        {
            return null;
        }

        var windows = HasWindows ? WindowsOpenUntil(time) : DateTimeOffset.MaxValue;
        return windows is { } end && FreezeAfter(time) is { } freeze && freeze.From < end ? freeze.From : windows;
    }

    /// <summary>When it opens next, at <paramref name="time"/> itself at the earliest, for at least <paramref name="room"/>; null: not
    /// within a year, freezes apart.</summary>
    public (DateTimeOffset From, DateTimeOffset Until)? NextOpening(DateTimeOffset time, TimeSpan room)
    {
        var (at, from) = (time, time);
        for (var i = 0; i < MostOpenings && at - from <= Horizon && at < DateTimeOffset.MaxValue - Century; i++)
        {
            if (OpenUntil(at) is { } until)
            {
                if (until - at >= room)
                {
                    return (at, until);
                }

                at = until;
                continue;
            }

            if (FreezeAt(at) is { } freeze)
            {
                // However long it is: the year counts from its end.
                at = from = freeze.To;
            }
            else if (NextStart(at) is { } next)
            {
                at = next;
            }
            else
            {
                return null;
            }
        }

        return null;
    }

    private bool IsOpened(DateTimeOffset time) => time < _openUntil;

    private bool IgnoresFreezes(DateTimeOffset time) => _ignoresFreezes && IsOpened(time);

    private DateTimeOffset? WindowsOpenUntil(DateTimeOffset time)
    {
        // One more window, which is open already; another that opens before it closes goes on from there.
        var end = IsOpened(time) ? _openUntil : null;
        for (var i = 0; i < MostLinks; i++)
        {
            var at = end ?? time;
            var former = end;
            foreach (var (schedule, zone, duration) in _windows)
            {
                if (StartBefore(schedule, zone, duration, at) is { } start && start.After(duration) is var closes && closes > at && !(closes <= end))
                {
                    end = closes.ToUniversalTime();
                }
            }

            if (end == former || end - time > Horizon)
            {
                break;
            }
        }

        return end;
    }

    // A start after (at - duration) and not after at. Not always the latest, but then the next round goes on from where it ends. Looked for
    // forwards, since Cronos has two answers for a time of day that the clocks skip: the end of the gap forwards, the last second before it
    // backwards.
    private static DateTimeOffset? StartBefore(CronExpression schedule, TimeZoneInfo zone, TimeSpan duration, DateTimeOffset at)
    {
        foreach (var lookback in Lookbacks)
        {
            if (lookback >= duration)
            {
                break;
            }

            if (schedule.GetNextOccurrence(at - lookback, zone) is { } near && near <= at)
            {
                return near;
            }
        }

        return schedule.GetNextOccurrence(at - (duration < Century ? duration : Century), zone) is { } start && start <= at ? start : null;
    }

    private DateTimeOffset? NextStart(DateTimeOffset after)
    {
        DateTimeOffset? next = null;
        foreach (var (schedule, zone, _) in _windows)
        {
            next = TimeMath.Earliest(next, schedule.GetNextOccurrence(after, zone));
        }

        return next?.ToUniversalTime();
    }
}
