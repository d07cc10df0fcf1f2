namespace Ostler.Api;

/// <summary>
/// The marks that the controller leaves on a Node. They are written in one patch with <c>spec.unschedulable</c>, so that a
/// cordon and the knowledge whose it is can never come apart; nothing else is said through annotations.
/// </summary>
public static class NodeAnnotations
{
    /// <summary>The policy that holds a slot for the node and cordoned it. A cordon without it is somebody else's and is never removed.</summary>
    public const string CordonedBy = OstlerApi.Group + "/cordoned-by";

    /// <summary>When: the moment that the slot was granted, from which the drain's deadline counts.</summary>
    public const string CordonedAt = OstlerApi.Group + "/cordoned-at";
}
