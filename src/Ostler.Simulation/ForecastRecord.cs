using Ostler.Api.Meta;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Text;
using Ostler.Rollout.Windows;

namespace Ostler.Simulation;

/// <summary>Watches a simulated rollout and writes down what a forecast tells.</summary>
internal sealed class ForecastRecord
{
    private readonly FleetDescription _fleet;
    private readonly IReadOnlyList<string> _dependsOn;
    private readonly SimulatedPolicy _policy;
    private readonly MaintenanceCalendar? _calendar;
    private readonly Dictionary<string, Track> _tracks = new(StringComparer.Ordinal);

    // Plans name the nodes in one order, and to find thousands of them by name at each would take longer than to plan.
    private readonly List<(string Node, Track Track)> _inOrder = [];
    private readonly Dictionary<string, DateTimeOffset> _waveStarts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _approved = new(StringComparer.Ordinal);
    private readonly List<WindowForecast> _windows = [];
    private readonly List<SlotUse> _slots = [];
    private readonly List<FailureForecast> _failures = [];
    private readonly RolloutSimulation _simulation;
    private RolloutPlan? _last;
    private DateTimeOffset _lastChange;

    public ForecastRecord(RolloutSimulation simulation, FleetDescription fleet, string policy, IReadOnlyList<string> dependsOn)
    {
        _simulation = simulation;
        _fleet = fleet;
        _lastChange = fleet.Start;
        _dependsOn = dependsOn;
        _policy = simulation.World.Policies[policy];
        _calendar = _policy.Spec is { Windows: null or { Count: 0 }, Freezes: null or { Count: 0 } } ? null : new(_policy.Spec!.Windows, _policy.Spec.Freezes);
        simulation.OnStep = (_, step) =>
        {
            if (step is SimulatedStep.Plans plans)
            {
                See(plans.Plan);
            }
        };
    }

    private DateTimeOffset Now => _simulation.World.Now;

    /// <summary>The whole, when nothing is left to happen or nothing further is looked at.</summary>
    public RolloutForecast Ending()
    {
        // A horizon so near that the controller has not looked once leaves no report.
        var status = _policy.Status;
        var ready = status?.Conditions.Find(ConditionTypes.Ready);
        var halted = status?.Conditions.Find(ConditionTypes.Halted);
        // Windows open and close for ever: whether something would still come of it, the policy says.
        var goesOn = status is null || status.Conditions.IsTrue(ConditionTypes.Reconciling);
        var end = status?.CompletedAt ?? (goesOn ? _fleet.Start + _fleet.Horizon : _lastChange);
        return new()
        {
            Policy = _policy.Name,
            Target = status?.Target ?? new() { Digest = _simulation.World.Scenario.TargetDigest, Version = _simulation.World.Scenario.TargetVersion },
            Seed = _fleet.Seed,
            StartedAt = _fleet.Start,
            CompletedAt = status?.CompletedAt,
            Total = end - _fleet.Start,
            Reason = ready?.Reason ?? Reasons.RollingOut,
            Message = ready?.Message ?? "The horizon is too short: increase it.",
            Halted = halted?.Status == ConditionStatus.True ? halted.Message : null,
            Counts = status?.Nodes ?? new(),
            Nodes = Nodes(),
            Waves = Waves(),
            Windows = _windows,
            Slots = _slots,
            Failures = _failures,
            Assumptions = [.. Assumptions(goesOn)],
            Resolution = FleetScenario.Resolution(_fleet),
        };
    }

    private IEnumerable<string> Assumptions(bool goesOn)
    {
        if (_dependsOn.Count > 0)
        {
            yield return $"Policies that it depends on are assumed to be Ready: {MessageText.List([.. _dependsOn])}.";
        }

        if (_approved.Count > 0)
        {
            yield return $"Waves that wait for an approval are assumed to be approved after {_fleet.ApprovedAfter}: {MessageText.List(_approved)}.";
        }

        if (_policy.Spec?.Gates is { Count: > 0 } gates)
        {
            yield return $"Gates are assumed to be open: {MessageText.List([.. gates.Select(g => g.Name)])}.";
        }

        if (goesOn)
        {
            yield return $"The simulation ends after {_fleet.Horizon}: increase the horizon to see more.";
        }
    }

    private IReadOnlyList<NodeForecast> Nodes() => _last is null
        ? []
        : [.. _last.Nodes.Where(v => v.Selected).Select(v => new NodeForecast(v.Node, _tracks[v.Node].Steps(), v.Tally, v.Reason, v.Message))];

