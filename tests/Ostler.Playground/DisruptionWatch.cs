using Ostler.Kubernetes;
using k8s.Models;

namespace Ostler.Playground;

/// <summary>
/// Counts the ready pods of the demo's workload at every change and keeps the least that was ever seen. It is the demo's witness that the
/// PodDisruptionBudget held: it watches pods, and asks neither Ostler nor the budget's own status.
/// </summary>
internal sealed class DisruptionWatch
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NamespacedName, bool> _ready = [];
    private int _least = int.MaxValue;
    private bool _armed;

    /// <summary>The pods that are Ready now.</summary>
    public int Ready
    {
        get
        {
            lock (_gate)
            {
                return _ready.Count(p => p.Value);
            }
        }
    }

    /// <summary>The fewest pods that were Ready at once since <see cref="Arm"/>.</summary>
    public int Least
    {
        get
        {
            lock (_gate)
            {
                return _least;
            }
        }
    }

    /// <summary>Starts to count, once the workload is up.</summary>
    public void Arm()
    {
        lock (_gate)
        {
            _armed = true;
            _least = _ready.Count(p => p.Value);
        }
    }

    /// <summary>Takes in a change of one pod.</summary>
    public void Observe(NamespacedName pod, V1Pod? now)
    {
        lock (_gate)
        {
            if (now is null)
            {
                _ready.Remove(pod);
            }
            else
            {
                _ready[pod] = now.Metadata.DeletionTimestamp is null
                    && now.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
            }

            if (_armed)
            {
                _least = Math.Min(_least, _ready.Count(p => p.Value));
            }
        }
    }
}
