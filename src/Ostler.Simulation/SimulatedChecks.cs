using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>
/// The health checks that the controller runs beside its reconciles. What they found so far dies with it; what they would say is the
/// world's, and changes with <see cref="SimulationFault.CheckSays"/>. Without one, each passes.
/// </summary>
internal sealed class SimulatedChecks(RolloutSimulation simulation)
{
    private readonly Dictionary<(string Policy, string Node, string Check), Run> _runs = [];

    private SimulatedWorld World => simulation.World;

    /// <summary>The controller died.</summary>
    public void Forget() => _runs.Clear();

    /// <summary>Puts what was found so far into the snapshot.</summary>
    public RolloutSnapshot Observe(RolloutSnapshot snapshot)
    {
        // Most nodes are not checked now; what is said of them is not made anew.
        var policy = snapshot.Policy.Name;
        var found = _runs.Where(r => r.Key.Policy == policy && r.Value.Seen is not null).ToLookup(r => r.Key.Node, r => r.Value, StringComparer.Ordinal);
        return found.Count == 0 ? snapshot : snapshot with { Nodes = [.. snapshot.Nodes.Select(n => found.Contains(n.Name) ? With(n, found[n.Name]) : n)] };

        // Of another boot it says nothing.
        static NodeFacts With(NodeFacts node, IEnumerable<Run> runs)
        {
            var epoch = CheckSubject.Of(node, null)?.Epoch;
            CheckObservation[] seen = [.. runs.Where(r => r.Epoch == epoch).Select(r => r.Seen!).OrderBy(s => s.Name, StringComparer.Ordinal)];
            return seen.Length == 0 ? node : node with { Checks = seen };
        }
    }

    /// <summary>Checks what is to be checked from now on.</summary>
    public void Retain(string policy, IReadOnlyList<CheckSubject> subjects)
    {
        if (subjects.Count == 0 && _runs.Count == 0)
        {
            return;
        }

        var wanted = subjects.SelectMany(s => s.Checks.Select(c => (Key: (policy, s.Node, c.Name), Run: new Run(s.Epoch, c)))).DistinctBy(w => w.Key).ToDictionary(w => w.Key, w => w.Run);
        foreach (var key in _runs.Where(r => r.Key.Policy == policy && wanted.GetValueOrDefault(r.Key)?.Epoch != r.Value.Epoch).Select(r => r.Key).ToArray())
        {
            _runs.Remove(key);
        }

        foreach (var (key, run) in wanted)
        {
            if (_runs.TryAdd(key, run))
            {
                World.Time.In(World.Random.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2)), () => Try(key, run));
            }
        }

    }

    private void Try((string Policy, string Node, string Check) key, Run run)
    {
        if (_runs.GetValueOrDefault(key) != run || World.Find(key.Node) is not { } node)
        {
            return;
        }

        var former = run.Seen;
        var seen = CheckObservation.After(former, key.Check, World.Check(node, key.Check), World.Now);
        run.Seen = seen;
        if (former?.Outcome != seen.Outcome)
        {
            World.Record(key.Node, $"check {key.Check}: {seen.Outcome}{(seen.Message.Length > 0 ? $": {seen.Message}" : "")}");
        }

        if (seen.IsNews(former, run.Check.Successes))
        {
            simulation.Controller.Enqueue();
        }

        World.Time.In(run.Check.Interval, () => Try(key, run));
    }

    private sealed class Run(CheckEpoch epoch, HealthCheck check)
    {
        public CheckEpoch Epoch => epoch;

        public HealthCheck Check => check;

        public CheckObservation? Seen { get; set; }
    }
}
