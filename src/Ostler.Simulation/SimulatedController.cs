using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Text;

namespace Ostler.Simulation;

/// <summary>
/// The controller: gathers, asks the real planner, writes one action after the other, reports. It can die after any write.
/// </summary>
internal sealed partial class SimulatedController(RolloutSimulation simulation)
{
    /// <summary>As the real controller's after a write that the API server refused.</summary>
    private static readonly TimeSpan RetryFailure = TimeSpan.FromSeconds(10);

    private readonly HashSet<int> _deaths = [.. simulation.World.Scenario.KillControllerAfterWrites];
    private readonly Dictionary<string, EvictionResult> _evictions = new(StringComparer.Ordinal);
    private readonly SimulatedAnswers _answers = new(simulation.World);
    private readonly HashSet<string> _enqueued = new(StringComparer.Ordinal);
    private readonly HashSet<string> _busy = new(StringComparer.Ordinal);
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stuck = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RolloutPlan> _plans = new(StringComparer.Ordinal);
    private readonly SimulatedChecks _checks = new(simulation);
    private readonly SimulatedGates _gates = new(simulation);
    private IReadOnlyList<NodeVerdict> _reported = [];
    private ClusterTime? _clock;
    private ControllerSight? _sight;
    private int _term;
    private bool _isUp;

    public int Writes { get; private set; }

    /// <summary>What the image's reference resolves to.</summary>
    public (string Digest, string? Version) Source { get; set; } = (simulation.World.Scenario.TargetDigest, simulation.World.Scenario.TargetVersion);

    public bool HasWork => _enqueued.Count > 0 || _busy.Count > 0;

    private SimulatedWorld World => simulation.World;

    /// <summary>Something changed: every policy is looked at soon. What comes while a pass is under way is seen by the next one.</summary>
    public void Enqueue()
    {
        if (_enqueued.Count < World.Policies.Count)
        {
            Enqueue(static _ => true);
        }
    }

    private void Enqueue(Func<SimulatedPolicy, bool> which)
    {
        if (!_isUp)
        {
            return;
        }

        foreach (var (policy, facts) in World.Policies)
        {
            if (!which(facts) || !_enqueued.Add(policy))
            {
                continue;
            }

            Later(World.Draw(World.Scenario.Latencies.Controller), () => Reconcile(policy));
        }
    }

    public void ReconcileImage()
    {
        if (!_isUp)
        {
            return;
        }

        var former = World.Image.Status;
        var found = new ResolvedImage
        {
            Reference = OSImageStatusRules.ReferenceOf(World.Image.Spec)!,
            Digest = Source.Digest,
            Version = Source.Version,
            ResolvedAt = World.Now.TruncateToSeconds(),
        };
        var failures = World.Policies.Values.Where(p => p.Spec is not null).Select(p => new PolicyFailures
        {
            Policy = p.Name,
            Image = p.Spec!.ImageRef.Name,
            RetryFailuresBefore = p.Spec.Rollout.RetryFailuresBefore,
            FailedDigests = p.Status?.FailedDigests ?? [],
        });
        var status = OSImageStatusRules.Compute(World.Image, new(found, Reasons.Resolved, "found"), [.. failures], World.Now);
        World.Image = World.Image with { Status = status };
        foreach (var entry in (status.Quarantined ?? []).Where(q => former?.Quarantined?.Contains(q) != true))
        {
            World.Record("image", $"quarantined {Digest.Shorten(entry.Digest)}: {entry.Reason}");
        }

        FollowAges(former, status);
        if (former?.Resolved?.Digest != status.Resolved?.Digest || !(former?.Quarantined ?? []).SequenceEqual(status.Quarantined ?? []))
        {
            Enqueue();
        }
    }

    private void Later(TimeSpan delay, Action what)
    {
        var term = _term;
        World.Time.In(delay, () =>
        {
            if (_isUp && _term == term)
            {
                what();
            }
        });
    }

    private void Reconcile(string policy)
    {
        // One policy at a time, as the real one: no plan rests on the half-made writes of another.
        if (_busy.Count > 0)
        {
            Later(TimeSpan.FromMilliseconds(100), () => Reconcile(policy));
            return;
        }

        _enqueued.Remove(policy);
        foreach (var node in World.Nodes)
        {
            if (node.OS is not null)
            {
                continue;
            }

            node.CreateOS();
            simulation.Agents.Wake(node);
            if (Dies())
            {
                return;
            }
        }

        ObserveClock();
        var snapshot = _gates.Observe(_checks.Observe(SimulatedSnapshot.Gather(World, policy, _evictions) with
        {
            Now = _clock.At(Monotonic),
            Sight = _sight
        }));
        var plan = RolloutPlanner.Plan(snapshot, _plans.GetValueOrDefault(policy));
        _plans[policy] = plan;
        _checks.Retain(policy, plan.Watches.Checks);
        _gates.Retain(policy, plan.Watches.Gates);
        simulation.Publish(new SimulatedStep.Plans(policy, plan, snapshot));
        _busy.Add(policy);
        Write(policy, snapshot, plan, 0, new(StringComparer.Ordinal), []);
    }

