using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Text;
using Ostler.Rollout.Validation;

namespace Ostler.Rollout.Nodes;

/// <summary>How long a host waits for its agent's word before it goes back by itself.</summary>
internal static class WatchdogRules
{
    /// <summary>How much later than the controller the host gives up: a controller that lives decides first, and knows why.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The same for one node; none when its tree stays the same, as where changes of the host are undone: there is nothing to go back to.
    /// </summary>
    public static Duration? For(RolloutContext context, NodeView view, NodeImage? image) => view.Runs(image?.Digest) ? null : Of(context.Spec);

    /// <summary>
    /// Null: no watchdog. Shorter than the time in which a node must report from its boot, so that the host is back, and says why, before
    /// it is given up: what is left of that time is for the two boots.
    /// </summary>
    public static Duration? Of(UpgradePolicySpec spec)
    {
        var time = spec.Rollback.Watchdog?.Value ?? Shorter(((TimeSpan)spec.Health.Timeout).Plus(Later), spec.Reboot.Timeout.Value * 0.8);
        return spec.Rollback.Automatic && time > TimeSpan.Zero ? new Duration(Shorter(time, SpecValidation.LongestWatchdog)) : null;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
