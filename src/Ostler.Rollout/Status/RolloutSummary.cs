using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Status;

/// <summary>How a rollout stands as a whole.</summary>
/// <param name="IsReady">Every node is where it should be.</param>
/// <param name="IsMoving">Something goes on, or will without anybody's doing.</param>
/// <param name="NeedsPerson">Nothing will before somebody acts.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, for people, and what to do.</param>
internal sealed record RolloutSummary(bool IsReady, bool IsMoving, bool NeedsPerson, string Reason, string Message)
{
    /// <summary>Nothing goes on now, but something will without anybody's doing: a window opens, a soak ends.</summary>
    public bool WillMove { get; init; }

    public static RolloutSummary Of(RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, NodeCounts counts)
    {
        // A slot that is held until a person acts moves nothing, though its pods are tried again and again.
        var inFlight = verdicts.Count(v => v is { InFlight: true, NeedsPerson: false });
        // A pass that does something is no standstill, whatever it leaves: a node is uncordoned, or given back, and the next pass sees to
        // it.
        var acts = inFlight > 0 || plan.Actions.Any(a => a is not (NodeAction.EvictPod or NodeAction.DeletePod));
        if (plan.TakingBack is { IsOver: false } back)
        {
            return GoingBack(snapshot, plan, verdicts, back, inFlight, acts);
        }

        // What time opens holds nobody up who is there already.
        if (plan.Gate is { } gate && (gate.NeedsPerson || !gate.StagingAllowed)
            && !(gate.OpensAt is not null && counts.Total > 0 && counts.Updated == counts.Total))
        {
            var waits = gate is { NeedsPerson: false, OpensAt: null };
            var message = gate.Message + Ending(inFlight) + Held(verdicts);
            return new(false, acts || waits, gate.NeedsPerson, gate.Reason, message) { WillMove = gate.OpensAt is not null };
        }

        var waiting = verdicts.Any(v => v is { Selected: true, Tally: not NodeTally.Updated, NeedsPerson: false });
        if (plan.Conflicts.Count > 0)
        {
            // The nodes of no other policy go on, unless they would not without the conflict either.
            var goOn = waiting && plan.Gate is null && !OfNodes(snapshot, plan, verdicts, counts, inFlight, acts, waiting).NeedsPerson;
            return new(false, acts || goOn, true, Reasons.PolicyConflict, PolicyConditions.ConflictMessage(plan));
        }

        return counts.Total == 0
            ? new(true, inFlight > 0, false, Reasons.NoNodes, NoNodes(snapshot))
            : OfNodes(snapshot, plan, verdicts, counts, inFlight, acts, waiting);
    }

    private static string NoNodes(RolloutSnapshot snapshot)
    {
        var never = snapshot.Nodes.Where(n => snapshot.Policy.Spec!.NodeSelector.Matches(n.Labels) && NodeMarks.WhyNoAgent(n.Labels) is not null).ToArray();
        return never.Length == 0
            ? "The selector matches no node."
            : $"The selector matches only nodes that cannot run an agent ({MessageText.List([.. never.Select(n => NodeMarks.WhyNoAgent(n.Labels)!).Distinct().Order(StringComparer.Ordinal)])}).";
    }

