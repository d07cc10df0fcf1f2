using System.Text.Json.Nodes;
using System.Text.Json;
using Ostler.Api;
using Ostler.Controller.Resources;
using Ostler.Kubernetes;
using Ostler.Rollout;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>The bodies of the writes to Nodes and NodeOSes, with what must be so before they are made. Pure.</summary>
public static class NodePatches
{
    /// <summary>Cordon and the knowledge whose it is, in one write: a crash between two would leave a cordon that nobody removes.</summary>
    public static Patch Cordon(NodeAction.Cordon action) => Patch
        .Merge(Body(unschedulable: true, action.Policy, action.At.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null)))
        .OnlyIf(action.NodeUid, action.ResourceVersion);

    /// <summary>The cordon and both marks go in one write. <c>unschedulable: null</c> removes the field, as kubectl uncordon does.</summary>
    public static Patch Uncordon(NodeAction.Uncordon action) => Patch
        .Merge(Body(unschedulable: null, null, null))
        .OnlyIf(action.NodeUid, action.ResourceVersion);

    /// <summary>
    /// The list of taints without ours. A merge patch replaces the whole list, so it must not hit a Node that changed since it was read.
    /// </summary>
    public static Patch RemoveJoinTaint(NodeAction.RemoveJoinTaint action, IReadOnlyList<NodeTaint>? taints)
    {
        var left = (taints ?? []).Where(t => t.Key != NodeMarks.OutdatedTaint).Select(static t => (JsonNode)TaintBody(t)).ToArray();
        return Patch
            .Merge(new JsonObject { ["spec"] = new JsonObject { ["taints"] = left.Length == 0 ? null : new JsonArray(left) } })
            .OnlyIf(action.NodeUid, action.ResourceVersion);
    }

    private static JsonObject TaintBody(NodeTaint taint)
    {
        var body = new JsonObject { ["key"] = taint.Key, ["effect"] = taint.Effect };
        if (taint.Value is { } value)
        {
            body["value"] = value;
        }

        if (taint.TimeAdded is { } added)
        {
            body["timeAdded"] = added.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        }

        return body;
    }

    /// <summary>
    /// The whole spec by server-side apply: what it leaves out is removed. Forced, because the controller is the one writer of the
    /// spec and a person's edit of it must not stop a rollout half way.
    /// </summary>
    public static Patch ApplySpec(NodeAction.ApplySpec action, string? uid) => Patch
        .Apply(Body(action.Spec), force: true)
        .OnlyIf(uid, action.ResourceVersion);

    private static JsonObject Body(bool? unschedulable, string? by, string? at) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["annotations"] = new JsonObject { [NodeAnnotations.CordonedBy] = by, [NodeAnnotations.CordonedAt] = at },
        },
        ["spec"] = new JsonObject { ["unschedulable"] = unschedulable },
    };

    private static JsonObject Body(NodeOSSpec spec)
    {
        // Through the whole object, because the serializer knows no other root; the status is the agent's and is not in it.
        var whole = JsonSerializer.SerializeToNode(new NodeOS { Spec = spec }, OstlerJson.Default.NodeOS)!.AsObject();
        var body = whole["spec"]!.DeepClone();
        return new JsonObject { ["apiVersion"] = ControllerResources.NodeOSes.ApiVersion, ["kind"] = ControllerResources.NodeOSes.Kind, ["spec"] = body };
    }
}
