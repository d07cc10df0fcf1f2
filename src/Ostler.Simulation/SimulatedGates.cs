using Ostler.Rollout.Health;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>
/// The gates that the controller evaluates beside its reconciles. What they came to dies with it; what they would answer is the world's,
/// and changes with <see cref="SimulationFault.GateSays"/>. Without one, each answers yes.
/// </summary>
internal sealed class SimulatedGates(RolloutSimulation simulation)
{
    private readonly Dictionary<(string Policy, string Gate), Run> _runs = [];

    private SimulatedWorld World => simulation.World;

    /// <summary>The controller died.</summary>
    public void Forget() => _runs.Clear();

    /// <summary>Puts what they came to into the snapshot.</summary>
    public RolloutSnapshot Observe(RolloutSnapshot snapshot) =>
        snapshot.Policy.Spec?.Gates is not { Count: > 0 } gates ? snapshot : snapshot with
        {
            Gates = [.. gates.Select(
            g => _runs.GetValueOrDefault((snapshot.Policy.Name, g.Name)) is { } run && ReferenceEquals(run.Subject.Gate, g) ? run.Seen
                : null).OfType<GateObservation>()],
        };

    /// <summary>Evaluates what is to be evaluated from now on.</summary>
    public void Retain(string policy, IReadOnlyList<GateSubject> subjects)
    {
        foreach (var key in _runs.Keys.Where(k => k.Policy == policy && !subjects.Any(s => ReferenceEquals(s.Gate, _runs[k].Subject.Gate)))
            .ToArray())
        {
            _runs.Remove(key);
        }

        foreach (var subject in subjects)
        {
            var key = (policy, subject.Gate.Name);
            if (!_runs.TryGetValue(key, out var run))
            {
                run = _runs[key] = new(subject);
                Soon(key, run);
            }
            else if (subject.Now && !run.Hurried)
            {
                run.Hurried = true;
                Soon(key, run);
            }
        }
    }

    private void Soon((string Policy, string Gate) key, Run run)
    {
        var round = ++run.Round;
        World.Time.In(World.Random.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2)), () => Evaluate(key, run, round));
    }

    private void Evaluate((string Policy, string Gate) key, Run run, int round)
    {
        if (_runs.GetValueOrDefault(key) != run || run.Round != round)
        {
            return;
        }

        var (former, hurried) = (run.Seen, run.Hurried);
        run.Hurried = false;
        run.Seen = GateObservation.After(former, run.Subject.Gate, Answer(run.Subject), simulation.Controller.Clock);
        if (former?.Whole.Finding.Outcome != run.Seen.Whole.Finding.Outcome)
        {
            World.Record(key.Policy, $"gate {key.Gate}: {run.Seen.Whole.Finding.Outcome}");
        }

        if (hurried || run.Seen.IsNews(former))
        {
            simulation.Controller.Enqueue();
        }

        var next = ++run.Round;
        World.Time.In(run.Subject.Gate.Interval, () => Evaluate(key, run, next));
    }

    private GateFinding Answer(GateSubject subject)
    {
        var name = subject.Gate.Name;
        return GateRules.IsOfNodes(subject.Gate)
            ? new(CheckFinding.Pass(),
                World.Nodes.Where(n => n.IsSelectedBy(subject.Nodes))
                    .ToDictionary(n => n.Name, n => Finding((n.Name, name)), StringComparer.Ordinal))
            : new(Finding((null, name)));
    }

    private CheckFinding Finding((string? Node, string Gate) key)
    {
        var outcome = World.GateAnswers.TryGetValue(key, out var says) ? says.Outcome : CheckOutcome.Passed;
        return new(outcome, outcome switch
        {
            CheckOutcome.Passed => "3 of 3 monitors are up",
            CheckOutcome.False => "2 of 3 monitors are up",
            CheckOutcome.Error => "connection refused",
            CheckOutcome.Missing => "no sample",
            _ => throw new InvalidOperationException($"No such outcome: {outcome}"),
        });
    }

    private sealed class Run(GateSubject subject)
    {
        public GateSubject Subject => subject;

        public GateObservation? Seen { get; set; }

        /// <summary>Whether a slot waits for the next evaluation.</summary>
        public bool Hurried { get; set; }

        /// <summary>Only the evaluation of this number is still to come.</summary>
        public int Round { get; set; }
    }
}
