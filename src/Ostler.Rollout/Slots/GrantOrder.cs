using Ostler.Rollout.Context;

namespace Ostler.Rollout.Slots;

/// <summary>
/// Who goes first: wave after wave; within one, zone after zone, so that as few zones as possible are disrupted at once; then the nodes
/// that gave the least trouble, the oldest, the name. The node that runs the controller goes last of its wave, whatever else holds: its
/// reboot costs a change of leader.
/// </summary>
internal readonly struct GrantOrder : IComparable<GrantOrder>
{
    private readonly int _wave;
    private readonly bool _leader;
    private readonly string? _zone;
    private readonly int _trouble;
    private readonly DateTimeOffset _createdAt;
    private readonly string _name;

    private GrantOrder(RolloutContext context, NodeEntry node, int index, int wave)
    {
        Index = index;
        _wave = wave;
        _leader = node.Name == context.Snapshot.LeaderNode;
        _zone = node.Zone;
        _trouble = node.FailureScore;
        _createdAt = node.Facts.CreatedAt;
        _name = node.Name;
    }

    /// <summary>Which of the planner's nodes this is.</summary>
    public int Index { get; }

    public static GrantOrder Of(RolloutContext context, NodeEntry node, int index, int wave = 0) => new(context, node, index, wave);

    public int CompareTo(GrantOrder other)
    {
        var order = _wave.CompareTo(other._wave);
        if (order == 0)
        {
            order = _leader.CompareTo(other._leader);
        }

        if (order == 0)
        {
            order = CompareZones(_zone, other._zone);
        }

        if (order == 0)
        {
            order = _trouble.CompareTo(other._trouble);
        }

        if (order == 0)
        {
            order = _createdAt.CompareTo(other._createdAt);
        }

        return order == 0 ? string.CompareOrdinal(_name, other._name) : order;
    }

    // Nodes without a zone go after those with one.
    private static int CompareZones(string? x, string? y) => (x, y) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        _ => string.CompareOrdinal(x, y),
    };
}
