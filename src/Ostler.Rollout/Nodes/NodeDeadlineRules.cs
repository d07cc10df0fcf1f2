using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>Every deadline of a node, and nothing else that ends a step.</summary>
/// <remarks>
/// Deadlines of the boot are written into the NodeOS when the order is given: they hold when the policy is edited or deleted under it. Those of
/// the drain follow the policy, so that a person can lengthen a drain that goes on.
/// </remarks>
internal static class NodeDeadlineRules
{
    /// <summary>When a node that holds a slot must be drained. Null: nobody knows since when it does.</summary>
    public static DateTimeOffset? Drained(NodeFacts node, UpgradePolicySpec spec) => node.CordonedAt?.After(spec.Drain.Timeout);

    /// <summary>When, under onTimeout Force, the node is rebooted although pods that are being deleted have not gone, or is given back.</summary>
    public static DateTimeOffset? Forced(NodeFacts node, UpgradePolicySpec spec) => Drained(node, spec)?.After(spec.Drain.Timeout);

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
    public static DateTimeOffset Rebooted(NodeOSSpec os, UpgradePolicySpec spec, DateTimeOffset now) =>
        os.Deadlines?.Reboot ?? (os.BootRequestedAt ?? now).After(spec.Reboot.Timeout);

    /// <summary>
    /// When all checks must pass: health.timeout after the boot, and never later than what was declared with the order. The moment of the boot is by the
    /// node's clock: one before the order says that the clock is behind, and so nothing of the boot, and one in the future counts as the present.
    /// </summary>
    public static DateTimeOffset Healthy(NodeOSSpec os, NodeOSStatus? status, UpgradePolicySpec spec, DateTimeOffset now)
    {
        var ordered = os.BootRequestedAt ?? now;
        var declared = os.Deadlines?.Healthy ?? ordered.After(spec.Reboot.Timeout).After(spec.Health.Timeout);
        return status?.Timings?.BootedAt is not { } booted || booted < ordered
            ? declared
            : TimeMath.Earlier(declared, TimeMath.Earlier(booted, now).After(spec.Health.Timeout));
    }

    /// <summary>When the node must be back on its former tree, and Ready.</summary>
    public static DateTimeOffset RolledBack(NodeOSSpec os, UpgradePolicySpec spec, DateTimeOffset now) =>
        os.Deadlines?.Rollback ?? (os.BootRequestedAt ?? now).After(spec.Reboot.Timeout).After(spec.Health.Timeout);
}
