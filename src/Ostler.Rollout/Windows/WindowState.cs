using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Windows;

/// <summary>Whether a node may be disrupted now as far as windows and freezes are concerned, why, and when that changes.</summary>
/// <param name="IsOpen">A window is open, or none is declared, and no freeze is on.</param>
/// <param name="Fits">Open, and a node taken now is expected to be done before it closes.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, for people.</param>
public sealed record WindowState(bool IsOpen, bool Fits, string Reason, string Message)
{
    /// <summary>When nodes may be disrupted again; null: they may be now, or no opening is known.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>When any of this changes by time alone.</summary>
    public DateTimeOffset? WakeUp { get; init; }

    public static WindowState Always { get; } = new(true, true, Reasons.AlwaysOpen, "No window is declared, so nodes may be disrupted at any time.");

    /// <summary>As a policy's own windows and freezes have it.</summary>
    /// <param name="spec">A spec that was found valid.</param>
    /// <param name="measured">status.durations.node; null: nothing was measured yet.</param>
    /// <param name="now">The moment that is asked about.</param>
    public static WindowState Of(UpgradePolicySpec spec, MeasuredDuration? measured, DateTimeOffset now)
    {
        var calendar = MaintenanceCalendar.Of(spec);
        return Of(calendar, now, ExpectedDuration.Of(spec.Rollout, calendar, measured));
    }

    internal static WindowState Of(MaintenanceCalendar calendar, DateTimeOffset now, ExpectedDuration expected)
    {
        var until = calendar.OpenUntil(now);
        var room = expected.Value;
        if (until is { } closes && closes - now >= room)
        {
            // Just after the last moment at which a node fits, so that the next pass sees that none does.
            return Open(calendar, now, closes) with
            {
                WakeUp = TimeMath.Earliest(calendar.OpenedUntil(now),
                    closes == DateTimeOffset.MaxValue ? null : (closes - room).AddSeconds(1)),
            };
        }

        var next = calendar.NextOpening(until ?? now, room)?.From;
        var when = next is { } opens
            ? $"The next window for a node opens at {MessageText.Of(opens)}."
            : $"No window of the next year is long enough for a node, which takes {expected}. Lengthen a window of spec.windows, or correct spec.rollout.nodeDuration.";
        var state = until is { } soon
            ? new WindowState(
                true, false, Reasons.ClosesSoon,
                $"The window closes at {MessageText.Of(soon)}, before another node would finish: it takes {expected}. {when}")
            : calendar.FreezeAt(now) is { } freeze
                ? new WindowState(
                    false, false, Reasons.Frozen,
                    $"Frozen until {MessageText.Of(freeze.To)}{(freeze.Reason is { Length: > 0 } why ? $" ({why})" : "")}. {when}"
                    + (calendar.OpenedUntil(now) is null ? ""
                        : " spec.rollout.openUntil does not override freezes: set spec.rollout.ignoreFreezes as well."))
                : new WindowState(false, false, Reasons.OutsideWindow, $"No window is open. {when}");
        return state with
        {
            Reason = next is null && until is null ? Reasons.NoWindowFits : state.Reason,
            Next = next,
            // Freezes end and windows too short for a node open at moments of their own, and the condition must be true then, too.
            WakeUp = TimeMath.Earliest(
                TimeMath.Earliest(calendar.OpenedUntil(now), until ?? calendar.FreezeAt(now)?.To),
                TimeMath.Earliest(next, calendar.NextOpening(until ?? now, TimeSpan.FromTicks(1))?.From)),
        };
    }

    /// <summary>Why no slot is granted; null when one may be.</summary>
    internal RolloutGate? Gate => Fits
        ? null
        : new(Reason, $"{Message} Nodes stage meanwhile, and nodes in flight finish.") { StagingAllowed = true, NeedsPerson = Next is null };

    private static WindowState Open(MaintenanceCalendar calendar, DateTimeOffset now, DateTimeOffset closes)
    {
        var end = closes == DateTimeOffset.MaxValue
            ? ""
            : calendar.FreezeAfter(now) is { } freeze && freeze.From == closes
                ? $" until {MessageText.Of(closes)}, when a freeze begins{(freeze.Reason is { Length: > 0 } why ? $" ({why})" : "")}"
                : $" until {MessageText.Of(closes)}";
        if (calendar.OpenedUntil(now) is not null)
        {
            return new(true, true, Reasons.OpenedByUser, $"A user opened the windows (spec.rollout.openUntil){end}.");
        }

        return calendar.HasWindows
            ? new(true, true, Reasons.Open, $"A window is open{end}.")
            : new(true, true, Reasons.AlwaysOpen, $"No window is declared, so nodes may be disrupted at any time{end}.");
    }
}

/// <summary>How long a node is expected to be out of service, and how that is known.</summary>
/// <param name="Value">From its cordon to the end of its soak.</param>
/// <param name="Measured">Whether it was measured, or declared in spec.rollout.nodeDuration.</param>
internal readonly record struct ExpectedDuration(TimeSpan Value, bool Measured)
{
    /// <summary>
    /// The mean of what was measured, else what is declared. One drain that hung for hours must not keep all others out of every window, so
    /// what was measured counts as half of the longest window at most.
    /// </summary>
    public static ExpectedDuration Of(RolloutSpec spec, MaintenanceCalendar calendar, MeasuredDuration? measured)
    {
        if (measured is not { Count: > 0 } node)
        {
            return new(spec.NodeDuration, false);
        }

        var most = calendar.Longest / 2;
        return new(calendar.HasWindows && node.Average.Value > most ? most : node.Average, true);
    }

    public override string ToString() => $"{MessageText.Of(Value)} ({(Measured ? "as measured" : "spec.rollout.nodeDuration")})";
}
