using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Failures;

/// <summary>When an attempt to stage has failed, and when there were too many.</summary>
/// <remarks>
/// One order to stage is one attempt: within it the agent tries a few times by itself, at a growing distance, for what a short break of the
/// network undoes. An attempt that failed is taken back, and another one is ordered when the backoff in the NodeOS is over.
/// </remarks>
internal static class StagingRules
{
    /// <summary>
    /// How often the agent tries in one attempt: with its waits of 5, 10, 20 and 40 seconds a little more than a minute, and what the tries
    /// take.
    /// </summary>
    public const int TriesPerAttempt = 5;

    /// <summary>
    /// Whether the attempt has failed. An image that the agent refuses is refused the next time too; errors that take turns are not counted
    /// by the agent, so that the time that a node may keep others from staging ends an attempt as well.
    /// </summary>
    public static bool HasFailed(NodeError error, DateTimeOffset? deadline, DateTimeOffset now) =>
        error.Reason != Reasons.HostNotSupported && (error.Reason == Reasons.Invalid || error.Count >= TriesPerAttempt || deadline <= now);

    /// <summary>Whether an attempt that fails now is the last.</summary>
    public static bool AreSpent(NodeBackoff? former, string digest, int attempts) => Attempt(former, digest) >= attempts;

    /// <summary>Which attempt of this digest the present one is.</summary>
    public static int Attempt(NodeBackoff? former, string digest) => BackoffRules.CountOf(former, digest, Reasons.StagingFailed) + 1;
}
