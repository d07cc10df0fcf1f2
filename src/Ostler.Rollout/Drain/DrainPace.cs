using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Drain;

/// <summary>
/// When a pod is evicted: at once for the first time, again some seconds after a refusal; and one that its controller put on the node anew
/// after the former was evicted there, at a pace that slows down. Without it, a Deployment that tolerates the cordon makes hundreds of pods
/// a minute (field: cilium/cilium#28549).
/// </summary>
internal static class DrainPace
{
    /// <summary>How long after an eviction that was refused the next is tried.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>How long at least a controller is left alone once its pods have come back.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(30);

    /// <summary>How long at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>The pods to evict now. Of those that came back, one for each controller.</summary>
    public static PodFacts[] Due(IReadOnlyList<PodFacts> pods, DateTimeOffset now)
    {
        var returned = new HashSet<string>(StringComparer.Ordinal);
        return [.. pods.Where(pod => IsDue(pod, now) && (pod.Return is null || returned.Add(pod.Controller?.Uid ?? pod.Uid)))];
    }

    /// <summary>When the next pod may be evicted; null when none is left.</summary>
    public static DateTimeOffset? Next(IReadOnlyList<PodFacts> pods, DateTimeOffset now) =>
        pods.Count == 0 ? null : pods.Select(p => p.Return is { } back && NextAfter(back) is var at && at > now.After(Retry) ? at : now.After(Retry)).Min();

    // A clock that was set back makes no pod wait for it to catch up.
    private static bool IsDue(PodFacts pod, DateTimeOffset now) =>
        (pod.LastEviction is not { } last || last.Uid != pod.Uid || last.At > now || now - last.At >= Retry)
        && (pod.Return is not { } back || back.LastAt > now || now >= NextAfter(back));

    // As long as the pods have been coming back for, within bounds: a drain of half an hour evicts a controller some ten times.
    private static DateTimeOffset NextAfter(PodReturn back)
    {
        var since = back.LastAt - back.FirstAt;
        return back.LastAt.After(since < Least ? Least : since > Longest ? Longest : since);
    }
}
