using Ostler.Api;
using Ostler.Controller.Resources;
using Ostler.Kubernetes;
using Ostler.Rollout;

namespace Ostler.Controller.Status;

/// <summary>Publishes an Event.</summary>
public delegate void PublishEvent(ObjectRef regarding, EventType type, string reason, string message, string action);

/// <summary>
/// Tells people in Events what happened, with the same reasons as in conditions. Few: a node is told of when it is taken, when it is through
/// and when something went wrong; the steps between are in status.
/// </summary>
public sealed class Announcements(PublishEvent publish)
{
    /// <summary>The conditions whose change is worth an Event, and whether being True is bad news.</summary>
    private static readonly (string Type, bool TrueIsBad)[] OfPolicies =
        [(ConditionTypes.Accepted, false), (ConditionTypes.Halted, true), (ConditionTypes.Conflicted, true), (ConditionTypes.Ready, false)];

    /// <summary>The reasons for which a node's goal is set at the end of its way.</summary>
    private static readonly HashSet<string> Ends = [Reasons.Updated, Reasons.RolledBack, Reasons.Released];

    /// <summary>A write to a node that went through.</summary>
    public void Applied(NodeAction action)
    {
        // Cordon and goal are two writes of one step: one Event is enough.
        if (action.IsWarning || action is NodeAction.Cordon or NodeAction.RemoveJoinTaint || (action is NodeAction.ApplySpec && Ends.Contains(action.Reason)))
        {
            publish(ObjectRef.ToNode(action.Node), action.IsWarning ? EventType.Warning : EventType.Normal, action.Reason, action.Message, ActionOf(action));
        }
    }

    /// <summary>A policy's status that was written.</summary>
    public void Changed(UpgradePolicy before, UpgradePolicy after)
    {
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
                publish(ObjectRef.To(ControllerResources.UpgradePolicies, after), bad ? EventType.Warning : EventType.Normal, now.Reason, now.Message, "Report");
            }
        }
    }

    /// <summary>An image's status that was written.</summary>
    public void Changed(OSImage before, OSImage after)
    {
        var regarding = ObjectRef.To(ControllerResources.OSImages, after);
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
        _ => "Drain",
    };
}
