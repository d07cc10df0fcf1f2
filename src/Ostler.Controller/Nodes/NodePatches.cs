using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;

namespace Ostler.Controller.Nodes;

/// <summary>The bodies of the writes to Nodes and NodeOSes, with what must be so before they are made. Pure.</summary>
internal static class NodePatches
{
    /// <summary>Cordon and the knowledge whose it is, in one write: a crash between two would leave a cordon that nobody removes.</summary>
    public static Patch Cordon(NodeAction.Cordon action) => Patch
        .Merge(Body(unschedulable: true, action.Policy, Timestamp.Format(action.At)))
        .OnlyIf(action.NodeUid, action.ResourceVersion);

    /// <summary>
    /// The cordon and both marks go in one write. <c>unschedulable: null</c> removes the field, as kubectl uncordon does.
    /// </summary>
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
            body["timeAdded"] = Timestamp.Format(added);
        }

        return body;
    }

    /// <summary>
    /// The whole spec, put in the place of the one that is there: what it leaves out is gone. Not by server-side apply: API servers before
    /// 1.22 leave a field where it is when an object was created, or edited by a person, by another way than apply, and a rollout would
    /// wait for ever for a goal that it has written.
    /// </summary>
    public static Patch ApplySpec(NodeAction.ApplySpec action, string? uid)
    {
        // Both belong to what the server compares when it stores: another object, or a later version of it, is a conflict.
        var operations = new JsonArray();
        Must("/metadata/uid", uid);
        Must("/metadata/resourceVersion", action.ResourceVersion);
        operations.Add((JsonNode)Operation("/spec", Body(action.Spec)));
        return Patch.Json(operations);

        void Must(string path, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                operations.Add((JsonNode)Operation(path, value));
            }
        }
    }

    /// <summary>The backend of a NodeOS that is no policy's. Null removes it.</summary>
    public static Patch Backend(NodeOS os, string? backend) => Patch
        .Merge(new JsonObject { ["spec"] = new JsonObject { ["backend"] = backend } })
        .OnlyIf(os.Metadata.Uid, os.Metadata.ResourceVersion);

    // "add" puts a value in the place of one that is there.
    private static JsonObject Operation(string path, JsonNode value) => new() { ["op"] = "add", ["path"] = path, ["value"] = value };

    private static JsonObject Body(bool? unschedulable, string? by, string? at) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["annotations"] = new JsonObject { [NodeAnnotations.CordonedBy] = by, [NodeAnnotations.CordonedAt] = at },
        },
        ["spec"] = new JsonObject { ["unschedulable"] = unschedulable },
    };

    // Through the whole object, because the serializer knows no other root; the status is the agent's and is not in it.
    private static JsonNode Body(NodeOSSpec spec) =>
        JsonSerializer.SerializeToNode(new NodeOS { Spec = spec }, OstlerJson.Default.NodeOS)!["spec"]!.DeepClone();
}
