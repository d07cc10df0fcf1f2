using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.OSImages;

/// <summary>
/// Whether a tag or a ref has moved to an older image. A signature does not expire: who can move the tag could bring back a release with a
/// known hole.
/// </summary>
public static class DowngradeRules
{
    /// <summary>Whether the image may be older than the last one. A pin is the user's own choice, whatever its date.</summary>
    public static bool MayBeOlder(OSImageSpec spec) => spec.AllowDowngrade || OSImageStatusRules.PinOf(spec) is not null;

    /// <summary>The outcome, or a refusal in its place. The last good digest stays.</summary>
    /// <remarks>
    /// Only what moves by itself is judged. A pin (as kubectl ostler rollback sets), another tag or another ref is the user's own choice.
    /// </remarks>
    /// <param name="image">The object as read.</param>
    /// <param name="outcome">What resolving gave.</param>
    public static ResolveOutcome Judge(OSImage image, ResolveOutcome outcome)
    {
        if (outcome.Image is not { } found || MayBeOlder(image.Spec))
        {
            return outcome;
        }

        if (image.Status?.Resolved is not { Created: { } before } known || known.Reference != found.Reference || known.Digest == found.Digest)
        {
            return outcome;
        }

        var (now, then) = (MessageText.Of(found.Digest, found.Version), MessageText.Of(known.Digest, known.Version));
        return found.Created switch
        {
            null => Refuse(
                outcome, Reasons.ResolveFailed, $"{found.Reference} is {now} now. Its date is unknown, so it may be older than {then}. {Remedy}"),
            { } created when created < before => Refuse(
                outcome, Reasons.Downgrade,
                $"{found.Reference} is {now} now, built at {MessageText.Of(created)}, before {then}, built at {MessageText.Of(before)}. "
                + Remedy),
            _ => outcome,
        };
    }

    private static ResolveOutcome Refuse(ResolveOutcome outcome, string reason, string message) => new(null, reason, message) { Key = outcome.Key };

    private const string Remedy = "To allow it, set spec.allowDowngrade or pin its digest.";
}
