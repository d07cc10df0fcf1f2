using Ostler.Rollout.Context;
using Ostler.Rollout.Nodes;

namespace Ostler.Rollout.Planner;

/// <summary>
/// What is watched and checked from now on for a policy, and nothing else. Carried out after the writes; what begins now is "not known yet"
/// in the next snapshot until it has something to say, and wakes the policy then.
/// </summary>
/// <param name="Pods">The nodes whose pods are watched: those that hold a slot of the policy, by name.</param>
/// <param name="Checks">The nodes that are verified, with the checks that the controller runs.</param>
public sealed record Watches(IReadOnlyList<string> Pods, IReadOnlyList<CheckSubject> Checks)
{
    public static Watches None { get; } = new([], []);

    internal static Watches Of(RolloutContext context)
    {
        string[] holders = [.. context.Snapshot.Nodes.Where(n => n.CordonedBy == context.Policy).Select(n => n.Name)];
        return new(holders, CheckSubject.Find(context));
    }
}
