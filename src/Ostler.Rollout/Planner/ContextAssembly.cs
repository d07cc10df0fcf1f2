using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Validation;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Planner;

/// <summary>
/// Evaluates everything that holds for all nodes of one plan, once and in a fixed order: nodes, target, failures, window, gates.
/// </summary>
internal static class ContextAssembly
{
    /// <summary>The nodes of a deleted policy finish under these defaults.</summary>
    private static readonly UpgradePolicySpec Defaults = new() { ImageRef = new() { Name = "" }, NodeSelector = new() };

    /// <param name="snapshot">The facts.</param>
    /// <param name="previous">The nodes of the previous plan; see <see cref="FleetIndex.Of"/>.</param>
    public static RolloutContext Assemble(RolloutSnapshot snapshot, FleetIndex? previous = null)
    {
        var policy = snapshot.Policy;
        var spec = policy.Spec ?? Defaults;
        var nodes = FleetIndex.Of(snapshot, previous);
        var problems = policy.Exists ? SpecValidation.Validate(spec, snapshot.Now, snapshot.Namespace) : [];
        var (trees, targetGate) = policy.Exists ? TargetResolution.Resolve(spec.ImageRef.Name, snapshot.Image) : (null, null);
        var failures = FailureRules.Of(policy, spec, trees, nodes, snapshot.Image);
        var measured = MeasuredSteps.Of(snapshot, nodes, trees);
        var window = policy.Exists && problems.Count == 0 ? WindowOf(spec, measured, snapshot.Now) : WindowState.Always;
        var context = new RolloutContext
        {
            Snapshot = snapshot,
            Nodes = nodes,
            Now = snapshot.Now,
            Policy = policy.Name,
            Exists = policy.Exists,
            Spec = spec,
            Problems = problems,
            Conflicts = Conflicts.Find(policy, snapshot.OtherPolicies, nodes),
            Target = trees?.Release,
            Trees = trees,
            Total = nodes.Selected,
            Failures = failures,
            Measured = measured,
            Window = window,
            TakesBack = policy.Exists && problems.Count == 0 && trees is not null
                && failures is { Halted: true, IsImageToBlame: true } && spec.Rollback is
                {
                    Automatic: true,
                    Scope: not RollbackScope.Node
                },
        };
        context = context with { ClusterGates = ClusterGates.Of(spec, snapshot), HasBegun = ClusterGates.HasBegun(context) };
        return context with
        {
            WaveGate = ClusterGates.OfWaves(context),
            Gate = Gates.Find(context, targetGate),
            BackGate = context.TakesBack ? Gates.FindForRollback(context) : null,
            HeldBack = new(context),
        };
    }

    private static WindowState WindowOf(UpgradePolicySpec spec, MeasuredDurations? measured, DateTimeOffset now) =>
        spec is { Windows: null or { Count: 0 }, Freezes: null or { Count: 0 } } ? WindowState.Always : WindowState.Of(spec, measured?.Node, now);
}