    private static RolloutSummary OfNodes(
        RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, NodeCounts counts, int inFlight, bool acts, bool waiting)
    {
        var progress = Progress(snapshot, plan, verdicts, counts, inFlight);
        if (counts.Updated == counts.Total)
        {
            return new(true, inFlight > 0, false, Reasons.UpToDate, progress);
        }

        // Staging goes on while slots are held back, and so do the nodes in flight.
        var goesOn = inFlight > 0 || verdicts.Any(v => v is { Selected: true, Step: NodeStep.Staging, Blocked: false });
        if (plan.Gate is { } held && (held.Reason == Reasons.Paused || verdicts.Any(v => v is { Selected: true, Tally: not NodeTally.Updated, Blocked: false })))
        {
            return new(false, goesOn, false, held.Reason, $"{progress} {held.Message}") { WillMove = held.Reason != Reasons.Paused };
        }

        if (!acts && HeldBack(snapshot, plan, verdicts, goesOn) is { } why)
        {
            return new(
                false, goesOn, why.NeedsPerson && why.Reason is not (Reasons.WaitingForApproval or Reasons.NodesHeld), why.Reason,
                    $"{progress} {why.Message}")
            {
                WillMove = !why.NeedsPerson,
            };
        }

        // Of a gate that decides for each node by itself, and does so against all that are left.
        if (!acts && verdicts.FirstOrDefault(v => v.Selected && GateRules.IsWaiting(v.Reason)) is { } gated
            && verdicts.All(v => v is { Selected: false } or { Tally: NodeTally.Updated } || GateRules.IsWaiting(v.Reason)))
        {
            return new(false, goesOn, false, gated.Reason, $"{progress} {gated.Node}: {gated.Message}") { WillMove = true };
        }

        // With stageAhead 0 nobody stages before a slot is free.
        if (!acts && plan.Availability.Free == 0
            && verdicts.Any(v => v.Reason == Reasons.WaitingForSlot || (!goesOn && v.Reason is (Reasons.WaitingForStage or Reasons.TargetChanged))))
        {
            return NoSlotIsFree(snapshot, plan, verdicts, progress);
        }

        if (acts || verdicts.Any(v => v is { Selected: true, Tally: not NodeTally.Updated, Blocked: false }))
        {
            return new(false, true, false, Reasons.RollingOut, progress);
        }

        // Nothing is wrong, and nothing is under way: as while paused, and yet it must not look finished.
        if (counts.Failed + counts.RolledBack == 0
            && verdicts.Where(v => v is { Selected: true, Tally: not NodeTally.Updated }).All(v => v.Reason == Reasons.Held))
        {
            var first = verdicts.First(v => v is { Selected: true, Reason: Reasons.Held });
            return new(false, false, false, Reasons.NodesHeld, $"{progress} {first.Node}: {first.Message}");
        }

        // A node that backs off, or whose kubelet may come back, is tried again by itself: that is slow, but it is not at a standstill.
        var reason = counts.Failed + counts.RolledBack > 0 && !waiting ? Reasons.NodesFailed : Reasons.NodesBlocked;
        return new(false, waiting, !waiting, reason, progress);
    }

    // Halted, and yet under way: nodes that are well go back for those that failed.
    private static RolloutSummary GoingBack(
        RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, RollbackProgress back, int inFlight, bool acts)
    {
        var why = $"{FailureRules.WhatFailed(plan.Target!, plan.Failures)} {back.Message}";
        if (back is { UnderWay: 0, Gate: { } gate })
        {
            return new(false, inFlight > 0, gate.NeedsPerson, gate.Reason, $"{why} {gate.Message}") { WillMove = !gate.NeedsPerson && gate.Reason != Reasons.Paused };
        }

        // They need slots as others do, and may wait for one in vain.
        if (!acts && HeldByLimits(snapshot, verdicts) is { } held)
        {
            return new(false, false, held.NeedsPerson, held.Reason, $"{why} {held.Message}") { WillMove = !held.NeedsPerson };
        }

        return !acts && plan.Availability.Free == 0 ? NoSlotIsFree(snapshot, plan, verdicts, why) : new(false, true, false, Reasons.RollingBack, why);
    }

    // Why nodes that have staged get no slot though some are free, and whether only a person can change it.
    private static (string Reason, string Message, bool NeedsPerson)? HeldBack(
        RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, bool goesOn)
    {
        if (WaveProgress.UnderWay(plan.Waves) is { } wave
            && (wave.Reason is Reasons.WaitingForApproval or Reasons.WaveSoaking or Reasons.WaveBelowThreshold or Reasons.NodesHeld
                || GateRules.IsWaiting(wave.Reason)))
        {
            return (wave.Reason, $"Wave {wave.Name}: {wave.Message}", wave.NeedsPerson);
        }

        // Those that still stage may go though others may not.
        return goesOn ? null : HeldByLimits(snapshot, verdicts);
    }

    private static (string Reason, string Message, bool NeedsPerson)? HeldByLimits(RolloutSnapshot snapshot, IReadOnlyList<NodeVerdict> verdicts)
    {
        if (verdicts.FirstOrDefault(v => v.Reason == Reasons.WaitingForControlPlane) is { } node)
        {
            return IsForPerson(snapshot)
                ? (node.Reason, $"{node.Message} It is cordoned, and nothing continues on its own. Fix the node and release it.", true)
                : (node.Reason, node.Message, false);
        }

        // With nothing in flight, what takes up a domain is a node held after a failure.
        return verdicts.FirstOrDefault(v => v.Reason == Reasons.WaitingForDomain) is { } waits ? (waits.Reason, waits.Message, true) : null;
    }

