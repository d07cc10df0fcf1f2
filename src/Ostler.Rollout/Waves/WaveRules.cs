using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Waves;

/// <summary>When a wave may begin, and when the next one may.</summary>
internal static class WaveRules
{
    /// <param name="context">The policy.</param>
    /// <param name="target">The tree that is rolled out.</param>
    /// <param name="spec">The wave.</param>
    /// <param name="tally">Its nodes.</param>
    /// <param name="completedAt">When it was reported complete with this very target; lost, it soaks once more.</param>
    /// <param name="holdsUp">The first former wave that is not through.</param>
    /// <param name="isLast">Whether no node comes after it.</param>
    public static WaveProgress Judge(
        RolloutContext context, NodeImage target, WaveSpec spec, WaveTally tally, DateTimeOffset? completedAt, WaveProgress? holdsUp, bool isLast)
    {
        // Nothing is left that could go, and enough of it has gone well.
        var settled = tally is { InFlight: 0, CanGo: 0 };
        var enough = IsEnough(spec, tally);
        if (tally.Total > 0 && settled && enough)
        {
            // A clock that was set back must not make the soak endless.
            completedAt = completedAt is { } at && at <= context.Now ? at : context.Now.TruncateToSeconds();
        }

        var soakedAt = completedAt?.After(spec.Soak);
        var approved = spec.Approval == WaveApproval.Automatic || IsApproved(context.Spec.Rollout, spec.Name, target);
        var passed = tally.Total == 0 ? completedAt is null || soakedAt <= context.Now : soakedAt <= context.Now;
        var begun = tally.Begun || completedAt is not null;
        var gate = begun ? null : context.WaveGate;
        var (reason, message, needsPerson) = Why();
        return new()
        {
            Name = spec.Name,
            Total = tally.Total,
            Updated = tally.Updated,
            InFlight = tally.InFlight,
            Failed = tally.Failed,
            CanGo = tally.CanGo,
            Approved = approved,
            CompletedAt = completedAt,
            SoakedAt = soakedAt,
            HasBegun = begun,
            Open = holdsUp is null && approved && gate is null,
            Passed = passed,
            Reason = reason,
            Message = message,
            NeedsPerson = needsPerson,
        };

        (string Reason, string Message, bool NeedsPerson) Why()
        {
            var count = $"{tally.Updated} of {tally.Total} nodes are updated";
            if (tally.Total == 0)
            {
                return (Reasons.NoNodes, "No node belongs to it, so it is skipped.", false);
            }

            if (settled && enough)
            {
                return soakedAt > context.Now && !isLast
                    ? (Reasons.WaveSoaking, $"{count}. Soaking until {MessageText.Of(soakedAt.Value)}.", false)
                    : (Reasons.Succeeded, $"{count}.", false);
            }

            if (holdsUp is not null)
            {
                return (Reasons.WaitingForWave, $"Waiting for wave {holdsUp.Name} ({holdsUp.Reason}).", false);
            }

            return !approved ? (Reasons.WaitingForApproval, HowToApprove(context.Spec.Rollout, spec.Name, target), true)
                : gate is not null && tally.CanGo > 0 ? (gate.Reason, gate.Message, gate.NeedsPerson)
                : !settled ? (Reasons.RollingOut, $"{count}, {tally.InFlight} in flight.", false)
                : Standstill(spec, tally, count, isLast);
        }
    }

    /// <summary>
    /// Of the nodes that are there and not on hold. A wave of which no node is there proves nothing, whatever the threshold.
    /// </summary>
    private static bool IsEnough(WaveSpec spec, WaveTally tally)
    {
        var there = tally.Total - tally.Away - tally.Held;
        return there > 0 && (long)tally.Updated * 100 >= (long)spec.SuccessThreshold.Value * there;
    }

    private static bool IsApproved(RolloutSpec rollout, string wave, NodeImage target) => GrantOf(rollout, wave) is { } grant && Digest.Bare(grant.Digest) == Digest.Bare(target.Digest);

    private static WaveApprovalGrant? GrantOf(RolloutSpec rollout, string wave) => rollout.Approvals?.FirstOrDefault(a => a.Wave == wave);

    private static string HowToApprove(RolloutSpec rollout, string wave, NodeImage target)
    {
        var former = GrantOf(rollout, wave) is { } grant ? $" The existing approval is for another digest, {Digest.Shorten(grant.Digest)}." : "";
        return $"Waiting for approval of {MessageText.Of(target)}: run kubectl ostler approve, or add {{wave: {wave}, digest: \"{target.Digest}\"}} to spec.rollout.approvals.{former}";
    }

    private static (string Reason, string Message, bool NeedsPerson) Standstill(WaveSpec spec, WaveTally tally, string count, bool isLast)
    {
        var stuck = Stuck(tally, count);
        if (tally.Held > 0 && tally.Held + tally.Updated == tally.Total)
        {
            return (Reasons.NodesHeld, stuck + ".", true);
        }

        // Of a wave of which no node could be tried yet, the threshold says nothing.
        return isLast || tally.Failed + tally.Updated == 0
            ? (tally.Failed > 0 ? Reasons.NodesFailed : Reasons.NodesBlocked, stuck + ".", tally.MayHeal == 0)
            : (Reasons.WaveBelowThreshold, stuck + BelowThreshold(spec), tally.MayHeal == 0);
    }

    private static string Stuck(WaveTally tally, string count)
    {
        var stuck = tally.FirstStuck is { } first ? $", {first.Node} is blocked ({first.Reason})" : "";
        var away = (tally.Away > 0 ? $", {tally.Away} not Ready" : "") + (tally.Held > 0 ? $", {tally.Held} held" : "");
        return $"{count}, {tally.Failed} failed{away}{stuck}";
    }

    private static string BelowThreshold(WaveSpec spec) =>
        $"; successThreshold requires {spec.SuccessThreshold} of the Ready nodes. The next wave waits. Fix the nodes and "
        + "run kubectl ostler retry, or lower successThreshold.";
}
