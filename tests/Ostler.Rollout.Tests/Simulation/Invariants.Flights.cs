using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <content>How a node in flight comes to its end: invariants 3 and 6.</content>
internal sealed partial class Invariants
{
    /// <summary>For latencies, restarts of the controller and what people do in between.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, (DateTimeOffset Since, string Uid)> _inFlightSince = [];
    private readonly Dictionary<(string, string), DateTimeOffset> _deadlockedSince = [];

    // What passes while the controller sees nothing, and until it acts on what it then sees.
    private readonly TimeSpan _unseen;

    // Two nodes that were cordoned together, each with a primary that could move to the other one only: neither drain can ever end.
    private void CheckDeadlock(SimulatedWorld world)
    {
        if (!_hasHomes)
        {
            return;
        }

        var draining = world.Nodes.Where(n => n is { CordonedBy: not null, Ready: true, OS.Spec.Goal: Goal.Stage }).ToArray();
        var pairs = (from one in draining
                     from other in draining
                     where string.CompareOrdinal(one.Name, other.Name) < 0 && WaitsFor(world, one, other) && WaitsFor(world, other, one)
                     select (one.Uid, other.Uid)).ToHashSet();
        foreach (var over in _deadlockedSince.Keys.Where(k => !pairs.Contains(k)).ToArray())
        {
            _deadlockedSince.Remove(over);
        }

        foreach (var pair in pairs)
        {
            _deadlockedSince.TryAdd(pair, world.Now);
            Require(6, pair.Item1, world.Now - _deadlockedSince[pair] <= 2 * Slack, $"and {pair.Item2} wait for each other");
        }
    }

    private static bool WaitsFor(SimulatedWorld world, SimulatedNode one, SimulatedNode other)
    {
        var homes = world.Scenario.Workloads.Where(w => w.Homes?.Contains(other.Name) == true).Select(w => w.Name).ToHashSet();
        return world.Pods.On(one.Name).Any(p => p.Controller is { } c && homes.Contains(c.Name) && world.Pods.PrimaryOf(c.Name) == p.Uid);
    }

    private void CheckFlight(SimulatedWorld world, SimulatedNode node)
    {
        var policy = node.CordonedBy ?? (node.OS?.Spec.Goal is Goal.Boot or Goal.Rollback || IsRecovering(node) ? node.OS!.Spec.Policy : null);
        if (policy is null || (IsRecovering(node) && node.OS!.Spec.Deadlines!.Recovered <= world.Now) || IsFailed(world, node))
        {
            _inFlightSince.Remove(node.Uid);
            return;
        }

        _inFlightSince.TryAdd(node.Uid, (world.Now, node.Uid));
        var spec = world.Policies[policy].Spec ?? Trees.Policy();
        if (spec.Drain.OnTimeout == DrainTimeoutAction.Hold)
        {
            return;
        }

        var drain = (TimeSpan)spec.Drain.Timeout * (spec.Drain.OnTimeout == DrainTimeoutAction.Force ? 2 : 1);
        var boot = (TimeSpan)spec.Reboot.Timeout + spec.Health.Timeout;
        var longest = drain + boot + spec.Rollout.Soak + boot + spec.Drain.WorkloadTimeout + (spec.Drain.VolumeDetachTimeout
            ?? Duration.Zero) + Slack + _unseen;
        Require(6, node.Name, world.Now - _inFlightSince[node.Uid].Since <= longest, $"is in flight for more than {longest}");
    }

    /// <summary>Told from its record as a person would: it could not go back in time, or is held.</summary>
    internal static bool IsFailed(SimulatedWorld world, SimulatedNode node) => node.OS?.Spec switch
    {
        // What runs, nobody knows, and so it is not put into service; the policy says so.
        { Goal: Goal.Observe, Attempt: 0 } when node.CordonedBy is { } policy =>
            world.Policies[policy].Status?.Blocked?.Any(b => b.Node == node.Name && b.Reason == Reasons.RecordLost) == true,
        { Goal: Goal.Rollback } spec => node.OS.Status?.Step == NodeStep.Failed || world.Now >= spec.Deadlines!.Rollback,
        { Goal: Goal.Observe, Previous: not null, Failure: { } failure } spec => failure.Attempt == spec.Attempt,
        _ => false,
    };

    /// <summary>
    /// What <c>onTimeout: Hold</c> asks for: a drain that a budget never lets end is kept, and the policy names the node and the budget.
    /// </summary>
    private static bool IsHeldByDrain(SimulatedWorld world, SimulatedNode node) =>
        world.Policies[node.CordonedBy!] is { Spec.Drain.OnTimeout: DrainTimeoutAction.Hold, Status.Blocked: { } blocked }
        && blocked.Any(b => b.Node == node.Name && b.Reason == Reasons.DrainBlocked);

    /// <summary>The horizon came while its drain was tried once more, as that of a node whose budget never gives way is for ever.</summary>
    private static bool IsBeingDrained(SimulatedWorld world, SimulatedNode node) =>
        world.Policies[node.CordonedBy!].Spec is { } spec && node is { CordonedAt: { } at, OS.Spec.Goal: Goal.Stage } && world.Now < at + spec.Drain.Timeout;

    internal static bool IsInFlight(SimulatedNode node, string policy) =>
        node.CordonedBy == policy || (node.OS?.Spec is { } spec && spec.Policy == policy && (spec.Goal is Goal.Boot or Goal.Rollback || IsRecovering(node)));

    /// <summary>Back in service, and kept for what its drain displaced.</summary>
    private static bool IsRecovering(SimulatedNode node) => node.OS?.Spec is { Goal: Goal.Observe, Displaced.Count: > 0, Deadlines.Recovered: not null };
}
