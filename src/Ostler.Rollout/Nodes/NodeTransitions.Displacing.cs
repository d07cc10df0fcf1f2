using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <content>What the drain takes from a node, and what has to come back before its slot goes to the next.</content>
internal static partial class NodeTransitions
{
    /// <summary>The pods leave. What that displaces is written down before the first of them does.</summary>
    public static IReadOnlyList<NodeAction> Evict(RolloutContext context, NodeView view, IReadOnlyList<PodFacts> pods, IReadOnlyList<DisplacedWorkload>? displaced)
    {
        return
        [
            .. Record(view, displaced),
            .. pods.Select(pod => new NodeAction.EvictPod(
                view.Node.Name, view.Node.Uid, pod.Namespace, pod.Name, pod.Uid, Grace(context), Reasons.Draining, $"Evicts {pod.Namespace}/{pod.Name}.")),
        ];
    }

    private static IEnumerable<NodeAction> Record(NodeView view, IReadOnlyList<DisplacedWorkload>? displaced)
    {
        if (displaced is not null)
        {
            var which = MessageText.List([.. displaced.Select(w => $"{w.Kind} {w.Namespace}/{w.Name}")]);
            yield return Apply(view.Node, view.Spec with { Displaced = displaced }, Reasons.Draining, $"The drain displaces pods of {which}.");
        }
    }

    /// <summary>The moment until which volumes may take to detach is written down: a crash must not begin it anew.</summary>
    public static NodeDecision AwaitDetach(RolloutContext context, NodeView view, string which)
    {
        var deadline = context.Now.After(context.Spec.Drain.VolumeDetachTimeout!.Value).TruncateToSeconds();
        var message = $"Drained. Waiting until {MessageText.Of(deadline)} for volumes to detach: {which}.";
        return With(
            NodeDecision.Report(view, NodeStep.Drained, Reasons.WaitingForVolumes, message, NodeTally.Updating, deadline: deadline),
            Apply(view.Node, view.Spec with { Deadlines = new() { Detached = deadline } }, Reasons.WaitingForVolumes, message));
    }

    /// <summary>Recovering → AtRest: the slot goes to the next node.</summary>
    public static NodeDecision FinishRecovery(RolloutContext context, NodeView view, string why)
    {
        var spec = NodeSpecs.Recovered(context, view);
        var (step, reason, tally) = spec switch
        {
            { Failure: { } failure } when failure.Attempt == spec.Attempt => (NodeStep.RolledBack, Reasons.Released, NodeTally.RolledBack),
            { Image: not null } when RebootRules.IsDue(context, view) => (NodeStep.Idle, Reasons.Released, NodeTally.Pending),
            { Image: not null } => (NodeStep.Updated, Reasons.Updated, view.RunsTarget ? NodeTally.Updated : NodeTally.Pending),
            { Image: null } => (NodeStep.Idle, Reasons.Released, NodeTally.Pending),
        };
        return With(NodeDecision.Report(view, step, reason, why, tally), Apply(view.Node, spec, reason, why));
    }
}
