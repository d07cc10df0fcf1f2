using Ostler.Api;
using Ostler.Rollout.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// Watches a simulated rollout and complains when an invariant is broken. Written from what the cluster is, with none of the planner's own rules, so that
/// a rule that is gone from the planner is missed here.
/// </summary>
internal sealed class Invariants
{
    /// <summary>For latencies, restarts of the controller and what people do in between.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, DateTimeOffset> _passingSince = [];
    private readonly Dictionary<string, (DateTimeOffset Since, string Uid)> _inFlightSince = [];
    private readonly Dictionary<(string, string), DateTimeOffset> _deadlockedSince = [];
    private readonly List<string> _broken = [];
    private readonly RolloutSimulation _simulation;

    private readonly PaceInvariants _pace;
    private readonly bool _hasHomes;

    private Invariants(RolloutSimulation simulation)
    {
        _simulation = simulation;
        _hasHomes = simulation.World.Scenario.Workloads.Any(w => w.Homes is not null);
        _pace = new(Require, Count);
    }

    /// <summary>What was broken, in order; each line begins with the number of the invariant in the design.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>How many slots were granted, nodes told to boot, and so on: a run in which nothing happens proves nothing.</summary>
    public Dictionary<string, int> Seen { get; } = [];

    public static Invariants Watch(RolloutSimulation simulation)
    {
        var watch = new Invariants(simulation);
        simulation.OnStep = watch.OnStep;
        simulation.OnEvent = watch.OnEvent;
        return watch;
    }

    /// <summary>Something else that is wrong.</summary>
    public void Complain(string what) => _broken.Add(what);

    /// <summary>What must hold when nothing is left to happen.</summary>
    public void CheckEnd()
    {
        var world = _simulation.World;
        foreach (var node in world.Nodes)
        {
            Require(3, node.Name, !node.CordonedByHuman || node.Unschedulable, "a human's cordon was removed");
            Require(
                3, node.Name, node.CordonedBy is null || IsFailed(world, node) || IsHeldByDrain(world, node), $"is still cordoned by {node.CordonedBy} (goal {node.OS?.Spec.Goal}, step {node.OS?.Status?.Step})");
            Require(6, node.Name, node.OS?.Spec.Goal is not (Goal.Boot or Goal.Rollback) || IsFailed(world, node), $"never came to an end: {node.OS?.Spec.Goal}");
            Require(6, node.Name, !IsRecovering(node) || world.Now >= node.OS!.Spec.Deadlines!.Recovered, "keeps its slot for its workloads although their time is not over");
        }
    }

    private void OnStep(SimulatedWorld world, SimulatedStep step)
    {
        switch (step)
        {
            case SimulatedStep.Plans plans:
                Judge(world, plans.Policy, plans.Plan);
                break;
            case SimulatedStep.Writes { Action: NodeAction.ApplySpec { Spec: { Goal: Goal.Boot, HealthySince: null } } write }
                when world.Find(write.Node) is { OS: { } os } node && os.ResourceVersion == write.ResourceVersion:
                _passingSince.Remove(node.Uid);
                break;
            case SimulatedStep.Reboots { Goal: Goal.Boot } reboots when world.Find(reboots.Node) is { } node:
                Count("reboot");
                Require(2, node.Name, node.OS!.Spec.Goal == Goal.Boot, $"reboots with goal {node.OS.Spec.Goal}");
                break;
        }
    }

    private void Judge(SimulatedWorld world, string name, RolloutPlan plan)
    {
        Observe(world, plan);
        var policy = world.Policies[name];
        _pace.Observe(world, policy);
        var granted = plan.Actions.OfType<NodeAction.Cordon>().Where(c => c.Grants).ToArray();
        if (granted.Length > 0)
        {
            JudgeGrants(world, policy, granted);
        }

        foreach (var action in plan.Actions)
        {
            var node = world.Find(action.Node)!;
            switch (action)
            {
                case NodeAction.ApplySpec { Spec.Goal: Goal.Stage } stage:
                    Count("stage");
                    MustBeFree(world, name, node, stage.Spec.Image!.Digest, "told to stage");
                    break;
                case NodeAction.ApplySpec { Spec.Goal: Goal.Boot } boot when node.OS!.Spec.Goal == Goal.Stage:
                    JudgeBoot(world, policy, node, boot.Spec);
                    break;
                case NodeAction.ApplySpec { Spec.Goal: Goal.Rollback } back when node.OS!.Spec.Goal == Goal.Observe && node.OS.Spec.Failure is null:
                    JudgeBack(world, policy, node, back.Spec);
                    break;
                case NodeAction.EvictPod evict:
                    JudgeEviction(world, policy, evict);
                    break;
                case NodeAction.RemoveJoinTaint:
                    Count("untaint");
                    Require(4, node.Name, node.Host.Booted == world.Image.Status!.Resolved!.Digest, "loses its join taint although it does not run the target");
                    break;
                case NodeAction.Uncordon uncordon:
                    Count("uncordon");
                    Require(3, node.Name, node.CordonedBy == name, $"is uncordoned on behalf of {name}, but was cordoned by {node.CordonedBy ?? "a human"}");
                    JudgeUpdated(world, policy, node, uncordon);
                    break;
            }
        }
    }

