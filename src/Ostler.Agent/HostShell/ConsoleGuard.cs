using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.HostShell;

/// <summary>When a person at the console is kept from changing the host, and what they may override.</summary>
internal static class ConsoleGuard
{
    /// <summary>Work under way just now. To override it would end on an unknown tree.</summary>
    public static void RefuseWhileBusy(HostReport report)
    {
        var why = report switch
        {
            { Staging: true } => "an image is being staged (ostler-stage.service)",
            { Transaction: { } transaction } => $"another program is using the host: {transaction}",
            _ => null,
        };
        if (why is not null)
        {
            throw Busy(why);
        }
    }

    /// <summary>What the agent has written down of an order that has not come to its end: a person may know better, and says so.</summary>
    public static void RefuseInFlight(HostReport report, bool pinned, bool force)
    {
        if (force)
        {
            return;
        }

        var why = report switch
        {
            { Reboot.InThisBoot: true } => "the agent has instructed the host to reboot",
            { Reboot: { } reboot } => $"attempt {reboot.Attempt} of an upgrade by the controller is in progress: the last reboot for it was at {Timestamp.Format(reboot.RequestedAt)}",
            { Watchdog.State: WatchdogState.Firing or WatchdogState.Fired } => "the watchdog is rolling the host back",
            { Watchdog: not null } => "a new image is on trial, or about to be: the watchdog is armed",
            _ when pinned => "an upgrade by the controller is in progress: the previous deployment is still pinned",
            _ => null,
        };
        if (why is not null)
        {
            throw new HostToolException(
                Reasons.TransactionInProgress, $"Not now: {why}. Wait until it is complete (ostler-agent host status), or pause the policy and add --force; the controller may then undo your change.");
        }
    }

    public static HostToolException Busy(string why) => new(Reasons.HostToolFailed, $"Not now: {why}. Try again when that is complete; ostler-agent host status shows the state.");
}
