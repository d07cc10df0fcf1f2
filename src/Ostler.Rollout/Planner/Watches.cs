using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
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

    /// <summary>The gates that are evaluated, each at its interval; empty while no node needs a slot.</summary>
    public IReadOnlyList<GateSubject> Gates { get; init; } = [];

    internal static Watches Of(RolloutContext context)
    {
        string[] holders = [.. context.Snapshot.Nodes.Where(n => n.CordonedBy == context.Policy).Select(n => n.Name)];
        return new(holders, CheckSubject.Find(context));
    }
}

/// <summary>A gate to evaluate.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Nodes">The nodes that its policy selects.</param>
/// <param name="Now">Whether a slot waits for a fresh answer: evaluate it at once, and wake the policy whatever it says.</param>
public sealed record GateSubject(GateSpec Gate, LabelSelector Nodes, bool Now = false);
