using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Status;

/// <summary>How the gates of a policy are reported.</summary>
internal static class GateReport
{
    /// <summary>Null when there are none, or no node needs a slot.</summary>
    public static GateStatus[]? Of(RolloutPlan plan, UpgradePolicyStatus? previous, DateTimeOffset now) => plan.ClusterGates.Count == 0
        ? null
        : [.. plan.ClusterGates.Select(g => Of(g, previous?.Gates?.FirstOrDefault(f => f.Name == g.Name), now))];

    private static GateStatus Of(GateView gate, GateStatus? former, DateTimeOffset now)
    {
        // After a restart nothing is known for a moment. That is no reason to forget since when the gate has been closed, and why.
        if (gate.ObservedAt is null && former is not null && former.Reason != Reasons.GateOpen)
        {
            return former;
        }

        var message = MessageText.Cut(gate.Message);
        var isSame = former?.Reason == gate.Reason && former.Message == message;
        var isRecent = isSame && former!.ObservedAt is { } reported && gate.ObservedAt - reported < GateRules.Renewal && reported <= now;
        return new()
        {
            Name = gate.Name,
            Reason = gate.Reason,
            Message = message,
            Since = former is not null && (former.Reason == Reasons.GateOpen) == gate.IsOpen && former.Since is { } since && since <= now
                ? since : now.TruncateToSeconds(),
            ObservedAt = isRecent ? former!.ObservedAt : gate.ObservedAt?.TruncateToSeconds(),
        };
    }
}
