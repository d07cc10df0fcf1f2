using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>
/// The arrows of the state machine: each makes the writes of one step, in an order in which a crash after any of them leaves a state that
/// leads on to the same end.
/// </summary>
internal static partial class NodeTransitions
{
    /// <summary>Staged → Cordoned: the node gets a slot.</summary>
    [Transition(NodeStep.Staged, NodeStep.Cordoned, "dry run of the drain passed, slot granted")]
    [Transition(NodeStep.Updated, NodeStep.Cordoned, "slot granted for the rollback of a scope")]
    public static (NodeVerdict Verdict, NodeAction Action) Grant(RolloutContext context, NodeFacts node, NodeVerdict verdict)
    {
        var where = context.TakesBack ? $"to roll back to {MessageText.Of(node.OS!.Spec.LastUpgrade!.Previous!)}"
            : $"{(node.OS!.Spec.IsRebooting() ? "to reboot into" : "for")} {MessageText.Of(node.OS.Spec.Image!)}";
        var message = $"Cordoned {where}. Its pods are evicted next."
            + (node.Preflight?.Error is { } error ? $" The dry run of the evictions failed: {error}" : "");
        return (
            verdict with
            {
                Step = NodeStep.Cordoned,
                Reason = Reasons.SlotGranted,
                Message = message,
                Tally = NodeTally.Updating,
                InFlight = true,
                Unavailable = true,
                Deadline = context.Now.After(context.Spec.Drain.Timeout),
            },
            new NodeAction.Cordon(node.Name, node.Uid, context.Policy, context.Now.TruncateToSeconds(), Reasons.SlotGranted, message)
            {
                Grants = true,
                ResourceVersion = node.ResourceVersion,
            });
    }

    /// <summary>Updated, and from now on for workloads, too: the taint with which it registered goes.</summary>
    public static NodeDecision Admit(RolloutContext context, NodeView view)
    {
        const string message = "Runs the target: the taint " + NodeMarks.OutdatedTaint + ", with which it registered, is removed.";
        return With(
            NodeDecision.Report(view, NodeStep.Updated, Reasons.Updated, view.Target!.UpdatedMessage, NodeTally.Updated),
            new NodeAction.RemoveJoinTaint(view.Node.Name, view.Node.Uid, Reasons.JoinTaintRemoved, message) { ResourceVersion = view.Node.ResourceVersion });
    }

    /// <summary>A node that the policy does not select any more is free for the one that does.</summary>
    [Transition(NodeStep.Staging, NodeStep.Idle, "no longer selected")]
    [Transition(NodeStep.Staged, NodeStep.Idle, "no longer selected")]
    public static NodeDecision LetGo(RolloutContext context, NodeView view)
    {
        var message = context.Exists ? "The policy no longer selects the node." : $"Policy {context.Policy} no longer exists.";
        return With(
            NodeDecision.Report(view, NodeStep.Idle, Reasons.Released, message, NodeTally.Pending),
            Apply(view.Node, NodeSpecs.Released(context, view), Reasons.Released, message));
    }

    /// <summary>Cordoned → AtRest: given back before it was told to boot, with nothing held against it.</summary>
    public static NodeDecision Release(RolloutContext context, NodeView view, string reason, string message) =>
        Release(context, view, reason, message, null);

    /// <summary>Cordoned → AtRest: given back, and left alone for a while. Another node takes the slot.</summary>
    public static NodeDecision ReleaseWithBackoff(RolloutContext context, NodeView view, string reason, string message) =>
        Release(
            context, view, reason, message,
            view.Spec.Image is { } image ? BackoffRules.Next(view.Spec.Backoff, image.Digest, reason, message, context.Now) : null);

