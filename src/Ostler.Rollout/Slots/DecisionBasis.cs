using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;

namespace Ostler.Rollout.Slots;

/// <summary>All that decisions about nodes at rest depend on beside the node's own facts.</summary>
internal sealed class DecisionBasis
{
    private readonly DateTimeOffset _now;
    private readonly string _policy;
    private readonly UpgradePolicySpec _spec;
    private readonly NodeImage? _target;
    private readonly RolloutGate? _gate;
    private readonly bool _isPlain;

    private DecisionBasis(RolloutContext context)
    {
        _now = context.Now;
        _policy = context.Policy;
        _spec = context.Spec;
        _target = context.Target;
        _gate = context.Gate;
        // What nodes of several platforms, or of several policies, depend on is not looked at: nothing is carried over then.
        _isPlain = context is { Conflicts.Policies.Count: 0 } && context.Trees?.OnePlatform != false;
    }

    public static DecisionBasis Of(RolloutContext context) => new(context);

    /// <summary>
    /// Whether what was decided on the former one would be decided again. Not when a clock was set back: what time had changed has not
    /// happened yet, then.
    /// </summary>
    public bool Carries(DecisionBasis former) =>
        _isPlain && former._isPlain && ReferenceEquals(_spec, former._spec) && _policy == former._policy && _now >= former._now && _target == former._target && _gate == former._gate;
}
