using Ostler.Api.Meta;
using Ostler.Api.OSImages;

namespace Ostler.Rollout.OSImages;

/// <summary>When an image is resolved again.</summary>
public static class PollSchedule
{
    /// <summary>After a try that failed; doubled with each in a row, up to the poll interval but no less than this.</summary>
    private static readonly TimeSpan RetryFailed = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(10);

    /// <summary>A server that wants to be left alone for longer has its clock or its units wrong.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    /// <summary>How long until the next try; null: none is needed before the spec changes.</summary>
    /// <param name="image">The image.</param>
    /// <param name="outcome">What the last try gave.</param>
    /// <param name="failures">How many in a row failed; 0: the last one succeeded.</param>
    public static TimeSpan? Wait(OSImage image, ResolveOutcome outcome, int failures)
    {
        var interval = image.Spec.PollInterval.Value;
        var spread = Spread(image.Metadata);
        if (failures > 0)
        {
            var longest = interval == TimeSpan.Zero ? LongestRetry : Max(interval, RetryFailed);
            var wait = RetryFailed * Math.Pow(2, Math.Min(failures - 1, 20));
            wait = (wait < longest ? wait : longest) * spread;
            return outcome.RetryAfter is { } asked ? Max(wait, asked < LongestRetryAfter ? asked : LongestRetryAfter) : wait;
        }

        // What is pinned cannot change, but a key in a Secret can.
        var mayChange = OSImageStatusRules.PinOf(image.Spec) is null || image.Spec.Container?.Verification?.Cosign?.PublicKeySecretRef is not null;
        return mayChange && interval > TimeSpan.Zero ? interval * spread : null;
    }

    /// <summary>
    /// Between 90% and 110%, always the same for one object: a hundred images made by one kubectl apply do not poll together for ever, nor
    /// do they after the controller was started anew.
    /// </summary>
    internal static double Spread(ObjectMeta meta) => 0.9 + (0.2 * Hash(meta.Uid ?? meta.Name) / uint.MaxValue);

    // FNV-1a: the same in every process, which string.GetHashCode is not.
    private static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash;
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
