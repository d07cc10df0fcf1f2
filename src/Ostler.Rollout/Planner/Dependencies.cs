using Ostler.Api.Meta;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Planner;

/// <summary>The policies that must be Ready first: for their own present spec, and with the tree that their image names now.</summary>
internal static class Dependencies
{
    /// <summary>Why no slot is granted; null when there is nothing to wait for. What only a person can mend comes first.</summary>
    public static RolloutGate? Check(RolloutSnapshot snapshot)
    {
        var policy = snapshot.Policy;
        if (policy.Spec?.DependsOn is not { Count: > 0 } names)
        {
            return null;
        }

        var others = snapshot.OtherPolicies.Where(p => !p.Deleting).DistinctBy(p => p.Name).ToDictionary(p => p.Name, StringComparer.Ordinal);
        if (Cycle(policy.Name, names, others) is { } cycle)
        {
            return Waits(
                Reasons.DependencyCycle, $"spec.dependsOn forms a cycle ({string.Join(" → ", cycle)}), so none of these policies can start. Remove one of the links.", true);
        }

        if (names.FirstOrDefault(n => !others.ContainsKey(n)) is { } missing)
        {
            return Waits(Reasons.DependencyNotFound, $"spec.dependsOn names policy {missing}, which does not exist. Create it, or remove the name.", true);
        }

        foreach (var name in names)
        {
            if (WhyNotReady(others[name]) is { } why)
            {
                return Waits(Reasons.DependencyNotReady, $"Waiting until policy {name} is Ready: {why}", false);
            }
        }

        return null;
    }

    private static RolloutGate Waits(string reason, string message, bool needsPerson) =>
        new(reason, $"{message} Nodes stage meanwhile, and nodes in flight finish.") { StagingAllowed = true, NeedsPerson = needsPerson };

    private static string? WhyNotReady(OtherPolicy other)
    {
        var ready = other.Status?.Conditions.Find(ConditionTypes.Ready);
        if (ready is null || other.Status!.ObservedGeneration < other.Generation)
        {
            return "its current spec has not been processed yet.";
        }

        if (ready.Status != ConditionStatus.True)
        {
            return $"{ready.Reason}: {ready.Message}";
        }

        return other.Status.Target?.Digest == other.ImageDigest ? null : "its image resolves to another digest now.";
    }

    // The shortest way from the policy back to itself: breadth first, so that the message names no link too many.
    private static List<string>? Cycle(string start, IReadOnlyList<string> names, Dictionary<string, OtherPolicy> others)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var queue = new Queue<(string From, string To)>(names.Select(n => (start, n)));
        while (queue.TryDequeue(out var link))
        {
            if (link.To == start)
            {
                List<string> way = [start];
                for (var at = link.From; at != start; at = cameFrom[at])
                {
                    way.Insert(0, at);
                }

                return [start, .. way];
            }

            if (cameFrom.TryAdd(link.To, link.From))
            {
                foreach (var next in others.GetValueOrDefault(link.To)?.DependsOn ?? [])
                {
                    queue.Enqueue((link.To, next));
                }
            }
        }

        return null;
    }
}