    private void Write(string policy, RolloutSnapshot snapshot, RolloutPlan plan, int next, HashSet<string> failed, List<EvictionResult> evictions)
    {
        if (next == plan.Actions.Count)
        {
            _busy.Remove(policy);
            Ask(snapshot, plan);
            Report(policy, snapshot, plan, evictions);
            return;
        }

        Later(World.Random.Between(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(100)), () =>
        {
            var action = plan.Actions[next];
            if (action is NodeAction.Cordon { NotAfter: { } until } && Clock > until)
            {
                failed.Add(action.Node);
                Enqueue();
            }

            if (!failed.Contains(action.Node))
            {
                simulation.Publish(new SimulatedStep.Writes(policy, action));
                var result = SimulatedWrites.Make(simulation, action);
                if (result is EvictionResult eviction)
                {
                    evictions.Add(eviction);
                    _evictions[eviction.Uid] = eviction;
                }
                else if (result is RefusedWrite)
                {
                    failed.Add(action.Node);
                    Later(RetryFailure, Enqueue);
                }
                else if (result is false)
                {
                    failed.Add(action.Node);
                    Enqueue();
                }

                if (Dies())
                {
                    return;
                }
            }

            Write(policy, snapshot, plan, next + 1, failed, evictions);
        });
    }

    // The simulation knows when another answer would be given, and so need not ask in vain until the end of time.
    private void Ask(RolloutSnapshot snapshot, RolloutPlan plan)
    {
        var drain = snapshot.Policy.Spec?.Drain ?? new();
        foreach (var question in plan.Probes.Where(q => World.Find(q.Node)?.Uid == q.NodeUid))
        {
            if (question.DueAt <= snapshot.Now)
            {
                _answers.Answer(question, drain);
                Enqueue();
            }
            else if (_answers.WouldDiffer(question, drain))
            {
                Later(question.DueAt - World.Now, Enqueue);
            }
        }
    }

    private bool Dies()
    {
        if (!_deaths.Contains(++Writes))
        {
            return false;
        }

        Restart();
        return true;
    }

    private void Report(string name, RolloutSnapshot snapshot, RolloutPlan plan, List<EvictionResult> evictions)
    {
        var policy = World.Policies[name];
        if (policy.Spec is not null)
        {
            var status = RolloutStatus.Compute(snapshot, plan, evictions, World.Scenario.Estimates);
            var ready = status.Conditions.Find(ConditionTypes.Ready);
            if (policy.Status?.Conditions.Find(ConditionTypes.Ready)?.Reason != ready?.Reason)
            {
                World.Record(name, $"policy: {ready!.Reason}: {ready.Message}");
            }

            var former = policy.Status;
            policy.Status = status;
            if (former?.Target != status.Target || former?.ObservedGeneration != status.ObservedGeneration
                || former?.Conditions.Find(ConditionTypes.Ready)?.Status != ready?.Status)
            {
                Enqueue(p => p.Spec?.DependsOn?.Contains(name) == true);
            }

            Later(TimeSpan.FromMilliseconds(200), ReconcileImage);
        }

        // Of thousands few change between two reports. Another policy may have said something else of the same nodes.
        var reported = World.Policies.Count == 1 ? _reported : [];
        _reported = plan.Nodes;
        for (var i = 0; i < plan.Nodes.Count; i++)
        {
            var verdict = plan.Nodes[i];
            if (i < reported.Count && ReferenceEquals(reported[i], verdict))
            {
                continue;
            }

            if (verdict is not { Blocked: true, Step: NodeStep.Verifying })
            {
                _stuck.Remove(verdict.Node);
            }
            else if (_stuck.Add(verdict.Node))
            {
                World.Record(verdict.Node, $"blocked: {verdict.Reason}: {verdict.Message}");
            }

            if (verdict.Step != NodeStep.Failed)
            {
                _failed.Remove(verdict.Node);
            }
            else if (_failed.Add(verdict.Node))
            {
                World.Record(verdict.Node, $"failed: {verdict.Reason}: {verdict.Message}");
            }
        }

        if (plan.NextWakeUp is { } at)
        {
            Later(at - World.Now, Enqueue);
        }
    }
}
