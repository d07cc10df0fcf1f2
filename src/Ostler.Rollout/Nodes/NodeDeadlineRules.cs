using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>Every deadline of a node, and nothing else that ends a step.</summary>
/// <remarks>
/// Deadlines of the boot are written into the NodeOS when the order is given: they hold when the policy is edited or deleted under it.
/// Those of the drain follow the policy, so that a person can lengthen a drain that goes on.
/// </remarks>
internal static class NodeDeadlineRules
{
    /// <summary>
    /// How long a node that stages keeps others from doing so. One whose agent is dead would otherwise hold up the rollout for ever;
    /// beyond this it goes on staging beside the others, and status says so.
    /// </summary>
    public static readonly TimeSpan StagingPatience = TimeSpan.FromMinutes(30);

    /// <summary>When a node that holds a slot must be drained. Null: nobody knows since when it does.</summary>
    public static DateTimeOffset? Drained(NodeFacts node, UpgradePolicySpec spec) => node.CordonedAt?.After(spec.Drain.Timeout);

    /// <summary>
    /// When, under onTimeout Force, the node is rebooted although pods that are being deleted have not gone, or is given back.
    /// </summary>
    public static DateTimeOffset? Forced(NodeFacts node, UpgradePolicySpec spec) => Drained(node, spec)?.After(spec.Drain.Timeout);

    /// <summary>
    /// How long a controller that could not see the cluster looks before it acts on a deadline that passed meanwhile: agents and kubelets
    /// report first.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>The deadline, or later when the controller could not see the cluster for a part of the time before it.</summary>
    /// <param name="deadline">As declared.</param>
    /// <param name="began">When what it limits was ordered.</param>
    /// <param name="sight">Since when the controller has seen the cluster.</param>
    /// <param name="whole">
    /// How long the step may take. After a break it begins again, for agents could reach the API server no more than the controller; and
    /// after a doubt about the time, for the deadline may have been written by another clock.
    /// </param>
    public static DateTimeOffset Seen(DateTimeOffset deadline, DateTimeOffset? began, ControllerSight? sight, TimeSpan whole)
    {
        // The moment of an order is stored in whole seconds: one of the leader's first second is not from before it.
        if (sight is null || sight.Since.TruncateToSeconds() <= began)
        {
            return deadline;
        }

        var until = sight.Since.After(sight is { LostAt: null, ClockWasInDoubt: false } || whole < Patience ? Patience : whole);
        return until > deadline ? until : deadline;
    }

    /// <summary>Whether the controller could not reach the API server for a part of the attempt: then agents could not either.</summary>
    public static bool WasBlind(NodeOSSpec os, ControllerSight? sight) => sight?.LostAt is not null && os.BootRequestedAt is { } ordered
        && sight.Since >= ordered;

    public static NodeDeadlines OfBoot(UpgradePolicySpec spec, DateTimeOffset now)
    {
        var reboot = now.After(spec.Reboot.Timeout);
        return new() { Reboot = reboot.TruncateToSeconds(), Healthy = reboot.After(spec.Health.Timeout).TruncateToSeconds() };
    }

    /// <summary>Of another look at a tree that runs: no boot is waited for.</summary>
    public static NodeDeadlines OfVerification(UpgradePolicySpec spec, DateTimeOffset now) =>
        OfBoot(spec, now) with { Healthy = now.After(spec.Health.Timeout).TruncateToSeconds() };

    public static NodeDeadlines OfRollback(UpgradePolicySpec spec, DateTimeOffset now) =>
        new() { Rollback = now.After(((TimeSpan)spec.Reboot.Timeout).Plus(spec.Health.Timeout)).TruncateToSeconds() };

    /// <summary>When the agent must have reported from a new boot.</summary>
    public static DateTimeOffset Rebooted(NodeOSSpec os, RolloutContext context) => Seen(
        os.Deadlines?.Reboot ?? (os.BootRequestedAt ?? context.Now).After(context.Spec.Reboot.Timeout), os.BootRequestedAt,
            context.Snapshot.Sight, context.Spec.Reboot.Timeout);

    /// <summary>
    /// When all checks must pass: health.timeout after the boot, and never later than what was declared with the order. The moment of the
    /// boot is by the node's clock: one before the order says that the clock is behind, and so nothing of the boot, and one in the future
    /// counts as the present.
    /// </summary>
    public static DateTimeOffset Healthy(NodeOSSpec os, NodeOSStatus? status, RolloutContext context)
    {
        var spec = context.Spec;
        var ordered = os.BootRequestedAt ?? context.Now;
        var declared = os.Deadlines?.Healthy ?? ordered.After(spec.Reboot.Timeout).After(spec.Health.Timeout);
        var deadline = status?.Timings?.BootedAt is not { } booted || booted < ordered
            ? declared
            : TimeMath.Earlier(declared, TimeMath.Earlier(booted, context.Now).After(spec.Health.Timeout));
        return Seen(deadline, os.BootRequestedAt, context.Snapshot.Sight, spec.Health.Timeout);
    }

    /// <summary>When the node must be back on its former tree, and Ready.</summary>
    public static DateTimeOffset RolledBack(NodeOSSpec os, RolloutContext context) => Seen(
        os.Deadlines?.Rollback ?? (os.BootRequestedAt ?? context.Now).After(context.Spec.Reboot.Timeout).After(context.Spec.Health.Timeout),
        os.BootRequestedAt, context.Snapshot.Sight, context.Spec.Reboot.Timeout);
}