    private IReadOnlyList<WaveForecast> Waves() => _last is null
        ? []
        :
        [
            .. _last.Waves.Select(w => new WaveForecast(w.Name, w.Total, w.Updated, w.Failed)
            {
                StartedAt = _waveStarts.TryGetValue(w.Name, out var at) ? at : null,
                CompletedAt = w.CompletedAt,
                SoakedAt = w.SoakedAt,
            }),
        ];

    private void See(RolloutPlan plan)
    {
        var seen = _last?.Nodes ?? [];
        _last = plan;
        var inFlight = 0;
        for (var i = 0; i < plan.Nodes.Count; i++)
        {
            var verdict = plan.Nodes[i];
            inFlight += verdict.InFlight ? 1 : 0;
            if (i < seen.Count && ReferenceEquals(seen[i], verdict))
            {
                continue;
            }

            var track = TrackOf(i, verdict.Node);
            _lastChange = track.Goes(verdict, Now) ? Now : _lastChange;
            if (verdict.Tally is NodeTally.Failed or NodeTally.RolledBack)
            {
                Fail(track, verdict);
            }
        }

        if (_slots is not [.., var former] || (former.InFlight, former.Unavailable, former.Limit) != (inFlight, plan.Availability.Unavailable, plan.Availability.Limit))
        {
            _slots.Add(new(Now, inFlight, plan.Availability.Unavailable, plan.Availability.Limit));
        }

        foreach (var wave in plan.Waves)
        {
            if (wave.InFlight > 0)
            {
                _waveStarts.TryAdd(wave.Name, Now);
            }

            if (wave.Reason == Reasons.WaitingForApproval && _fleet.ApprovedAfter is { } delay && _approved.Add(wave.Name))
            {
                Approve(wave.Name, plan.Target!.Digest, delay);
            }
        }

        Count(plan.Actions.Count(a => a is NodeAction.Cordon { Grants: true }));
    }

    private Track TrackOf(int index, string node)
    {
        if (index < _inOrder.Count && ReferenceEquals(_inOrder[index].Node, node))
        {
            return _inOrder[index].Track;
        }

        if (!_tracks.TryGetValue(node, out var track))
        {
            _tracks[node] = track = new();
        }

        _inOrder.RemoveRange(Math.Min(index, _inOrder.Count), Math.Max(0, _inOrder.Count - index));
        _inOrder.Add((node, track));
        return track;
    }

    private void Fail(Track track, NodeVerdict verdict)
    {
        if (!track.HasFailed)
        {
            track.HasFailed = true;
            _failures.Add(new(verdict.Node, Now, verdict.Reason, verdict.Message));
        }
    }

    private void Approve(string wave, string digest, TimeSpan delay) => _simulation.World.Time.In(delay, () => SimulatedDecisions.Make(
        _simulation, new SimulationFault.PolicyChanges(
            delay, _policy.Name, s => s with { Rollout = s.Rollout with { Approvals = [.. s.Rollout.Approvals ?? [], new() { Wave = wave, Digest = digest }] } })));

    private void Count(int granted)
    {
        if (granted == 0 || _calendar is null)
        {
            return;
        }

        if (_windows is [.., var last] && Now < last.To)
        {
            _windows[^1] = last with { Granted = last.Granted + granted };
            return;
        }

        var from = _windows.Count == 0 ? _fleet.Start : _windows[^1].To;
        while (_calendar.NextOpening(from, TimeSpan.FromTicks(1)) is { } opening)
        {
            if (opening.Until > Now)
            {
                _windows.Add(new(opening.From, opening.Until, granted));
                return;
            }

            from = opening.Until;
        }
    }

    /// <summary>What is known of one node.</summary>
    private sealed class Track
    {
        private readonly List<StepForecast> _steps = [];

        public bool HasFailed { get; set; }

        /// <summary>The steps as they stand.</summary>
        public IReadOnlyList<StepForecast> Steps() => [.. _steps];

        /// <summary>Whether it takes another step than before.</summary>
        public bool Goes(NodeVerdict verdict, DateTimeOffset now)
        {
            if (_steps is [.., var last] && last.Step == verdict.Step)
            {
                return false;
            }

            if (_steps.Count > 0)
            {
                _steps[^1] = _steps[^1] with { To = now };
            }

            _steps.Add(new(verdict.Step, now, null));
            return true;
        }
    }
}
