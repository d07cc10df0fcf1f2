using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>
/// The volumes that are attached to nodes. That of a pod stays for a while after the pod is gone, and for good where detaching hangs.
/// </summary>
public sealed class SimulatedVolumes
{
    private readonly Dictionary<string, SortedSet<string>> _attached = new(StringComparer.Ordinal);
    private readonly HashSet<string> _hangs = new(StringComparer.Ordinal);

    /// <summary>What is attached to a node, those of the pods left out that are said to stay.</summary>
    public IReadOnlyList<string> On(string node, IEnumerable<PodFacts>? staying = null)
    {
        if (!_attached.TryGetValue(node, out var volumes))
        {
            return [];
        }

        var kept = (staying ?? []).Where(HasVolume).Select(NameOf).ToHashSet(StringComparer.Ordinal);
        return [.. volumes.Where(v => !kept.Contains(v))];
    }

    internal static bool HasVolume(PodFacts pod) => pod.Claims is { Count: > 0 };

    internal void Attach(string node, PodFacts pod)
    {
        if (!_attached.TryGetValue(node, out var volumes))
        {
            _attached[node] = volumes = new(StringComparer.Ordinal);
        }

        volumes.Add(NameOf(pod));
    }

    /// <summary>False: it hangs.</summary>
    internal bool Detach(string node, PodFacts pod) => !_hangs.Contains(node) && _attached.TryGetValue(node, out var volumes) && volumes.Remove(NameOf(pod));

    internal void Hang(string node) => _hangs.Add(node);

    /// <summary>After a boot nothing is attached but what the pods of the node have.</summary>
    internal void Boot(string node, IEnumerable<PodFacts> pods)
    {
        _hangs.Remove(node);
        if (_attached.Remove(node))
        {
            foreach (var pod in pods.Where(HasVolume))
            {
                Attach(node, pod);
            }
        }
    }

    private static string NameOf(PodFacts pod) => $"pv-{pod.Name}";
}