    private void JudgeGrants(SimulatedWorld world, SimulatedPolicy policy, NodeAction.Cordon[] granted)
    {
        Count("grant");
        var spec = policy.Spec;
        Require(7, policy.Name, spec is { Paused: false }, "grants a slot although it is paused or gone");
        if (spec is null)
        {
            return;
        }

        var selected = world.Nodes.Where(n => spec.NodeSelector.Matches(n.Labels)).ToArray();
        var unavailable = selected.Count(n => n.Unschedulable || !n.Ready || IsInFlight(n, policy.Name));
        var limit = Math.Max(1, spec.Rollout.MaxUnavailable.Of(selected.Length));
        Require(1, policy.Name, unavailable + granted.Length <= limit, $"{unavailable} unavailable of {limit} allowed, and {granted.Length} more granted");

        var target = world.Image.Status!.Resolved!.Digest;
        // One that runs what is rolled out can only be granted a slot to go back.
        var back = granted.Where(g => world.Find(g.Node) is { OS: { } os } node && node.Host.Booted == target && os.Spec.Image?.Digest == target && os.Spec.Goal == Goal.Observe).ToArray();
        var forward = granted.Length - back.Length;
        var failed = selected.Count(n =>
            n.OS?.Spec.Failure is { } f && f.Reason != Reasons.RolledBackByScope && f.Digest == target && !(f.At <= spec.Rollout.RetryFailuresBefore));
        Require(7, policy.Name, forward == 0 || failed <= spec.Rollback.MaxFailures.Of(selected.Length), $"grants a slot although {failed} nodes failed");
        Require(7, policy.Name, forward == 0 || back.Length == 0, "grants slots forward and back at once");
        Require(7, policy.Name, back.Length == 0 || spec.Rollback is { Automatic: true, Scope: not RollbackScope.Node }, "takes nodes back although the scope is one node");
        var recorded = policy.Status?.FailedDigests?.Any(d => d.Digest == target && !(d.At <= spec.Rollout.RetryFailuresBefore)) == true;
        Require(7, policy.Name, back.Length == 0 || recorded || failed > spec.Rollback.MaxFailures.Of(selected.Length), $"takes nodes back although {failed} nodes failed");
        var late = selected.Where(n => IsRecovering(n) && n.OS!.Spec.Deadlines!.Recovered is { } until && until <= world.Now && !(until <= spec.Rollout.RetryFailuresBefore));
        Require(7, policy.Name, !late.Any(), $"grants a slot although workloads of {late.FirstOrDefault()?.Name} are not available again");
        _pace.JudgeGrants(world, policy, spec, selected, [.. granted.Select(g => world.Find(g.Node)!)], target);
        foreach (var grant in granted)
        {
            var node = world.Find(grant.Node)!;
            if (back.Contains(grant))
            {
                Count("grant to go back");
                Require(1, node.Name, node is { Unschedulable: false, Ready: true }, "is granted a slot to go back although it is cordoned or not Ready");
                continue;
            }

            MustBeFree(world, policy.Name, node, target, "granted a slot");
            Require(1, node.Name, node is { Unschedulable: false, Ready: true }, "is granted a slot although it is cordoned or not Ready");
            Require(4, node.Name, node.OS!.Status is { Staged: { } staged } && staged.Digest == target, "is granted a slot although the target is not staged");
        }
    }

