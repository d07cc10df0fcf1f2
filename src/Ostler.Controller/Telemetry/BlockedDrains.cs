using System.Collections.Concurrent;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Telemetry;

/// <summary>A drain that a PodDisruptionBudget holds up.</summary>
/// <param name="Node">The node.</param>
/// <param name="Budget">The budget as namespace/name; <see cref="Several"/> when a pod has more than one, <see cref="Unnamed"/> when the
/// server did not say which.</param>
internal readonly record struct BlockedDrain(string Node, string Budget)
{
    /// <summary>The API server evicts no pod that several budgets select.</summary>
    public const string Several = "several";

    public const string Unnamed = "unnamed";

    /// <summary>Those of a pass.</summary>
    /// <param name="nodes">Where the nodes are.</param>
    /// <param name="evictions">What evictions of this very pass gave; newer than what the pods carry.</param>
    public static IReadOnlyCollection<BlockedDrain> Of(IReadOnlyList<NodeVerdict> nodes, IReadOnlyList<EvictionResult> evictions)
    {
        var latest = new Dictionary<string, EvictionResult>(StringComparer.Ordinal);
        foreach (var eviction in evictions)
        {
            latest[eviction.Uid] = eviction;
        }

        var blocked = new HashSet<BlockedDrain>();
        foreach (var node in nodes)
        {
            foreach (var pod in node.Drain?.Evict ?? [])
            {
                var last = latest.GetValueOrDefault(pod.Uid) ?? pod.LastEviction;
                if (last is { Outcome: EvictionOutcome.BlockedByBudget } by)
                {
                    blocked.UnionWith((by.Budget?.Split(", ").Select(name => $"{by.Namespace}/{name}") ?? [Unnamed]).Select(budget => new BlockedDrain(node.Node, budget)));
                }
                else if (last is { Outcome: EvictionOutcome.SeveralBudgets })
                {
                    blocked.Add(new(node.Node, Several));
                }
            }
        }

        return blocked;
    }
}

/// <summary>How long drains are held up, by budget: from one look at a policy to the next.</summary>
/// <remarks>
/// Remembered in memory, and so only good for counting: a restart loses what has passed since the last look. Two drains that one budget
/// holds up for a minute are two minutes.
/// </remarks>
internal sealed class BlockedDrains
{
    /// <summary>
    /// How many budgets get series of their own, so that a policy with a budget for every tenant does not fill a Prometheus.
    /// </summary>
    public const int MostBudgets = 100;

    /// <summary>The label of all further ones.</summary>
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, (IReadOnlyCollection<BlockedDrain> Blocked, DateTimeOffset At)> _last = new();
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>
    /// The seconds to count for each budget: 0 when it begins to hold a drain up, so that a series starts at its beginning.
    /// </summary>
    public IReadOnlyDictionary<string, double> Observe(string policy, IReadOnlyCollection<BlockedDrain> blocked, DateTimeOffset now)
    {
        var seconds = new Dictionary<string, double>(StringComparer.Ordinal);
        if (_last.TryGetValue(policy, out var last))
        {
            foreach (var drain in last.Blocked)
            {
                Add(drain.Budget, Math.Max(0, (now - last.At).TotalSeconds));
            }
        }

        foreach (var drain in blocked)
        {
            Add(drain.Budget, 0);
        }

        if (blocked.Count == 0)
        {
            _last.TryRemove(policy, out _);
        }
        else
        {
            _last[policy] = (blocked, now);
        }

        return seconds;

        void Add(string budget, double passed)
        {
            var label = LabelOf(budget);
            seconds[label] = seconds.GetValueOrDefault(label) + passed;
        }
    }

    public void Clear() => _last.Clear();

    // Kept over terms: the series of a process outlive them too.
    private string LabelOf(string budget)
    {
        lock (_lock)
        {
            return _named.Contains(budget) || (_named.Count < MostBudgets && _named.Add(budget)) ? budget : Other;
        }
    }
}
