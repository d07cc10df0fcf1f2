using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Text;

namespace Ostler.Agent.HostShell;

/// <summary>A report as a person at the console reads it.</summary>
internal static class HostReportText
{
    public static IEnumerable<string> Lines(HostReport report)
    {
        yield return $"Updated by {report.Backend} {report.BackendVersion}; booted {(report.BootedAt is { } at ? Timestamp.Format(at) : "at an unknown time")}{(report.SoftReboots is null ? "" : " by a soft reboot")}.";
        foreach (var tree in report.Trees)
        {
            yield return $"{(tree.Booted ? "*" : " ")} {Tree(tree)}  {State(tree)}{(tree.Reference is { } from ? $"  {from}" : "")}";
        }

        if (report.Trees.FirstOrDefault(t => t.Next) is { Booted: false } next)
        {
            yield return $"The next boot runs {Tree(next)}.";
        }

        if (report.Staging)
        {
            yield return "An image is being staged: journalctl -u ostler-stage.service -f";
        }

        if (report.Reboot is { } reboot)
        {
            var what = $"{Timestamp.Format(reboot.RequestedAt)} to {(reboot.Goal == Goal.Rollback ? "roll back to" : "boot")} {Named(report, reboot.Target)} (attempt {reboot.Attempt.ToString(CultureInfo.InvariantCulture)})";
            yield return reboot.InThisBoot ? $"The agent instructed the host at {what}: it is about to reboot." : $"The last reboot that the agent ordered was at {what}.";
        }

        if (report.Watchdog is { } watchdog)
        {
            yield return Watchdog(report, watchdog);
        }

        if (report.Packages.Count > 0)
        {
            yield return $"Local packages (-: removed): {string.Join(", ", report.Packages)}.";
        }

        if (report.Mutated is { } how)
        {
            yield return $"/usr was made writable ({how}), so the host differs from its image.";
        }

        if (report.Transaction is { } transaction)
        {
            yield return $"Another program is using the host: {transaction}. The agent waits for it.";
        }

        if (report.Driver is { } driver)
        {
            yield return $"{driver} updates this host as well, so the agent does not stage.";
        }
    }

    /// <summary>As everywhere: the version, and the first twelve digits.</summary>
    public static string Tree(ReportedTree tree) => MessageText.Of(tree.Digest, tree.Version);

    private static string State(ReportedTree tree)
    {
        (bool Is, string Word)[] words =
        [
            (tree.Booted, "booted"), (tree.Staged && tree.Locked, "staged, and locked: a reboot does not apply it"), (tree.Staged && !tree.Locked, "staged: a reboot applies it"),
            (tree.Rollback, "kept for rollback"), (tree.Pinned, "pinned"),
        ];
        var so = string.Join(", ", words.Where(w => w.Is).Select(w => w.Word));
        return so.Length == 0 ? "kept" : so;
    }

    private static string Watchdog(HostReport report, ReportedWatchdog watchdog)
    {
        var (back, limit) = (Named(report, watchdog.Previous), new Duration(TimeSpan.FromSeconds(watchdog.TimeoutSeconds)).ToString());
        return watchdog switch
        {
            { Error: { } error } => $"The watchdog could not roll back to {back}: {error} It tries again: journalctl -u ostler-watchdog",
            { State: WatchdogState.Firing or WatchdogState.Fired } => $"The watchdog rolled the host back from {Named(report, watchdog.Target)} to {back}: it was not declared healthy within {limit} of its boot.",
            { OnTrial: true } => $"On trial: the watchdog rolls back to {back} unless the agent declares this image healthy within {limit} of its boot.",
            _ => $"The watchdog is armed for {Named(report, watchdog.Target)}: it rolls back to {back} unless the agent declares that image healthy within {limit} of its boot.",
        };
    }

    private static string Named(HostReport report, string digest) => report.Trees.FirstOrDefault(t => t.Digest == digest) is { } tree ? Tree(tree) : Digest.Shorten(digest);
}
