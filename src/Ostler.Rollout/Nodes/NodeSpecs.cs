using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What the NodeOS says in each phase of a node's way. Whole specs: what is not named is removed.</summary>
internal static class NodeSpecs
{
    public static NodeOSSpec Stage(RolloutContext context, NodeOSSpec old) => new()
    {
        Policy = context.Policy,
        Image = context.Target,
        Goal = Goal.Stage,
        Attempt = old.Attempt + 1,
        Deadlines = new() { Staged = context.Now.After(StageAhead.Patience).TruncateToSeconds() },
        Failure = old.Failure,
        Backoff = old.Backoff,
    };

    public static NodeOSSpec Boot(RolloutContext context, NodeView view) => new()
    {
        Policy = context.Policy,
        Image = view.Spec.Image,
        Goal = Goal.Boot,
        Attempt = view.Spec.Attempt,
        GrantedAt = view.Node.CordonedAt,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Previous = new()
        {
            Digest = view.Status!.Booted!.Digest,
            Version = view.Status.Booted.Version,
            BootID = view.Status.BootID,
        },
        Deadlines = NodeDeadlineRules.OfBoot(context.Spec, context.Now),
        HostChecks = HostChecks(context.Spec),
        Failure = view.Spec.Failure,
        Backoff = view.Spec.Backoff,
    };

    /// <summary>The checks once more on a tree that runs already: a new attempt, with deadlines of its own.</summary>
    public static NodeOSSpec VerifyAgain(RolloutContext context, NodeView view) => view.Spec with
    {
        Goal = Goal.Boot,
        Attempt = view.Spec.Attempt + 1,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Deadlines = NodeDeadlineRules.OfBoot(context.Spec, context.Now),
        HostChecks = HostChecks(context.Spec),
        HealthySince = null,
    };

    public static NodeOSSpec Rollback(RolloutContext context, NodeOSSpec old, NodeFailure failure) => new()
    {
        Policy = context.Policy,
        Image = old.Image,
        Goal = Goal.Rollback,
        Attempt = old.Attempt,
        GrantedAt = old.GrantedAt,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Previous = old.Previous,
        Deadlines = NodeDeadlineRules.OfRollback(context.Spec, context.Now),
        Failure = failure,
    };

    /// <summary>Failed, and left as it is: previous stays, which tells this from a node that was given back.</summary>
    public static NodeOSSpec HeldAfterFailure(RolloutContext context, NodeOSSpec old, NodeFailure failure) => new()
    {
        Policy = context.Policy,
        Image = old.Image,
        Goal = Goal.Observe,
        Attempt = old.Attempt,
        GrantedAt = old.GrantedAt,
        Previous = old.Previous,
        Failure = failure,
    };

    public static NodeOSSpec Updated(RolloutContext context, NodeView view) => new()
    {
        Policy = PolicyAfter(context, view),
        Image = view.Spec.Image,
        Goal = Goal.Observe,
        Attempt = view.Spec.Attempt,
        LastUpgrade = view.Spec.GrantedAt is null
            ? null
            : new()
            {
                GrantedAt = view.Spec.GrantedAt,
                BootRequestedAt = view.Spec.BootRequestedAt,
                HealthySince = view.Spec.HealthySince,
                CompletedAt = context.Now.TruncateToSeconds(),
            },
    };

    /// <summary>Back on the former tree. The failure stays: it is what keeps the same tree from being tried again.</summary>
    public static NodeOSSpec RolledBack(RolloutContext context, NodeView view) => new()
    {
        Policy = PolicyAfter(context, view),
        Image = view.Spec.Image,
        Goal = Goal.Observe,
        Attempt = view.Spec.Attempt,
        Failure = view.Spec.Failure,
    };

    /// <summary>Given back before it was told to boot, or no longer the policy's.</summary>
    public static NodeOSSpec Released(RolloutContext context, NodeView view, NodeBackoff? backoff = null) => new()
    {
        Policy = PolicyAfter(context, view),
        Goal = Goal.Observe,
        Attempt = view.Spec.Attempt,
        Failure = view.Spec.Failure,
        Backoff = backoff ?? view.Spec.Backoff,
    };

    // A node that the policy does not select any more must be free for the one that does.
    private static string? PolicyAfter(RolloutContext context, NodeView view) => view.Selected ? context.Policy : null;

    private static HealthCheck[]? HostChecks(UpgradePolicySpec spec) =>
        spec.Health.Checks?.Where(c => c.Systemd is not null || c.Exec is not null).ToArray() is { Length: > 0 } checks ? checks : null;
}