    // The record first: a slot beside the goal Observe is one to be given back, so that a crash in between changes nothing.
    [Transition(NodeStep.Cordoned, NodeStep.Idle, "released")]
    [Transition(NodeStep.Drained, NodeStep.Idle, "released")]
    [Transition(NodeStep.Cordoned, NodeStep.Updated, "released, stays on the target")]
    [Transition(NodeStep.Cordoned, NodeStep.Soaking, "released, stays on the target; displaced workloads awaited")]
    [Transition(NodeStep.Drained, NodeStep.Updated, "released, stays on the target")]
    [Transition(NodeStep.Drained, NodeStep.Soaking, "released, stays on the target; displaced workloads awaited")]
    [Transition(NodeStep.Rebooting, NodeStep.Idle, "boot was lost, released")]
    [Transition(NodeStep.Failed, NodeStep.Idle, "a user retries")]
    private static NodeDecision Release(RolloutContext context, NodeView view, string reason, string message, NodeBackoff? backoff)
    {
        var text = backoff is null ? message : $"{message} Next try at {MessageText.Of(backoff.Until)}.";
        var runsOn = view.IsGoingBack && view.Selected;
        var spec = runsOn ? NodeSpecs.Stays(context, view, backoff) : NodeSpecs.Released(context, view, backoff);
        var (step, tally) = runsOn && view.RunsTarget ? (NodeStep.Updated, NodeTally.Updated) : (NodeStep.Idle, NodeTally.Pending);
        var record = spec with { Backend = view.Spec.Backend } == view.Spec ? [] : (NodeAction[])[Apply(view.Node, spec, reason, text, warning: backoff is not null)];
        NodeAction[] service = [.. CancelMigrations(view, reason), .. UncordonIfOurs(context, view, reason, text)];
        return With(
            NodeDecision.Report(view, step, reason, text, tally, blocked: backoff is not null) with { WakeUp = backoff?.Until },
            // What the API server refuses to record must not keep the node out of service.
            view.Node.Refused is null ? [.. record, .. service] : [.. service, .. record]);
    }

    /// <summary>The second half of a release.</summary>
    [Transition(NodeStep.Failed, NodeStep.RolledBack, "a user uncordoned the node")]
    public static NodeDecision FinishRelease(RolloutContext context, NodeView view)
    {
        const string message = "The node is released.";
        return With(
            NodeDecision.Report(view, NodeStep.Idle, Reasons.Released, message, NodeTally.Pending),
            [.. CancelMigrations(view, Reasons.Released), .. UncordonIfOurs(context, view, Reasons.Released, message)]);
    }

    // Before the uncordon, in whose absence the next pass does it again: a virtual machine whose node stays must not be moved later on.
    private static IEnumerable<NodeAction> CancelMigrations(NodeView view, string reason) =>
        from pod in view.Node.CordonedBy is null ? [] : view.Node.Pods ?? []
        where pod is { MigratesOnEviction: true, DeletionTimestamp: null }
        orderby pod.Namespace, pod.Name
        select new NodeAction.CancelMigration(
            view.Node.Name, view.Node.Uid, pod.Namespace, pod.Controller!.Name, reason,
            $"Cancels the evacuation of VirtualMachineInstance {pod.Namespace}/{pod.Controller.Name}: its node is released.");

    /// <summary>Somebody uncordoned a node under way: the cordon is put back, the slot and its deadlines stay those of the first.</summary>
    public static NodeDecision Recordon(RolloutContext context, NodeView view, NodeStep step, DateTimeOffset at, string why) => With(
        NodeDecision.Report(view, step, Reasons.CordonLost, why, NodeTally.Updating) with { WakeUp = NodeDeadlineRules.Drained(view.Node, context.Spec) },
        CordonAgain(context, view, at, why));

    /// <summary>As <see cref="Recordon"/>, for a node that waits for its boot or its checks: beside what else is to be done.</summary>
    public static NodeDecision KeepCordoned(RolloutContext context, NodeView view, NodeDecision decision) =>
        view.Node.Unschedulable || decision.Actions.Any(a => a is NodeAction.Uncordon) || decision.Verdict.Tally is not (NodeTally.Updating or NodeTally.Failed)
            ? decision
            : decision with
            {
                Actions =
                [
                    CordonAgain(
                        context, view, view.Node.CordonedAt ?? view.Spec.GrantedAt ?? context.Now, "The node was uncordoned by someone else before its checks passed."),
                    .. decision.Actions,
                ],
            };

