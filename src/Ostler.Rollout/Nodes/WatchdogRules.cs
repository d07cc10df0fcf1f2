using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>How long a host waits for its agent's word before it goes back by itself.</summary>
internal static class WatchdogRules
{
    /// <summary>Beyond this the host takes the order for a mistake.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>
    /// Null: no watchdog. Shorter than the time in which a node must report from its boot, so that the host is back, and says why, before it is given up: what is left of that
    /// time is for the two boots.
    /// </summary>
    public static Duration? Of(UpgradePolicySpec spec)
    {
        var time = spec.Rollback.Watchdog?.Value ?? TimeSpan.FromSeconds(Math.Ceiling(((TimeSpan)spec.Reboot.Timeout).TotalSeconds * 2 / 3));
        return spec.Rollback.Automatic && time > TimeSpan.Zero ? new Duration(time < Longest ? time : Longest) : null;
    }
}
