using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Plan;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <content>Invariant 13: no slot is granted while a gate is closed.</content>
internal sealed partial class Invariants
{
    /// <summary>The race that is documented: so old may the answer be that a grant rests on.</summary>
    private static readonly TimeSpan GateRace = TimeSpan.FromSeconds(30);

    private readonly HashSet<(string Policy, string Digest)> _started = [];

    private void JudgeGates(SimulatedWorld world, SimulatedPolicy policy, NodeAction.Cordon grant)
    {
        // A rollout goes on that began once, also when every node that it had taken was released.
        var rollout = (policy.Name, world.Image.Status!.Resolved!.Digest);
        foreach (var gate in policy.Spec?.Gates ?? [])
        {
            if (gate.At != GatePoint.Slot && (_started.Contains(rollout) || HasBegun(world, policy)))
            {
                continue;
            }

            Count("grant past a gate");
            var key = (gate.Pods?.Scope == GateScope.Node ? grant.Node : null, gate.Name);
            var (outcome, since) = world.GateAnswers.TryGetValue(key, out var says) ? says : (CheckOutcome.Passed, DateTimeOffset.MinValue);
            var isOpen = outcome == CheckOutcome.Passed || (outcome == CheckOutcome.Error && gate.OnError == GateErrorHandling.Open);
            var lasted = world.Now - since;
            Require(13, grant.Node, isOpen
                || lasted <= GateRace, $"is granted a slot although gate {gate.Name} has said {outcome} for {lasted}");

            // Where an error means open, the gate has been open since before it.
            var isSince = gate.OnError == GateErrorHandling.Close
                || !world.Scenario.Faults.Any(
                    f => f is SimulationFault.GateSays { Outcome: CheckOutcome.Error } error && error.Gate == gate.Name);
            Require(13, grant.Node, !isOpen || !isSince
                || lasted >= gate.For.Value, $"is granted a slot although gate {gate.Name} has been open for {lasted} only");
        }

        _started.Add(rollout);
    }

    private static bool HasBegun(SimulatedWorld world, SimulatedPolicy policy)
    {
        var target = world.Image.Status!.Resolved!.Digest;
        return policy.Status?.Waves?.Any(w => w.CompletedAt is not null) == true || world.Nodes.Any(
            n => n.OS?.Spec is { } spec && spec.Policy == policy.Name
                && (IsInFlight(n, policy.Name) || spec.LastUpgrade is not null || spec.Failure is not null)
            && (spec.Image?.Digest == target || spec.Failure?.Digest == target));
    }
}
