using Ostler.Kubernetes.Core;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>
/// Tells the pods that controllers put on a cordoned node again from those that were there before: by the evictions of this process on this
/// node, which no clock of another machine can blur. Forgotten with the slot, or with a restart, after which every pod counts as one that
/// was there before.
/// </summary>
internal sealed class ReturningPods
{
    private readonly Dictionary<string, PodReturn> _byController = new(StringComparer.Ordinal);
    private readonly HashSet<string> _before = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The eviction of a pod was accepted.</summary>
    public void Evicted(Pod pod, DateTimeOffset at)
    {
        if (pod.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true) is not { } owner)
        {
            return;
        }

        lock (_lock)
        {
            _before.Add(pod.Metadata.Uid);
            _byController[owner.Uid] = _byController.GetValueOrDefault(owner.Uid) is { } former
                ? former with { Evictions = former.Evictions + 1, LastAt = at }
                : new(1, at, at);
        }
    }

    /// <summary>The pod; with what is known of its return when it came after an eviction of its controller.</summary>
    public PodFacts Mark(PodFacts pod)
    {
        if (pod.Controller is not { } controller)
        {
            return pod;
        }

        lock (_lock)
        {
            if (_byController.GetValueOrDefault(controller.Uid) is { } back)
            {
                return _before.Contains(pod.Uid) ? pod : pod with { Return = back };
            }

            // Nothing of its controller was evicted yet, so it was there before.
            _before.Add(pod.Uid);
            return pod;
        }
    }
}
