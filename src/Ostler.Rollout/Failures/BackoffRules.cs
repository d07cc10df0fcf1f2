using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Failures;

/// <summary>How long a node that was given back undisturbed is left alone.</summary>
internal static class BackoffRules
{
    private static readonly TimeSpan First = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>How often an order to boot may come to nothing without the tree being blamed.</summary>
    public const int LostBootsAllowed = 2;

    /// <summary>5 min, 10, 20, 40, then an hour each time.</summary>
    public static TimeSpan Delay(int count) =>
        count > 4 ? Longest : First * (1 << Math.Max(0, count - 1));

    /// <summary>
    /// The next backoff. It counts on from the former one when that was of the same digest and the same kind: a lost boot after a drain
    /// that timed out is the first lost boot, and a failed staging after either the first failed staging.
    /// </summary>
    public static NodeBackoff Next(NodeBackoff? former, string digest, string reason, string message, DateTimeOffset now)
    {
        var count = CountOf(former, digest, reason) + 1;
        return new()
        {
            Digest = digest,
            Count = count,
            Until = now.After(Delay(count)).TruncateToSeconds(),
            Reason = reason,
            Message = MessageText.Cut(message),
        };
    }

    /// <summary>How many backoffs of the same digest and the same kind came before.</summary>
    /// <exception cref="InvalidOperationException">No node is left alone for this reason.</exception>
    public static int CountOf(NodeBackoff? former, string digest, string reason)
    {
        var kind = KindOf(reason) ?? throw new InvalidOperationException($"{reason} is not a reason to leave a node alone.");
        return former is not null && former.Digest == digest && KindOf(former.Reason) == kind ? former.Count : 0;
    }

    public static bool IsInForce(NodeBackoff? backoff, string? digest, DateTimeOffset now) =>
        backoff is not null && backoff.Digest == digest && backoff.Until > now;

    private enum Kind
    {
        Drain,
        LostBoot,
        Staging,
        Silent,
    }

    /// <summary>Null: none that this version writes. A record of a later version may have one.</summary>
    private static Kind? KindOf(string reason) => reason switch
    {
        Reasons.FinalizationNeverRan or Reasons.ApiUnreachable or Reasons.NotStaged => Kind.LostBoot,
        Reasons.StagingFailed => Kind.Staging,
        Reasons.AgentSilent => Kind.Silent,
        Reasons.DrainBlocked or Reasons.DrainTimedOut or Reasons.CordonDeadlock or Reasons.CordonLost or Reasons.NodeNotReady
            or Reasons.WriteRefused => Kind.Drain,
        _ => null,
    };
}
