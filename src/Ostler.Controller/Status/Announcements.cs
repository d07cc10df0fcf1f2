using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Events;
using Ostler.Rollout.Plan;

namespace Ostler.Controller.Status;

/// <summary>Publishes an Event.</summary>
internal delegate void PublishEvent(ObjectRef regarding, EventType type, string reason, string message, string action);

/// <summary>
/// Publishes Events about what happened, with the same reasons as in conditions: each step of a node on the Node, each turn of a rollout on
/// its policy. The recorder counts repetitions and drops what would flood an object, so that a fleet's Events stay readable.
/// </summary>
internal sealed partial class Announcements(PublishEvent publish)
{
    /// <summary>The conditions whose change is worth an Event, and whether being True is bad news.</summary>
    private static readonly (string Type, bool TrueIsBad)[] OfPolicies =
        [(ConditionTypes.Accepted, false), (ConditionTypes.Halted, true), (ConditionTypes.Conflicted, true), (ConditionTypes.Notified, false), (ConditionTypes.Ready, false)];

    /// <summary>The reasons for which a node's goal is set at the end of its way.</summary>
    private static readonly HashSet<string> Ends = [Reasons.Updated, Reasons.RolledBack, Reasons.Released];

    /// <summary>The reasons for which it is set at a step that only the controller sees.</summary>
    private static readonly HashSet<string> Steps = [Reasons.DrainCompleted, Reasons.Soaking];

    private static readonly HashSet<string> StuckReasons = [Reasons.HealthCheckError, Reasons.HealthCheckMissing];

    /// <summary>A write to a node that went through.</summary>
    public void Applied(NodeAction action)
    {
        // Cordon and goal are two writes of one step: one Event is enough.
        if (action.IsWarning || action is NodeAction.Cordon or NodeAction.RemoveJoinTaint
            || (action is NodeAction.ApplySpec && (Ends.Contains(action.Reason) || Steps.Contains(action.Reason))))
        {
            publish(ObjectRef.ToNode(action.Node), action.IsWarning ? EventType.Warning : EventType.Normal, action.Reason, action.Message, ActionOf(action));
        }
    }

    /// <summary>A policy's status that was written.</summary>
    public void Changed(UpgradePolicy before, UpgradePolicy after)
    {
        ChangedStandstill(before, after);
        ChangedRollout(before, after);
        StuckChecks(before, after);
        ChangedGates(before, after);
        foreach (var (type, trueIsBad) in OfPolicies)
        {
            var was = before.Status?.Conditions.Find(type)?.Status;
            if (after.Status?.Conditions.Find(type) is not { } now || now.Status == was || now.Status == ConditionStatus.Unknown)
            {
                continue;
            }

            var holds = now.Status == ConditionStatus.True;
            var bad = holds == trueIsBad;

            // Not Ready is the way of every rollout, and the good half of the others is how things start out.
            if (bad ? type != ConditionTypes.Ready : type == ConditionTypes.Ready || (was is not null && type != ConditionTypes.Accepted))
            {
                publish(ObjectRef.To(OstlerResources.UpgradePolicies, after), bad ? EventType.Warning : EventType.Normal, now.Reason, now.Message, "Report");
            }
        }
    }

    // The other ways to come to a standstill have conditions of their own.
    private void ChangedStandstill(UpgradePolicy before, UpgradePolicy after)
    {
        if (after.Status?.Conditions.Find(ConditionTypes.Stalled) is { Status: ConditionStatus.True, Reason: Reasons.WorkloadsNotRecovered } stalled
            && before.Status?.Conditions.Find(ConditionTypes.Stalled)?.Reason != Reasons.WorkloadsNotRecovered)
        {
            publish(ObjectRef.To(OstlerResources.UpgradePolicies, after), EventType.Warning, stalled.Reason, stalled.Message, "Report");
        }
    }

    /// <summary>
    /// Health checks that cannot be made, time and again: once for each node, as long as its status goes on to say so. The deadline will
    /// end it, but who could still see to it must hear of it before.
    /// </summary>
    private void StuckChecks(UpgradePolicy before, UpgradePolicy after)
    {
        foreach (var node in after.Status?.Blocked ?? [])
        {
            if (StuckReasons.Contains(node.Reason) && before.Status?.Blocked?.Any(b => b.Node == node.Node && b.Reason == node.Reason) != true)
            {
                publish(ObjectRef.ToNode(node.Node), EventType.Warning, node.Reason, node.Message ?? "", "Verify");
            }
        }
    }

    /// <summary>An image's status that was written.</summary>
    public void Changed(OSImage before, OSImage after)
    {
        var regarding = ObjectRef.To(OstlerResources.OSImages, after);
        var was = before.Status?.Conditions.Find(ConditionTypes.Ready);
        if (after.Status?.Conditions.Find(ConditionTypes.Ready) is { Status: ConditionStatus.False } ready
            && (was?.Status != ConditionStatus.False || was.Reason != ready.Reason))
        {
            publish(regarding, EventType.Warning, ready.Reason, ready.Message, "Resolve");
        }

        if (after.Status?.Resolved is { } resolved && resolved.Digest != before.Status?.Resolved?.Digest)
        {
            publish(regarding, EventType.Normal, Reasons.Resolved, $"{resolved.Reference} is {resolved.Digest}{(resolved.Version is { } v ? $" ({v})" : "")}.", "Resolve");
        }
    }

    private static string ActionOf(NodeAction action) => action switch
    {
        NodeAction.Cordon => "Cordon",
        NodeAction.Uncordon => "Uncordon",
        NodeAction.RemoveJoinTaint => "Untaint",
        NodeAction.ApplySpec apply => apply.Spec.Goal.ToString(),
        NodeAction.EvictPod or NodeAction.DeletePod or NodeAction.CancelMigration => "Drain",
        _ => throw new InvalidOperationException($"{action.GetType().Name} has no name for Events."),
    };
}