    /// <summary>Under onTimeout Force, what is left is deleted without regard to budgets. Graces hold.</summary>
    public static NodeDecision DeleteWhatIsLeft(RolloutContext context, NodeView view, DrainPass pass, DateTimeOffset until)
    {
        var pods = pass.Left.ToArray();
        var due = DrainPace.Due(pods, context.Now);

        // Pods that were never tried to be evicted, as those with data to keep, have workloads too.
        var record = pods.Length > 0 ? WorkloadRecovery.BeforeEviction(context, view, pass) : DisplacedRecord.Nothing;
        var message = pass.Completed
            ? "Drained by force."
            : $"onTimeout is Force: {MessageText.List([.. pods.Concat(pass.Terminating).Select(p => $"{p.Namespace}/{p.Name}")])} must go.";
        var said = NodeDecision.Report(
            view, pass.Completed ? NodeStep.Drained : NodeStep.Cordoned, Reasons.DrainForced, message, NodeTally.Updating, blocked: true, deadline: until);
        return said with
        {
            Verdict = said.Verdict with { Drain = pass },
            WakeUp = TimeMath.Earliest(until, DrainPace.Next(pods, context.Now)),
            Probes = record.Probe is { } question ? [question] : null,
            Actions = record.Probe is not null ? [] :
            [
                .. Record(view, record.Displaced),
                .. due.Select(p => new NodeAction.DeletePod(
                    view.Node.Name, view.Node.Uid, p.Namespace, p.Name, p.Uid, Grace(context), Reasons.DrainForced,
                    $"Deletes {p.Namespace}/{p.Name}, which was not evicted in time.") { IsWarning = true }),
            ],
        };
    }

    /// <summary>Drained → Rebooting: from here on the node is brought to an end, whatever happens to the policy.</summary>
    [Transition(NodeStep.Drained, NodeStep.Rebooting, "volumes detached, goal Boot")]
    public static NodeDecision OrderBoot(RolloutContext context, NodeView view, string reason, string why)
    {
        if (view.IsGoingBack)
        {
            return OrderBack(context, view, reason, why);
        }

        var spec = NodeSpecs.Boot(context, view);
        var message = $"{why}: instructed to boot {MessageText.Of(spec.Image!)}. Must report by {MessageText.Of(spec.Deadlines!.Reboot!.Value)}.";
        return With(
            NodeDecision.Report(view, NodeStep.Drained, reason, message, NodeTally.Updating, deadline: spec.Deadlines.Reboot),
            Apply(view.Node, spec, reason, message, warning: reason is Reasons.DrainForced or Reasons.VolumesStillAttached));
    }

    /// <summary>Verifying → Soaking.</summary>
    [Transition(NodeStep.Verifying, NodeStep.Soaking, "all checks pass")]
    public static NodeDecision BeginSoak(RolloutContext context, NodeView view)
    {
        var since = context.Now.TruncateToSeconds();
        var over = since.After(context.Spec.Rollout.Soak);
        var message = $"All checks pass and must keep passing until {MessageText.Of(over)}.";
        return With(
            NodeDecision.Report(view, NodeStep.Soaking, Reasons.Soaking, message, NodeTally.Updating, deadline: over),
            Apply(view.Node, view.Spec with { HealthySince = since }, Reasons.Soaking, message));
    }

    /// <summary>Soaking → Verifying: a check that passed does not any more.</summary>
    [Transition(NodeStep.Soaking, NodeStep.Verifying, "a check no longer passes")]
    public static NodeDecision LoseHealth(RolloutContext context, NodeView view, NodeDecision waits) =>
        With(waits, Apply(view.Node, view.Spec with { HealthySince = null }, waits.Verdict.Reason, waits.Verdict.Message, warning: true));

