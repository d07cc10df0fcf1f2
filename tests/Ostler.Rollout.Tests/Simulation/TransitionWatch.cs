using System.Reflection;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// Follows the state of each node from plan to plan. Between two plans the host, pods and people may take any declared steps of theirs, and
/// the controller the one that the plan before, or this one, decided on. Anything else is not declared by a
/// <see cref="TransitionAttribute"/>.
/// </summary>
internal sealed class TransitionWatch(Action<string> complain)
{
    private readonly Dictionary<(string Policy, string Uid), HashSet<NodeStep>> _at = [];

    /// <summary>The steps that are declared: by whom, from where, where to and when.</summary>
    public static IReadOnlyList<(bool IsDecided, NodeStep From, NodeStep To, string When)> Declared { get; } =
        [.. ((Type[])[typeof(NodeTransitions), typeof(NodeStateMachine)]).SelectMany(type => type
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .SelectMany(m => m.GetCustomAttributes<TransitionAttribute>())
            .Select(t => (type == typeof(NodeTransitions), t.From, t.To, t.When)))];

    private static readonly NodeStep[] All = Enum.GetValues<NodeStep>();

    private static readonly Dictionary<NodeStep, HashSet<NodeStep>> Reachable =
        All.ToDictionary(s => s, s => Closure(Closure([s]).SelectMany(DecidedFrom)));

    /// <summary>The steps that were taken.</summary>
    public HashSet<(NodeStep From, NodeStep To)> Seen { get; } = [];

    public void Observe(SimulatedWorld world, string policy, RolloutPlan plan)
    {
        var actions = plan.Actions.ToLookup(a => a.Node, StringComparer.Ordinal);
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var verdict in plan.Nodes)
        {
            if (world.Find(verdict.Node)?.Uid is not { } uid)
            {
                continue;
            }

            present.Add(uid);
            var to = verdict.Step;
            if (_at.TryGetValue((policy, uid), out var from))
            {
                if (!from.Any(f => Reachable[f].Contains(to)))
                {
                    complain($"transition: {string.Join(" or ", from)} -> {to} of {verdict.Node} is not declared "
                        + $"({verdict.Reason}: {verdict.Message})");
                }

                Seen.UnionWith(from.Where(f => f != to).Select(f => (f, to)));
            }

            // Whether what was decided is written, only the next plan tells.
            HashSet<NodeStep> next = actions.Contains(verdict.Node) ? [to, .. from ?? []] : [to];
            if (actions[verdict.Node].Any(a => a is NodeAction.ApplySpec { Spec.Goal: Goal.Boot }))
            {
                next.Add(NodeStep.Rebooting);
            }

            _at[(policy, uid)] = next;
        }

        foreach (var gone in _at.Keys.Where(k => k.Policy == policy && !present.Contains(k.Uid)).ToArray())
        {
            _at.Remove(gone);
        }
    }

    private static IEnumerable<NodeStep> DecidedFrom(NodeStep from) =>
        [from, .. Declared.Where(d => d.IsDecided && d.From == from).Select(d => d.To)];

    private static HashSet<NodeStep> Closure(IEnumerable<NodeStep> from)
    {
        var reached = new HashSet<NodeStep>(from);
        while (Declared.Any(d => !d.IsDecided && reached.Contains(d.From) && reached.Add(d.To)))
        {
        }

        return reached;
    }
}
