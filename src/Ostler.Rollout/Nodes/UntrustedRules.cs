using Ostler.Api.Meta;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>
/// A node whose report is not valid, or whose objects the API server does not let us write: it is named, and stops nobody else.
/// </summary>
internal static class UntrustedRules
{
    /// <summary>
    /// How long a node is not drained again after a write of it was refused: otherwise its pods would be evicted in vain, time and again.
    /// </summary>
    private static readonly TimeSpan BetweenDrains = TimeSpan.FromHours(1);

    /// <summary>How long it is not asked to stage again: meanwhile other nodes do.</summary>
    private static readonly TimeSpan BetweenStagings = TimeSpan.FromMinutes(5);

    /// <summary>While the API server refuses writes to a node it waits, and other nodes take its turn.</summary>
    public static Ineligible? WritesAreRefused(RolloutContext context, NodeView view)
    {
        if (view.Node.Refused is not { } refused)
        {
            return null;
        }

        var until = refused.At.After(view.HasStaged ? BetweenDrains : BetweenStagings);
        return until > context.Now ? new(Reasons.WriteRefused, RefusedMessage(view)) { NeedsPerson = true, Until = until } : null;
    }

    public static string RefusedMessage(NodeView view) => view.Node.Refused is { } refused
        ? $"The API server refuses to write the {refused.What}: {MessageText.Sentence(refused.Message)} "
            + "Fix the webhook, quota or permissions that refuse it."
        : "";

    /// <summary>The decision, with what keeps it from having an effect.</summary>
    public static NodeDecision Explain(NodeView view, NodeDecision decision)
    {
        if (view.Node.Refused is not null && decision.Actions.Any(IsWrite))
        {
            return Blocked(decision, Reasons.WriteRefused, RefusedMessage(view));
        }

        return view.Node.OS?.InvalidReport is { } problem && decision.Actions.Count == 0 && view.Selected
            ? Blocked(
                decision, Reasons.InvalidReport,
                $"The agent's report is ignored: {problem}. "
                + "Check that agent and controller have the same version; if they do, isolate the node.")
            : decision;
    }

    private static NodeDecision Blocked(NodeDecision decision, string reason, string message) => decision with
    {
        Verdict = decision.Verdict with { Reason = reason, Message = message, Blocked = true, NeedsPerson = true },
    };

    private static bool IsWrite(NodeAction action) =>
        action is NodeAction.ApplySpec or NodeAction.Cordon or NodeAction.Uncordon or NodeAction.RemoveJoinTaint;
}