    private void JudgeEviction(SimulatedWorld world, SimulatedPolicy policy, NodeAction.EvictPod evict)
    {
        Count("evict");
        var drain = (policy.Spec ?? Trees.Policy()).Drain;
        var pods = world.Pods.On(evict.Node).Where(p => p.Controller?.Kind != "DaemonSet" && p.Phase is not ("Succeeded" or "Failed")).ToArray();
        if (pods.FirstOrDefault(p => p.Uid == evict.PodUid) is not { } pod)
        {
            return;
        }

        var (behavior, order) = RuleOf(drain, pod);
        Require(2, evict.Node, behavior == DrainBehavior.Evict, $"has {pod.Name} evicted, which a rule says to {behavior}");
        var before = pods.FirstOrDefault(p => RuleOf(drain, p) is { Behavior: not DrainBehavior.Skip } rule && rule.Order < order);
        Require(2, evict.Node, before is null, $"has {pod.Name} of order {order} evicted before {before?.Name}");
        Require(
            2, evict.Node, world.Find(evict.Node)!.Unschedulable && world.Find(evict.Node)!.CordonedBy == policy.Name, $"has {pod.Name} evicted without a slot");
    }

    private static (DrainBehavior Behavior, int Order) RuleOf(DrainSpec drain, PodFacts pod)
    {
        var rule = (drain.Rules ?? []).FirstOrDefault(
            r => r.PodSelector?.Matches(pod.Labels) != false && r.NamespaceSelector?.Matches(pod.NamespaceLabels) != false);
        return (rule?.Behavior ?? DrainBehavior.Evict, rule?.Order ?? 0);
    }

    private void MustBeFree(SimulatedWorld world, string policy, SimulatedNode node, string digest, string what)
    {
        Require(5, node.Name, world.Image.Status?.Quarantined?.Any(q => q.Digest == digest) != true, $"is {what} with a quarantined tree");
        var others = world.Policies.Values.Where(p => p.Name != policy && p.Spec?.NodeSelector.Matches(node.Labels) == true).Select(p => p.Name);
        Require(8, node.Name, !others.Any(), $"is {what} by {policy} although {string.Join(", ", others)} selects it");
        var retry = world.Policies[policy].Spec?.Rollout.RetryFailuresBefore;
        Require(7, node.Name, node.OS!.Spec.Failure is not { } f || f.Digest != digest || f.At <= retry, $"is {what} again with the tree that failed on it");
    }

    private void JudgeBoot(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, NodeOSSpec spec)
    {
        Count("boot");
        Require(5, node.Name, world.Image.Status!.Quarantined?.Any(q => q.Digest == spec.Image!.Digest) != true, "is told to boot a quarantined tree");
        Require(8, node.Name, world.Policies.Values.Count(p => p.Spec?.NodeSelector.Matches(node.Labels) == true) == 1, "is told to boot although two policies, or none, select it");
        MustBeEmpty(world, policy, node, "boot");
    }

    private void MustBeEmpty(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, string what)
    {
        Require(2, node.Name, node.Unschedulable && node.CordonedBy == policy.Name, $"is told to {what} without a slot");
        var left = world.Pods.On(node.Name)
            .Where(p => p.Controller?.Kind != "DaemonSet" && p.Phase is not ("Succeeded" or "Failed"))
            .Where(p => RuleOf(policy.Spec!.Drain, p).Behavior != DrainBehavior.Skip)
            .ToArray();
        var forced = policy.Spec!.Drain.OnTimeout == DrainTimeoutAction.Force && world.Now - node.CordonedAt >= 2 * (TimeSpan)policy.Spec.Drain.Timeout;
        Require(
            2, node.Name, left.Length == 0 || (forced && left.All(p => p.DeletionTimestamp is not null)), $"is told to {what} with {left.Length} pods, {left.FirstOrDefault()?.Name}");
    }

    // It is disrupted as by an upgrade: in a slot, and empty.
    private void JudgeBack(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, NodeOSSpec spec)
    {
        Count("told to go back");
        MustBeEmpty(world, policy, node, "go back");
        Require(2, node.Name, node.Host.Former?.Digest == spec.Previous!.Digest, "is told to go back to a tree that its host does not keep");
        Require(2, node.Name, spec.Failure is { } failure && failure.Attempt == spec.Attempt && failure.Digest == node.Host.Booted, "goes back without a record of why");
    }

    private void JudgeUpdated(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, NodeAction.Uncordon uncordon)
    {
        if (uncordon.Reason != Reasons.Updated || node.OS!.Spec.Goal != Goal.Boot)
        {
            return;
        }

        Count("updated");
        var spec = node.OS.Spec;
        Require(4, node.Name, node.Host.BootID != spec.Previous!.BootID, "is called Updated in the boot of before");
        Require(4, node.Name, node.Host.Booted == spec.Image!.Digest, "is called Updated with another tree");
        JudgeChecks(policy, node);

        // Written moments are cut to seconds.
        var soak = (TimeSpan)(policy.Spec ?? Trees.Policy()).Rollout.Soak - TimeSpan.FromSeconds(1);
        Require(
            4, node.Name, _passingSince.TryGetValue(node.Uid, out var since) && world.Now - since >= soak, $"is called Updated before its checks passed for {soak.TotalSeconds:0} s");
    }

