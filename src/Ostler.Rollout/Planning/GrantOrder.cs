namespace Ostler.Rollout;

/// <summary>
/// Who goes first: zone after zone, so that as few zones as possible are disrupted at once; then the nodes that gave the least trouble,
/// the oldest, the name. The node that runs the controller goes last, whatever else holds: its reboot costs a change of leader.
/// </summary>
internal sealed class GrantOrder(string? leaderNode) : IComparer<NodeFacts>
{
    /// <summary>The well-known label of the failure domain.</summary>
    public const string ZoneLabel = "topology.kubernetes.io/zone";

    public int Compare(NodeFacts? x, NodeFacts? y)
    {
        if (ReferenceEquals(x, y))
        {
            return 0;
        }

        var order = (x!.Name == leaderNode).CompareTo(y!.Name == leaderNode);
        if (order == 0)
        {
            order = CompareZones(ZoneOf(x), ZoneOf(y));
        }

        if (order == 0)
        {
            order = TroubleOf(x).CompareTo(TroubleOf(y));
        }

        if (order == 0)
        {
            order = x.CreatedAt.CompareTo(y.CreatedAt);
        }

        return order == 0 ? string.CompareOrdinal(x.Name, y.Name) : order;
    }

    // Nodes without a zone go after those with one.
    private static int CompareZones(string? x, string? y) => (x, y) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        _ => string.CompareOrdinal(x, y),
    };

    private static string? ZoneOf(NodeFacts node) => node.Labels?.GetValueOrDefault(ZoneLabel);

    private static int TroubleOf(NodeFacts node) =>
        (node.OS?.Spec.Backoff?.Count ?? 0) + (node.OS?.Spec.Failure is null ? 0 : 1);
}
