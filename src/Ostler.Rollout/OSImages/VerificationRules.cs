using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.OSImages;

/// <summary>Whether the digest that an image is resolved to carries the signature that its spec asks for. Fails closed.</summary>
internal static class VerificationRules
{
    /// <summary>The condition Verified; null when the spec asks for no signature.</summary>
    /// <param name="image">The object as read.</param>
    /// <param name="resolved">What its status will say that it is resolved to.</param>
    /// <param name="outcome">What resolving gave in this pass; null when none was due.</param>
    public static Condition? ConditionOf(OSImage image, ResolvedImage? resolved, ResolveOutcome? outcome)
    {
        if (image.Spec.Container?.Verification is null)
        {
            return null;
        }

        if (outcome?.Image is { VerifiedWith: { } key } found)
        {
            // With spec.minAge, nodes get another digest than was found: the condition is about that one.
            if (resolved is not null && resolved.Digest != found.Digest && OSImageStatusRules.IsOf(image.Spec, resolved))
            {
                if (resolved.VerifiedWith != key)
                {
                    return Of(
                        ConditionStatus.False, Reasons.VerificationFailed,
                        $"{MessageText.Of(resolved.Digest, resolved.Version)} was not verified with the key {Digest.Shorten(key)}, "
                        + "so no node gets it. A newer image was, and follows.");
                }

                found = resolved;
            }

            return Of(ConditionStatus.True, Reasons.Verified, $"{MessageText.Of(found.Digest, found.Version)} is signed with the key {Digest.Shorten(key)} ({SignatureFormats.Shown(found.SignatureFormat)}).");
        }

        // What was verified for this very spec stays so, as long as the key is not known to be another now.
        var former = image.Status?.Conditions.Find(ConditionTypes.Verified);
        if (former is { Status: ConditionStatus.True } && former.ObservedGeneration == image.Metadata.Generation
            && resolved?.VerifiedWith is { } with && (outcome?.Key is null || outcome.Key == with))
        {
            return Of(ConditionStatus.True, former.Reason, former.Message);
        }

        if (outcome is not null)
        {
            return Of(ConditionStatus.False, outcome.Reason, outcome.Message);
        }

        return former is { Status: ConditionStatus.False } && former.ObservedGeneration == image.Metadata.Generation
            ? Of(ConditionStatus.False, former.Reason, former.Message)
            : Of(ConditionStatus.Unknown, Reasons.ImageNotReady, "It has not been verified yet.");
    }


    private static Condition Of(ConditionStatus status, string reason, string message) =>
        new() { Type = ConditionTypes.Verified, Status = status, Reason = reason, Message = message };
}
