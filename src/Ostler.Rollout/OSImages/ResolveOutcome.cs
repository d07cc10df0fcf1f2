using Ostler.Api.Meta;
using Ostler.Api.OSImages;

namespace Ostler.Rollout.OSImages;

/// <summary>What one try to resolve an image gave.</summary>
/// <param name="Image">The tree that it names now; null when the try failed.</param>
/// <param name="Reason">One of <see cref="Reasons"/>: Resolved or Pinned; else why it failed.</param>
/// <param name="Message">For people: where it was found, or what went wrong and what to do.</param>
public sealed record ResolveOutcome(ResolvedImage? Image, string Reason, string Message)
{
    /// <summary>
    /// The fingerprint of the key that signatures must be made with now; null: none is asked for, or it could not be read.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>How long the server asked to be left alone; null: it did not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the reason is one for which an image was not resolved.</summary>
    public static bool IsFailure(string reason) =>
        reason is Reasons.ResolveFailed or Reasons.RefNotFound or Reasons.Denied or Reasons.AuthenticationFailed or Reasons.SecretNotReadable
            or Reasons.NotSigned or Reasons.VerificationFailed or Reasons.Downgrade;

    /// <summary>
    /// Whether the answer is the same at every try until somebody acts. A signature often comes some seconds after the image.
    /// </summary>
    public static bool NeedsPerson(string reason) => IsFailure(reason) && reason is not (Reasons.ResolveFailed or Reasons.NotSigned);
}
