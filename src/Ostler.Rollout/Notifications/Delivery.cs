using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Notifications;

/// <summary>How a round of tries to deliver a notification ended.</summary>
public enum DeliveryOutcome
{
    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>It did not; it is tried again later.</summary>
    Failed,
}

/// <summary>A round of tries that is over.</summary>
/// <param name="Outcome">Whether the receiver took it.</param>
/// <param name="Error">Why not, for people; holds neither a secret nor anything of the answer's body.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone.</param>
public sealed record Delivery(DeliveryOutcome Outcome, string? Error = null, TimeSpan? RetryAfter = null);

/// <summary>When a notification that did not arrive is tried again.</summary>
public static class NotificationPace
{
    /// <summary>After the first round that failed; doubled after each further one.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(30);

    /// <summary>At most so long, whatever the receiver asks for.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Then it is given up: what is older than a day is no news.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    /// <summary>A notification after a round of tries.</summary>
    public static NotificationStatus After(NotificationStatus entry, Delivery delivery, DateTimeOffset now)
    {
        var at = now.TruncateToSeconds();
        if (delivery.Outcome == DeliveryOutcome.Delivered)
        {
            return entry with { State = NotificationState.Delivered, TriedAt = at, Error = null, RetryAt = null };
        }

        var failures = entry.Failures + 1;
        var wait = Wait(failures, delivery.RetryAfter);
        var failed = entry with { TriedAt = at, Failures = failures, Error = MessageText.Cut(delivery.Error ?? "", 512) };
        return now + wait >= entry.At + Patience
            ? failed with { State = NotificationState.GivenUp, RetryAt = null }
            : failed with { RetryAt = (now + wait).TruncateToSeconds() };
    }

    private static TimeSpan Wait(int failures, TimeSpan? asked)
    {
        // 30 s · 2^7 is over an hour: no more of the exponent is needed, and none can overflow.
        var wait = Shortest * Math.Pow(2, Math.Min(failures - 1, 7));
        wait = asked > wait ? asked.Value : wait;
        return wait < Longest ? wait : Longest;
    }
}
