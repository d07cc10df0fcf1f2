using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.OSImages;

/// <summary>Which image nodes get, where spec.minAge holds back what is too young. Pure.</summary>
internal static class MinAgeRules
{
    private const int MostPending = 10;

    /// <summary>
    /// From when on nodes get the image. Of a tag or a ref, which whoever publishes moves, the later of creation and first sight counts: a
    /// date in an image proves nothing. A pin is a user's own choice, and may lead back to what nodes ran long ago: the earlier counts.
    /// </summary>
    public static DateTimeOffset EligibleAt(OSImageSpec spec, ResolvedImage image)
    {
        if (spec.MinAge.Value <= TimeSpan.Zero)
        {
            return DateTimeOffset.MinValue;
        }

        var seen = FirstSeen(image);
        var created = image.Created ?? seen;
        var (earlier, later) = created < seen ? (created, seen) : (seen, created);
        return (OSImageStatusRules.PinOf(spec) is null ? later : earlier).After(spec.MinAge);
    }

    /// <summary>What nodes get now, and what follows, oldest first.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="former">The last status.</param>
    /// <param name="found">What the tag, ref or pin was resolved to in this pass; null: it was not.</param>
    /// <param name="now">The controller's clock.</param>
    public static (ResolvedImage? Resolved, IReadOnlyList<PendingImage> Pending) Advance(OSImageSpec spec, OSImageStatus? former,
        ResolvedImage? found, DateTimeOffset now)
    {
        var resolved = former?.Resolved;
        List<ResolvedImage> pending = [.. (former?.Pending ?? []).Select(p => p.Image).Where(i => OSImageStatusRules.IsOf(spec, i))];
        if (found is not null)
        {
            found = WithFirstSight(former, found);
            if (found.VerifiedWith is { } key)
            {
                // What another key signed has to be verified again.
                pending.RemoveAll(i => i.VerifiedWith != key);
            }

            if (found.Digest == resolved?.Digest && found.Reference == resolved.Reference)
            {
                (resolved, pending) = (found, []);
            }
            else
            {
                Follow(pending, found);
            }
        }

        // Of those that are old enough the newest; the others were overtaken. What a user denied is passed over, unless nothing else
        // follows.
        var next = pending.FindLastIndex(i => EligibleAt(spec, i) <= now && MayFollow(spec, i, isLast: i == pending[^1]));
        if (next >= 0)
        {
            resolved = pending[next];
            pending.RemoveRange(0, next + 1);
        }

        return (resolved, [.. pending.Select(i => new PendingImage { Image = i, EligibleAt = EligibleAt(spec, i).TruncateToSeconds() })]);
    }

    /// <summary>When the next of the pending images becomes old enough; null: none does.</summary>
    public static DateTimeOffset? NextAt(OSImageStatus status, DateTimeOffset now) =>
        (status.Pending ?? []).Where(p => p.EligibleAt > now).Select(p => (DateTimeOffset?)p.EligibleAt).Min();

    // The tag moved on, or back to one that was pending before: whoever published the later ones took them back.
    private static void Follow(List<ResolvedImage> pending, ResolvedImage found)
    {
        var at = pending.FindIndex(i => i.Digest == found.Digest);
        if (at >= 0)
        {
            pending.RemoveRange(at, pending.Count - at);
        }
        else if (pending.Count == MostPending)
        {
            // The older ones are nearer to their age: what moves every minute must not keep all of them young for ever.
            pending.RemoveAt(MostPending - 1);
        }

        pending.Add(found);
    }

    private static bool MayFollow(OSImageSpec spec, ResolvedImage image, bool isLast) =>
        (spec.Container?.Verification is null || image.VerifiedWith is not null)
            && (isLast || spec.Quarantine?.Deny?.Contains(image.Digest) != true);

    // The moment of the first sight stays: a poll that finds the same again is not news.
    private static ResolvedImage WithFirstSight(OSImageStatus? former, ResolvedImage found)
    {
        IEnumerable<ResolvedImage> current = [.. former?.Resolved is { } last ? [last] : Array.Empty<ResolvedImage>(),
            .. (former?.Pending ?? []).Select(p => p.Image)];
        var at = current.FirstOrDefault(i => i.Digest == found.Digest && i.Reference == found.Reference)?.ResolvedAt ?? found.ResolvedAt;
        var first = current.Concat(former?.History ?? []).Where(i => i.Digest == found.Digest).Select(FirstSeen).Append(at).Min();
        return found with { ResolvedAt = at, FirstSeenAt = first < at ? first : null };
    }

    private static DateTimeOffset FirstSeen(ResolvedImage image) =>
        image.FirstSeenAt < image.ResolvedAt ? image.FirstSeenAt.Value : image.ResolvedAt;
}
