using System.Security.Cryptography;
using System.Text;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Notifications;

/// <summary>
/// Which notifications there are, from the reports on a policy and what came of sending them. Pure. A notification becomes part of the same
/// report that says what happened, and is sent when that is stored: so it is told at least once, and again only when the controller dies
/// between the receiver's answer and the next report.
/// </summary>
public static class NotificationRules
{
    /// <summary>How many are remembered.</summary>
    public const int Most = 100;

    /// <summary>Those that should be sent at a moment.</summary>
    public static IEnumerable<NotificationStatus> Due(UpgradePolicyStatus? stored, DateTimeOffset now) =>
        (stored?.Notifications ?? []).Where(n => n.State == NotificationState.Pending && !(n.RetryAt > now));

    /// <summary>When the next one is due that waits after a failure; null: none does.</summary>
    public static DateTimeOffset? NextRetry(UpgradePolicyStatus? stored, DateTimeOffset now) =>
        (stored?.Notifications ?? []).Where(n => n.State == NotificationState.Pending && n.RetryAt > now).Min(n => n.RetryAt);

    /// <summary>The notifications of a report.</summary>
    /// <param name="snapshot">What was seen.</param>
    /// <param name="before">The report that is stored.</param>
    /// <param name="after">The one that takes its place, whose notifications these are.</param>
    /// <param name="deliveries">What came of sending, by ID.</param>
    internal static IReadOnlyList<NotificationStatus>? Next(
        RolloutSnapshot snapshot, UpgradePolicyStatus? before, UpgradePolicyStatus after, IReadOnlyDictionary<string, Delivery>? deliveries)
    {
        if (snapshot.Policy is not { Exists: true, Uid: { } uid, Spec.Notifications: { Count: > 0 } receivers })
        {
            return null;
        }

        var digest = after.Target?.Digest;
        var names = receivers.Select(r => r.Name).ToHashSet(StringComparer.Ordinal);
        var entries = new List<NotificationStatus>();
        foreach (var entry in before?.Notifications ?? [])
        {
            // Of former trees only what is still to be told is of interest, and of receivers that are gone nothing.
            if (names.Contains(entry.Receiver) && (entry.Digest == digest || entry.State == NotificationState.Pending))
            {
                var pending = entry.State == NotificationState.Pending;
                entries.Add(pending && deliveries?.GetValueOrDefault(entry.Id) is { } delivery ? NotificationPace.After(entry, delivery, snapshot.Now) : entry);
            }
        }

        // A policy that is not accepted may name a Secret that it has no right to.
        if (after.Conditions.IsTrue(ConditionTypes.Accepted))
        {
            foreach (var news in RolloutEvents.Between(before, after))
            {
                foreach (var receiver in receivers.Where(r => r.Events is not { Count: > 0 } wanted || wanted.Contains(news.Event)))
                {
                    var entry = Entry(uid, receiver.Name, after, news, snapshot.Now);
                    if (entries.TrueForAll(e => e.Id != entry.Id))
                    {
                        entries.Add(entry);
                    }
                }
            }
        }

        return entries.Count == 0 ? null : entries.Count <= Most ? entries : [.. Cut(entries)];
    }

    /// <summary>The condition that says whether they arrive; null without receivers.</summary>
    internal static Condition? Condition(RolloutSnapshot snapshot, IReadOnlyList<NotificationStatus>? entries)
    {
        if (snapshot.Policy.Spec?.Notifications is not { Count: > 0 })
        {
            return null;
        }

        var failed = (entries ?? []).Where(e => e.Error is not null && e.State != NotificationState.Delivered).ToArray();
        return failed is [var first, ..]
            ? new()
            {
                Type = ConditionTypes.Notified,
                Status = ConditionStatus.False,
                Reason = Reasons.NotificationFailed,
                Message = MessageText.Cut($"{first.Receiver} was not notified that the rollout {Phrase(first.Event)}: {first.Error}"
                    + (first.RetryAt is { } again ? $" Next try at {MessageText.Of(again)}." : " Given up.")
                    + (failed.Length > 1 ? $" {failed.Length - 1} more notifications were not delivered either." : "")
                    + " The rollout does not wait. Check spec.notifications."),
            }
            : new()
            {
                Type = ConditionTypes.Notified,
                Status = ConditionStatus.True,
                Reason = Reasons.Succeeded,
                Message = "All notifications were delivered, or are being sent.",
            };
    }

    internal static string Phrase(RolloutEvent what) => what switch
    {
        RolloutEvent.Started => "has started",
        RolloutEvent.Halted => "is halted",
        RolloutEvent.RolledBack => "has rolled a node back",
        RolloutEvent.Completed => "is complete",
        _ => "needs an approval",
    };

    private static NotificationStatus Entry(string uid, string receiver, UpgradePolicyStatus after, RolloutNews news, DateTimeOffset now) => new()
    {
        Id = Id(uid, receiver, after.Target?.Digest, news),
        Receiver = receiver,
        Event = news.Event,
        Reason = news.Reason,
        Message = MessageText.Cut(news.Message, 1024),
        Digest = after.Target?.Digest,
        Version = after.Target?.Version,
        Wave = news.Wave,
        At = now.TruncateToSeconds(),
        State = NotificationState.Pending,
    };

    // From the facts alone: what is found twice is one.
    private static string Id(string uid, string receiver, string? digest, RolloutNews news) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', uid, receiver, digest, news.Event, news.Wave, news.Occasion))))[..32];

    // What is done goes first, and then what is oldest.
    private static IEnumerable<NotificationStatus> Cut(List<NotificationStatus> entries)
    {
        var kept = entries.Select((e, i) => (Entry: e, Index: i))
            .OrderBy(e => e.Entry.State == NotificationState.Pending ? 0 : 1).ThenByDescending(e => e.Index).Take(Most).Select(e => e.Index).ToHashSet();
        return entries.Where((_, i) => kept.Contains(i));
    }
}