    // Told from the tries themselves, whoever counted them.
    private void JudgeChecks(SimulatedPolicy policy, SimulatedNode node)
    {
        foreach (var check in policy.Spec?.Health.Checks ?? [])
        {
            var tries = node.Tries.Where(t => t.Check == check.Name && t.BootID == node.Host.BootID).TakeLast(check.Successes).ToArray();
            Require(
                4, node.Name, tries.Length == check.Successes && tries.All(t => t.Outcome == CheckOutcome.Passed),
                $"is called Updated although {check.Name} said {string.Join(", ", tries.Select(t => t.Outcome))} of {check.Successes}");
            Count("checked");
        }
    }

    private void OnEvent(SimulatedWorld world)
    {
        foreach (var node in world.Nodes)
        {
            CheckFlight(world, node);
        }

        CheckDeadlock(world);
    }

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
                     where string.CompareOrdinal(one.Name, other.Name) < 0 && one.CordonedBy == other.CordonedBy && WaitsFor(world, one, other) && WaitsFor(world, other, one)
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

    // At each look of the controller: what passes away between two looks, a level-triggered controller does not see.
    // What one look sees and cannot write, because it has passed away meanwhile, is as good as not seen.
    private void Observe(SimulatedWorld world, RolloutPlan plan)
    {
        var losesHealth = plan.Actions.OfType<NodeAction.ApplySpec>().Where(a => a.Spec is { Goal: Goal.Boot, HealthySince: null }).Select(a => a.Node).ToHashSet();
        foreach (var node in world.Nodes)
        {
            var status = node.OS?.Status;
            var passes = status is not null
                && status.Attempt == node.OS!.Spec.Attempt
                && status.Conditions.IsTrue(ConditionTypes.HostHealthy)
                && node.Ready
                && node.KubeletBootID == status.BootID
                && node.Host.BootID == status.BootID;
            if (!passes && !losesHealth.Contains(node.Name))
            {
                _passingSince.Remove(node.Uid);
            }
            else if (passes)
            {
                _passingSince.TryAdd(node.Uid, world.Now);
            }
        }
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
        var longest = drain + boot + spec.Rollout.Soak + boot + spec.Drain.WorkloadTimeout + Slack;
        Require(6, node.Name, world.Now - _inFlightSince[node.Uid].Since <= longest, $"is in flight for more than {longest}");
    }

    /// <summary>Told from its record as a person would: it could not go back in time, or is held.</summary>
    internal static bool IsFailed(SimulatedWorld world, SimulatedNode node) => node.OS?.Spec switch
    {
        { Goal: Goal.Rollback } spec => node.OS.Status?.Step == NodeStep.Failed || world.Now >= spec.Deadlines!.Rollback,
        { Goal: Goal.Observe, Previous: not null, Failure: { } failure } spec => failure.Attempt == spec.Attempt,
        _ => false,
    };

    /// <summary>What <c>onTimeout: Hold</c> asks for: a drain that a budget never lets end is kept, and the policy names the node and the budget.</summary>
    private static bool IsHeldByDrain(SimulatedWorld world, SimulatedNode node) =>
        world.Policies[node.CordonedBy!] is { Spec.Drain.OnTimeout: DrainTimeoutAction.Hold, Status.Blocked: { } blocked }
        && blocked.Any(b => b.Node == node.Name && b.Reason == Reasons.DrainBlocked);

    internal static bool IsInFlight(SimulatedNode node, string policy) =>
        node.CordonedBy == policy || (node.OS?.Spec is { } spec && spec.Policy == policy && (spec.Goal is Goal.Boot or Goal.Rollback || IsRecovering(node)));

    /// <summary>Back in service, and kept for what its drain displaced.</summary>
    private static bool IsRecovering(SimulatedNode node) => node.OS?.Spec is { Goal: Goal.Observe, Displaced.Count: > 0, Deadlines.Recovered: not null };

    private void Count(string what) => Seen[what] = Seen.GetValueOrDefault(what) + 1;

    private void Require(int invariant, string who, bool holds, string otherwise)
    {
        if (!holds)
        {
            _broken.Add($"{invariant}: {_simulation.World.Now - _simulation.World.Scenario.Start:hh\\:mm\\:ss} {who} {otherwise}");
        }
    }
}
