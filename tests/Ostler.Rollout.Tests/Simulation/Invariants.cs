using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// Watches a simulated rollout and complains when an invariant is broken. Written from what the cluster is, with none of the planner's own
/// rules, so that a rule that is gone from the planner is missed here.
/// </summary>
internal sealed partial class Invariants
{
    private readonly List<string> _broken = [];
    private readonly RolloutSimulation _simulation;

    private readonly PaceInvariants _pace;
    private readonly TransitionWatch _transitions;
    private readonly bool _hasHomes;

    private Invariants(RolloutSimulation simulation)
    {
        _simulation = simulation;
        _hasHomes = simulation.World.Scenario.Workloads.Any(w => w.Homes is not null);
        _pace = new(Require, Count);
        var faults = simulation.World.Scenario.Faults;
        var restarts = faults.Count(f =>
            f is SimulationFault.ControllerRestarts) + simulation.World.Scenario.KillControllerAfterWrites.Count;
        // A controller that starts in doubt about the time looks on, and then gives each step its whole time again.
        var doubts = restarts > 0 ? faults.Count(f => f is SimulationFault.ServerClockJumps) : 0;
        _unseen = (doubts * TimeSpan.FromMinutes(35)) + (restarts * Slack) + faults.OfType<SimulationFault.ApiIsAway>().Aggregate(TimeSpan.Zero, (sum, f) =>
            sum + f.For + TimeSpan.FromMinutes(25));
        _transitions = new(Complain);
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
                3,
                node.Name,
                node.CordonedBy is null || IsFailed(world, node) || IsHeldByDrain(world, node) || IsBeingDrained(world, node),
                $"is still cordoned by {node.CordonedBy} (goal {node.OS?.Spec.Goal}, step {node.OS?.Status?.Step})");
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
                JudgeCarried(plans.Snapshot, plans.Plan);
                break;
            case SimulatedStep.Writes { Action: NodeAction.Cordon { Grants: true } grant } writes:
                JudgeGates(world, world.Policies[writes.Policy], grant);
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
        _transitions.Observe(world, name, plan);
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
                    Count(stage.Spec.RebootBefore is null ? "stage" : "told to reboot");
                    Require(15, node.Name, stage.Spec.RebootBefore is not { } before
                        || (before <= world.Now && node.Host.Booted.Digest == stage.Spec.Image!.Digest),
                        "is to reboot into another image than it runs, or before its time");
                    MustBeFree(world, name, node, stage.Spec.Image!.Digest, "told to stage");
                    break;
                case NodeAction.ApplySpec { Spec.Goal: Goal.Boot } boot when node.OS!.Spec.Goal == Goal.Stage:
                    JudgeBoot(world, policy, node, boot.Spec);
                    break;
                case NodeAction.ApplySpec { Spec.Goal: Goal.Rollback } when node.OS!.Spec.RebootBefore is not null:
                    Complain($"15: {node.Name} rolls back although it was only rebooted");
                    break;
                case NodeAction.ApplySpec { Spec.Goal: Goal.Rollback } back when node.OS!.Spec.Goal == Goal.Observe && node.OS.Spec.Failure is null:
                    JudgeBack(world, policy, node, back.Spec);
                    break;
                case NodeAction.EvictPod evict:
                    JudgeEviction(world, policy, evict);
                    break;
                case NodeAction.RemoveJoinTaint:
                    Count("untaint");
                    Require(4, node.Name, node.Host.Booted.Digest == world.Image.Status!.Resolved!.Digest, "loses its join taint although it does not run the target");
                    break;
                case NodeAction.Uncordon uncordon:
                    Count("uncordon");
                    Require(3, node.Name, node.CordonedBy == name, $"is uncordoned on behalf of {name}, but was cordoned by {node.CordonedBy ?? "a human"}");
                    JudgeUpdated(world, policy, node, uncordon);
                    JudgeTrial(policy, node);
                    break;
            }
        }
    }

    private void OnEvent(SimulatedWorld world)
    {
        foreach (var node in world.Nodes)
        {
            CheckFlight(world, node);
        }

        ObserveTrials(world);
        JudgeQuarantine(world);

        CheckDeadlock(world);
    }

    private void Count(string what) => Seen[what] = Seen.GetValueOrDefault(what) + 1;

    private void Require(int invariant, string who, bool holds, string otherwise)
    {
        if (!holds)
        {
            _broken.Add($"{invariant}: {_simulation.World.Now - _simulation.World.Scenario.Start:hh\\:mm\\:ss} {who} {otherwise}");
        }
    }
}
