using Ostler.Api.Meta;

namespace Ostler.Rollout.Nodes;

/// <summary>How a user's hold on a node is written in messages.</summary>
internal static class HoldText
{
    /// <summary>Who holds the node, why, and how the hold is removed.</summary>
    public static string Of(string node, NodeHold hold)
    {
        var who = hold.By is { Length: > 0 } by ? $"Held by {by}" : "Held";
        var why = hold.Reason.Length > 0 ? $": {hold.Reason.TrimEnd('.')}." : ", without a reason.";
        var verb = hold.IsLabel ? "label" : "annotate";
        return $"{who}{why} When the node may be upgraded, run kubectl {verb} node {node} {NodeMarks.Hold}-.";
    }
}
