using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    private const int VolumeFailuresAllowed = 3;
    private static readonly TimeSpan VolumePace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan VolumeAnswerLifetime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Its pods are gone. A reboot now would tear volumes from under the drivers that still detach them, and their pods would wait
    /// elsewhere for minutes (Multi-Attach); so the volumes are waited for, but not for ever.
    /// </summary>
    [Transition(NodeStep.Cordoned, NodeStep.Drained, "pods gone")]
    private static NodeDecision Drained(RolloutContext context, NodeView view, DrainPass pass)
    {
        const string empty = "No pod is left to evict";
        if (context.Spec.Drain.VolumeDetachTimeout is not { } timeout || timeout.Value <= TimeSpan.Zero)
        {
            return NodeTransitions.OrderBoot(context, view, Reasons.DrainCompleted, empty);
        }

        var volumes = view.Node.Volumes;
        if (volumes is null || volumes.At < view.Node.CordonedAt || volumes.At > context.Now || context.Now - volumes.At > VolumeAnswerLifetime)
        {
            return Detaching(view, pass, "Drained. Checking which volumes are still attached.", context.Now);
        }

        if (volumes.Error is { } error)
        {
            return volumes.Failures < VolumeFailuresAllowed
                ? Detaching(view, pass, $"Drained, but its volumes could not be checked: {error}", volumes.At.After(VolumePace))
                : NodeTransitions.OrderBoot(context, view, Reasons.VolumesStillAttached, $"{empty}, and whether volumes are attached is unknown ({error})");
        }

        if (volumes.Attached.Count == 0)
        {
            return NodeTransitions.OrderBoot(context, view, Reasons.DrainCompleted, $"{empty}, and their volumes are detached");
        }

        var which = MessageText.List(volumes.Attached);
        if (view.Spec.Deadlines?.Detached is not { } deadline)
        {
            return NodeTransitions.AwaitDetach(context, view, which);
        }

        return context.Now >= deadline
            ? NodeTransitions.OrderBoot(
                context, view, Reasons.VolumesStillAttached, $"{empty}, but volumes have not detached within {timeout} ({which})")
            : Detaching(view, pass, $"Drained. Waiting until {MessageText.Of(deadline)} for volumes to detach: {which}.", volumes.At.After(VolumePace), deadline);
    }

    private static NodeDecision Detaching(NodeView view, DrainPass pass, string message, DateTimeOffset askAt, DateTimeOffset? deadline = null) =>
        NodeDecision.Report(view, NodeStep.Drained, Reasons.WaitingForVolumes, message, NodeTally.Updating, deadline: deadline) with
        {
            Probes = [new Probe.Volumes(view.Node.Name, view.Node.Uid, askAt, pass.Staying)],
        };
}
