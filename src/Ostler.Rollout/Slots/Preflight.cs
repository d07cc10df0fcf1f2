using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Slots;

/// <summary>
/// Keeps nodes from being cordoned in vain: who would get a slot is asked first, by a dry run, whether its pods may leave. Only as many are
/// asked as could be taken, and a few more; what they answered is old after half a minute.
/// </summary>
/// <remarks>
/// An answer that could not be had blocks nobody: then the drain itself tells. Under onTimeout Force, or with preflight Ignore, the node's
/// own obstacles do not count, but that another drain waits for one of its pods does.
/// </remarks>
internal sealed class Preflight(RolloutContext context, BudgetBlockedPods heldBack)
{
    /// <summary>How long an answer holds. Budgets open and shut with every pod that starts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    /// <summary>How many nodes may be asked in that time beyond those that there are slots for.</summary>
    private const int AskedBeyondSlots = 8;

    /// <summary>Why the node must not be cordoned, as far as is known; null: nothing is known against it.</summary>
    public (string Message, bool NeedsPerson)? Obstacle(NodeFacts node)
    {
        if (node.Preflight?.Pods is not { } pods)
        {
            return null;
        }

        var pass = DrainPass.Over(pods, context.Spec.Drain);
        if (heldBack.WaitingFor(node.Name, pass.Left.Concat(pass.Terminating)) is { } other)
        {
            return ($"Not cordoned: {other.Text} until another pod of {other.Pod.Controller!.Kind} {other.Pod.Controller.Name} takes over, and one runs on this node.", false);
        }

        if (context.Spec.Drain is { OnTimeout: DrainTimeoutAction.Force } or { Preflight: DrainPreflight.Ignore })
        {
            return null;
        }

        PodFacts[] refused = [.. pass.Evict.Concat(pass.Later).Where(IsRefused)];
        (PodFacts Pod, string Why)[] blocked =
        [
            .. pass.Blocked, .. pass.Evict.Concat(pass.Later).Where(p => p.WouldReturn && !IsRefused(p)).Select(p => (p, DrainMessage.ComesBack(p))),
        ];
        if (refused.Length == 0 && blocked.Length == 0)
        {
            return null;
        }

        var (_, message) = DrainMessage.Describe(new() { Evict = refused, Blocked = blocked });
        if (refused.FirstOrDefault(p => p is { MayMoveOnCordon: true, LastEviction.Outcome: EvictionOutcome.BlockedByBudget }) is { Controller: { } alone })
        {
            message += $" No other pod of {alone.Kind} {alone.Name} runs on a schedulable node to take over.";
        }

        var needsPerson = blocked.Length > 0 || refused.Any(p => p.LastEviction!.Outcome == EvictionOutcome.SeveralBudgets);
        return ($"Not cordoned, because its drain would be blocked: {message} Checked again every {MessageText.Of(Lifetime)}.", needsPerson);
    }

    /// <summary>Whether the node's answer is too old to be granted a slot on, or there is none.</summary>
    public bool MustAsk(NodeFacts node) => node.Preflight is not { } facts || facts.At > context.Now || context.Now - facts.At > Lifetime;

    /// <summary>
    /// The questions to ask, and when: first the nodes that would be granted a slot if nothing were against it, then those that were
    /// blocked when they were last asked, the oldest answer first.
    /// </summary>
    public IEnumerable<Probe> Probes(IReadOnlyList<NodeFacts> unknown, IReadOnlyList<NodeFacts> blocked, int slots)
    {
        var asked = unknown.Concat(blocked).Count(n => !MustAsk(n));
        var room = slots + AskedBeyondSlots - asked;
        var next = blocked.Where(n => n.Preflight!.At <= context.Now).Select(n => n.Preflight!.At.After(Lifetime)).Order().FirstOrDefault(at => at > context.Now);
        foreach (var node in unknown)
        {
            // Beyond the pace it is their turn when the first of the other answers is old.
            yield return Ask(node, room-- > 0 ? context.Now : next == default ? context.Now : next);
        }

        foreach (var node in blocked.OrderBy(n => n.Preflight!.At).ThenBy(n => n.Name, StringComparer.Ordinal).Take(slots + AskedBeyondSlots))
        {
            var due = MustAsk(node) ? context.Now : node.Preflight!.At.After(Lifetime);
            if (due > context.Now || room-- > 0)
            {
                yield return Ask(node, due);
            }
        }

        static Probe Ask(NodeFacts node, DateTimeOffset at) => new Probe.Preflight(node.Name, node.Uid, at);
    }

    private static bool IsRefused(PodFacts pod) => pod.LastEviction is { } last && last.Uid == pod.Uid && BudgetRules.IsObstacle(pod, last.Outcome);
}
