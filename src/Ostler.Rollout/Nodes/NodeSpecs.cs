using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Health;
using Ostler.Rollout.Images;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>What the NodeOS says in each phase of a node's way. Whole specs: what is not named is removed.</summary>
internal static class NodeSpecs
{
    public static NodeOSSpec Stage(RolloutContext context, NodeView view, TargetTree target) =>
        view.RunsTarget && DriftRules.ToUndo(context, view) is null && RebootRules.IsDue(context, view)
            ? Reboot(context, view, target)
            : Upgrade(context, view, target);

    // What is known of the upgrade to what runs is kept: it says which wave the node was in, and what it ran before.
    private static NodeOSSpec Reboot(RolloutContext context, NodeView view, TargetTree target) => new()
    {
        Policy = context.Policy,
        Image = target.Image,
        RebootBefore = context.Spec.Rollout.RebootBefore,
        Goal = Goal.Stage,
        Attempt = view.Spec.Attempt + 1,
        Deadlines = new() { Staged = context.Now.After(NodeDeadlineRules.StagingPatience).TruncateToSeconds() },
        Failure = view.Spec.Failure,
        Backoff = view.Spec.Backoff,
        Reconcile = view.Spec.Reconcile,
        LastUpgrade = view.Spec.LastUpgrade,
    };

    private static NodeOSSpec Upgrade(RolloutContext context, NodeView view, TargetTree target) => new()
    {
        Policy = context.Policy,
        Image = target.Image,
        Goal = Goal.Stage,
        Attempt = view.Spec.Attempt + 1,
        Deadlines = new() { Staged = context.Now.After(NodeDeadlineRules.StagingPatience).TruncateToSeconds() },
        Failure = view.Spec.Failure,
        Backoff = view.Spec.Backoff,
        Reconcile = DriftRules.Next(context, view, target),

        // The agent puts it onto the host now: one that cannot have it is known before anybody is evicted.
        Watchdog = WatchdogRules.For(context, view, target.Image),
    };

    public static NodeOSSpec Boot(RolloutContext context, NodeView view) => new()
    {
        Policy = context.Policy,
        Image = view.Spec.Image,
        RebootBefore = view.Spec.RebootBefore,
        Goal = Goal.Boot,
        Attempt = view.Spec.Attempt,
        GrantedAt = view.Node.CordonedAt,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Previous = new()
        {
            Digest = view.Status!.Booted!.Digest,
            Version = view.Status.Booted.Version,
            BootID = view.Status.BootID,
            SoftReboots = view.Status.SoftReboots,
        },

        // A tree that is laid down anew over itself is not another tree to enter.
        RebootMethod = context.Spec.Reboot.Method == RebootMethod.Reboot || view.Runs(view.Spec.Image?.Digest) ? null : context.Spec.Reboot.Method,
        Deadlines = NodeDeadlineRules.OfBoot(context.Spec, context.Now),
        HostChecks = HostChecks(context.Spec, view.Node),
        ReadyBefore = PodRecovery.Record(context.Spec.Health, view.Node.Pods),
        Watchdog = WatchdogRules.For(context, view, view.Spec.Image),
        Displaced = view.Spec.Displaced,
        Failure = view.Spec.Failure,
        Backoff = view.Spec.Backoff,
        Reconcile = DriftRules.Counted(context, view.Spec),
        LastUpgrade = UpgradeBefore(view.Spec),
    };

    /// <summary>The checks once more on a tree that runs already: a new attempt, with deadlines of its own.</summary>
    public static NodeOSSpec VerifyAgain(RolloutContext context, NodeView view) => view.Spec with
    {
        Goal = Goal.Boot,
        Attempt = view.Spec.Attempt + 1,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Deadlines = NodeDeadlineRules.OfVerification(context.Spec, context.Now),
        HostChecks = HostChecks(context.Spec, view.Node),
        HealthySince = null,
    };

    /// <summary>
    /// The target runs, and its record is lost: an attempt that begins with the verification. The way back is what the host keeps.
    /// </summary>
    public static NodeOSSpec VerifyUnrecorded(RolloutContext context, NodeView view, Deployment former) => new()
    {
        Policy = context.Policy,
        Image = view.Target!.Image,
        Goal = Goal.Boot,
        Attempt = view.Spec.Attempt + 1,
        GrantedAt = view.Node.CordonedAt,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Previous = new() { Digest = former.Digest, Version = former.Version, BootID = PreviousOS.LostBootID },
        Deadlines = NodeDeadlineRules.OfVerification(context.Spec, context.Now),
        HostChecks = HostChecks(context.Spec, view.Node),
        Watchdog = WatchdogRules.For(context, view, view.Target.Image),
    };

    /// <summary>Healthy, and taken back for the failures of others: an attempt of its own, that fails from the beginning.</summary>
    public static NodeOSSpec GoBack(RolloutContext context, NodeView view, NodeFailure failure) => new()
    {
        Policy = context.Policy,
        Image = view.Spec.Image,
        Goal = Goal.Rollback,
        Attempt = failure.Attempt,
        GrantedAt = view.Node.CordonedAt,
        BootRequestedAt = context.Now.TruncateToSeconds(),
        Previous = view.Spec.LastUpgrade!.Previous! with { BootID = view.Status!.BootID, SoftReboots = view.Status.SoftReboots },
        Deadlines = NodeDeadlineRules.OfRollback(context.Spec, context.Now),
        Displaced = view.Spec.Displaced,
        Failure = failure,
        Reconcile = view.Spec.Reconcile,
        // It tells which wave the node was in.
        LastUpgrade = view.Spec.LastUpgrade,
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
        Displaced = old.Displaced,
        Failure = failure,
        Reconcile = old.Reconcile,
    };

