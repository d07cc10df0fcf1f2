using Ostler.Api.Meta;
using Ostler.Rollout.Context;

namespace Ostler.Rollout.Nodes;

/// <summary>How many nodes of the selection are unavailable, and how many may be.</summary>
internal static class Availability
{
    /// <summary>
    /// A node that anybody cordoned, one that is not Ready and one in flight are all out of service alike. To count only one's own is how a
    /// rollout drains the second replica of a database whose first sits on a node that died.
    /// </summary>
    public static bool IsUnavailable(NodeView view) => view.InFlight || (view.Selected && (view.Node.Unschedulable || !view.Node.Ready));

    /// <summary>At least one node must be able to move, however small the percentage.</summary>
    public static int Limit(IntOrPercent maxUnavailable, int total) => Math.Max(1, maxUnavailable.Of(total));
}