    /// <summary>Soaking → Updated. Uncordon first: a crash in between leaves a healthy node in service, and the record follows.</summary>
    [Transition(NodeStep.Soaking, NodeStep.Updated, "still healthy, displaced workloads available")]
    [Transition(NodeStep.Verifying, NodeStep.Updated, "all checks pass, no soak")]
    public static NodeDecision FinishUpdate(RolloutContext context, NodeView view)
    {
        var message = view.Spec.Image is { } image ? $"Healthy on {MessageText.Of(image)}." : "Healthy.";
        var spec = NodeSpecs.Updated(context, view);
        if (spec.Deadlines?.Recovered is { } until)
        {
            var waits = $"{message} Keeps its slot until displaced workloads are available again, at most until {MessageText.Of(until)}.";
            return With(
                NodeDecision.Report(view, NodeStep.Soaking, Reasons.WaitingForWorkloads, waits, NodeTally.Updating, deadline: until),
                [.. UncordonIfOurs(context, view, Reasons.Updated, message), Apply(view.Node, spec, Reasons.WaitingForWorkloads, waits)]);
        }

        var reached = view.RunsTarget;
        return With(
            NodeDecision.Report(view, NodeStep.Updated, Reasons.Updated, message, reached ? NodeTally.Updated : NodeTally.Pending),
            [.. UncordonIfOurs(context, view, Reasons.Updated, message), Apply(view.Node, spec, Reasons.Updated, message)]);
    }

    private static NodeAction.Cordon CordonAgain(RolloutContext context, NodeView view, DateTimeOffset at, string why) =>
        new NodeAction.Cordon(view.Node.Name, view.Node.Uid, context.Policy, at.TruncateToSeconds(), Reasons.CordonLost, $"{why} It is cordoned again.")
        {
            ResourceVersion = view.Node.ResourceVersion,
            IsWarning = true,
        };

    // Invariant 3: without the policy's mark the cordon is somebody else's.
    private static IEnumerable<NodeAction> UncordonIfOurs(RolloutContext context, NodeView view, string reason, string message)
    {
        if (view.HoldsSlot)
        {
            yield return new NodeAction.Uncordon(view.Node.Name, view.Node.Uid, context.Policy, reason, message) { ResourceVersion = view.Node.ResourceVersion };
        }
    }

    private static long? Grace(RolloutContext context) =>
        context.Spec.Drain.GracePeriod is { } grace ? (long)Math.Ceiling(grace.Value.TotalSeconds) : null;

    /// <summary>
    /// What the Node's label says of the host's tool is written where the agent may read it: the agent may not read its Node.
    /// </summary>
    public static NodeDecision FollowBackendLabel(RolloutContext context, NodeView view, NodeDecision decision)
    {
        var wanted = NodeMarks.BackendOf(view.Node.Labels);
        if (view.Spec.Policy != context.Policy || !view.OwnedByPolicy || view.Spec.Backend == wanted || decision.Actions.Any(static a => a is NodeAction.ApplySpec))
        {
            return decision;
        }

        var message = $"The label {NodeMarks.BackendLabel} of the node {(wanted is null ? "is gone: the agent finds the backend itself" : $"says {wanted}")}.";
        return With(decision, [.. decision.Actions, Apply(view.Node, view.Spec, decision.Verdict.Reason, message)]);
    }

    // The whole spec is replaced, so what the node's label says goes along with it.
    private static NodeAction.ApplySpec Apply(NodeFacts node, NodeOSSpec spec, string reason, string message, bool warning = false) =>
        new NodeAction.ApplySpec(node.Name, node.Uid, spec with { Backend = NodeMarks.BackendOf(node.Labels) }, reason, message)
        {
            ResourceVersion = node.OS?.ResourceVersion,
            IsWarning = warning,
        };

    private static NodeDecision With(NodeDecision decision, params NodeAction[] actions) => decision with { Actions = actions };
}