    /// <summary>Failed, and left as it is: previous stays, which tells this from a node that was given back.</summary>
    public static NodeOSSpec HeldAfterFailure(RolloutContext context, NodeOSSpec old, NodeFailure failure) => new()
    {
        Policy = context.Policy,
        Image = old.Image,
        RebootBefore = old.RebootBefore,
        Goal = Goal.Observe,
        Attempt = old.Attempt,
        GrantedAt = old.GrantedAt,
        Previous = old.Previous,
        Displaced = old.Displaced,
        ReadyBefore = old.ReadyBefore,
        Failure = failure,
        Reconcile = old.Reconcile,
        LastUpgrade = UpgradeBefore(old),
    };

    public static NodeOSSpec Updated(RolloutContext context, NodeView view) => KeepingSlot(context, view, new()
    {
        Policy = PolicyAfter(context, view),
        Image = view.Spec.Image,
        Goal = Goal.Observe,
        Attempt = view.Spec.Attempt,
        Reconcile = view.Spec.Reconcile,
        LastUpgrade = view.Spec.GrantedAt is null
            ? UpgradeBefore(view.Spec)
            : new()
            {
                GrantedAt = view.Spec.GrantedAt,
                BootRequestedAt = view.Spec.BootRequestedAt,
                HealthySince = view.Spec.HealthySince,
                CompletedAt = context.Now.TruncateToSeconds(),
                Previous = view.Spec.Previous is { } previous && previous.Digest != view.Spec.Image?.Digest
                    ? previous with { BootID = null, SoftReboots = null }
                    : UpgradeBefore(view.Spec)?.Previous,
            },
    });

    /// <summary>Back on the former tree. The failure stays: it is what keeps the same tree from being tried again.</summary>
    public static NodeOSSpec RolledBack(RolloutContext context, NodeView view) => KeepingSlot(context, view, new()
    {
        Policy = PolicyAfter(context, view),
        Image = view.Spec.Image,
        Goal = Goal.Observe,
        Attempt = view.Spec.Attempt,
        Failure = view.Spec.Failure,
        Reconcile = view.Spec.Reconcile,
        LastUpgrade = view.Spec.LastUpgrade,
    });

    /// <summary>Given back before it was told to boot, or no longer the policy's.</summary>
    public static NodeOSSpec Released(RolloutContext context, NodeView view, NodeBackoff? backoff = null) => KeepingSlot(context, view, new()
    {
        Policy = PolicyAfter(context, view),
        // One that was to reboot runs what it ran.
        Image = view.Spec.IsRebooting() && view.Selected ? view.Spec.Image : null,
        LastUpgrade = view.Selected ? UpgradeBefore(view.Spec) : null,
        Goal = Goal.Observe,
        Attempt = view.Spec.Attempt,
        Failure = view.Spec.Failure,
        Backoff = backoff ?? view.Spec.Backoff,
        Reconcile = view.Spec.Reconcile,
    });

    /// <summary>Was to go back, and stays: what is known of its upgrade is kept.</summary>
    public static NodeOSSpec Stays(RolloutContext context, NodeView view, NodeBackoff? backoff) =>
        KeepingSlot(context, view, view.Spec with { Displaced = null, Deadlines = null, Backoff = backoff ?? view.Spec.Backoff });

    /// <summary>The workloads are available again, or are not waited for any more.</summary>
    public static NodeOSSpec Recovered(RolloutContext context, NodeView view) =>
        view.Spec with { Policy = PolicyAfter(context, view), Displaced = null, Deadlines = null };

    // The record of the upgrade that brought the node to what it runs, while it only reboots.
    private static NodeUpgrade? UpgradeBefore(NodeOSSpec spec) => spec.IsRebooting() ? spec.LastUpgrade : null;

    // However the node's way ends: what its drain displaced must be available again before the next node is disrupted. A node that the
    // policy has nothing more to do with is let go at once.
    private static NodeOSSpec KeepingSlot(RolloutContext context, NodeView view, NodeOSSpec end)
    {
        if (view.Spec.Displaced is not { Count: > 0 } displaced || !context.Exists || !view.Selected || !WorkloadRecovery.IsOn(context))
        {
            return end;
        }

        // Only a look that was taken on the booted node counts: before the boot its pods may have been about to leave.
        var fresh = context.Now - WorkloadRecovery.Fresh;
        var notBefore = view.Spec.HealthySince is { } since && since > fresh ? since : fresh;
        return view.Spec.HealthySince is not null && WorkloadRecovery.Missing(view, notBefore, context.Now) is { Count: 0 }
            ? end
            : end with
            {
                Displaced = displaced,
                Deadlines = new() { Recovered = context.Now.After(WorkloadRecovery.Timeout(context.Spec)).TruncateToSeconds() },
            };
    }

    // A node that the policy does not select any more must be free for the one that does.
    private static string? PolicyAfter(RolloutContext context, NodeView view) => view.Selected ? context.Policy : null;

    // With the node's name and address put in: the agent need not know how it is called.
    private static HealthCheck[]? HostChecks(UpgradePolicySpec spec, NodeFacts node) =>
        spec.Health.Checks?.Where(static c => CheckKinds.RunnerOf(c) == CheckRunner.Agent).Select(c => c.Http is { } http ? c with { Http = http with { Url = UrlOf(http, node) } } : c).ToArray()
            is { Length: > 0 } checks
            ? checks
            : null;

    // What cannot be put in is left for the agent to say so: a check must not be lost for it.
    private static string UrlOf(HttpCheck http, NodeFacts node) => Placeholders.InUrl(http.Url, node.Name, node.Address).Uri?.OriginalString ?? http.Url;
}