    // With nothing in flight, a node of ours that is cordoned was so by a person, or is held after a failure. Of one that is not ours
    // another policy may be about to make an end, and a kubelet may come back.
    private static bool IsForPerson(RolloutSnapshot snapshot) =>
        snapshot.ControlPlane.Where(c => !c.InService).All(c => snapshot.Nodes.FirstOrDefault(n => n.Name == c.Name) is { Unschedulable: true });

    // Nodes that are out of service for other reasons take up the whole budget. Whoever waits for the rollout must learn which.
    private static RolloutSummary NoSlotIsFree(RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, string progress)
    {
        var unavailable = verdicts.Where(v => v is { Selected: true, Unavailable: true }).DistinctBy(v => v.Node).ToDictionary(v => v.Node, StringComparer.Ordinal);
        var nodes = snapshot.Nodes.Where(n => unavailable.ContainsKey(n.Name)).OrderBy(n => n.Name, StringComparer.Ordinal).ToArray();
        var which = MessageText.List([.. nodes.Select(n => $"{n.Name} ({Why(unavailable[n.Name], n)})")]);
        // A kubelet may come back by itself; a cordon is for a person to remove.
        var mayHeal = nodes.Any(n => n is { Unschedulable: false, Ready: false });
        return new(
            false, mayHeal, !mayHeal, Reasons.NodesBlocked,
            $"{progress} No slot is free: spec.rollout.maxUnavailable allows {plan.Availability.Limit}, and {nodes.Length} are unavailable: {which}.{Held(verdicts)}");

        static string Why(NodeVerdict verdict, NodeFacts node) =>
            IsHeld(verdict) || verdict is { InFlight: true, NeedsPerson: true } ? verdict.Reason : node.Unschedulable ? "cordoned" : "not Ready";
    }

    // One that could not fetch the target never had a slot.
    private static bool IsHeld(NodeVerdict verdict) => verdict is { Tally: NodeTally.Failed, Reason: not Reasons.StagingFailed };

    // Nodes that keep a slot until a person acts: the first by name, and what there is to do.
    private static string Held(IReadOnlyList<NodeVerdict> verdicts)
    {
        var held = verdicts.Where(v => v is { Unavailable: true, NeedsPerson: true } && (v.InFlight || IsHeld(v))).ToArray();
        return held is [var first, ..] ? $" {first.Node} keeps its slot{(held.Length > 1 ? $", like {held.Length - 1} more" : "")}: {first.Message}" : "";
    }

    private static string Ending(int inFlight) => inFlight switch
    {
        0 => "",
        1 => " 1 node in flight finishes.",
        _ => $" {inFlight} nodes in flight finish.",
    };

    private static string Progress(RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, NodeCounts counts,
        int inFlight)
    {
        var text = $"{counts.Updated} of {counts.Total} nodes run {MessageText.Of(plan.Target!)}";
        if (snapshot.Policy.Spec?.Rollout.RebootBefore is { } before && verdicts.Any(v => v is { Selected: true, ToReboot: true }))
        {
            text += $" and have booted since {MessageText.Of(before)}";
        }

        text += inFlight > 0 ? $", {inFlight} in flight" : "";
        text += counts.Staged > 0 ? $", {counts.Staged} staged" : "";
        text += counts.RolledBack > 0 ? $", {counts.RolledBack} rolled back" : "";
        text += counts.Failed > 0 ? $", {counts.Failed} failed" : "";
        text += counts.Held > 0 ? $", {counts.Held} held" : "";
        if (WaveProgress.UnderWay(plan.Waves) is { } wave)
        {
            text += $", wave {wave.Name} {wave.Updated} of {wave.Total}";
        }

        var blocked = verdicts.Where(v => v is { Selected: true, Blocked: true }).ToArray();
        return blocked is [var first, ..]
            ? $"{text}; {blocked.Length} blocked, first {first.Node}: {first.Reason}."
            : $"{text}.";
    }
}
