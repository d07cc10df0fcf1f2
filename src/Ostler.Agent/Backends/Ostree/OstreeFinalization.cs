using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Finds out what became of the deployment that was staged in the former boot.</summary>
/// <remarks>
/// In this order, from the most to the least lasting: the stamp in /boot, which the next boot's service deletes; what that service then said in this boot's
/// journal; what finalization itself said in the former boot's journal, which only hosts with a journal on disk still have.
/// </remarks>
internal sealed class OstreeFinalization(ICommandRunner runner, HostFiles files)
{
    private const string Stamp = "/boot/ostree/finalize-failure.stamp";
    private const string FailedBefore = "error: ostree-finalize-staged.service failed on previous boot: ";
    private const string LockedBefore = "Not finalizing; deployment is locked";
    private const string Error = "error: ";
    private const string Began = "Finalizing staged deployment";
    private const string Ended = "Bootloader updated";
    private const string TimedOut = "Failed with result 'timeout'";

    public async Task<FinalizationReport> ExplainAsync(CancellationToken cancellationToken)
    {
        if (files.Read(Stamp) is { Length: > 0 } stamp)
        {
            return Failed(stamp);
        }

        var since = await JournalAsync("0", "ostree-boot-complete.service", cancellationToken);
        if (Find(since, FailedBefore) is { } complaint)
        {
            return Failed(complaint);
        }

        var before = await JournalAsync("-1", "ostree-finalize-staged.service", cancellationToken);
        if (Find(before, Error) is { } error)
        {
            return Failed(error);
        }

        return before.Contains(TimedOut, StringComparison.Ordinal) ? Failed("it took longer than its unit may take to stop")
            : before.Contains(LockedBefore, StringComparison.Ordinal) ? new FinalizationReport(Finalization.SkippedLocked)
            : before.Contains(Began, StringComparison.Ordinal) && !before.Contains(Ended, StringComparison.Ordinal) ? Failed("it began and did not come to its end")
            : new FinalizationReport(Finalization.NeverRan);
    }

    private static FinalizationReport Failed(string words) => new(Finalization.Failed, HostToolException.Trim(words));

    /// <summary>The unit's messages; only those of root, because anybody may write to the journal. Empty when there are none.</summary>
    private async Task<string> JournalAsync(string boot, string unit, CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(
            new HostCommand("journalctl", "--boot=" + boot, "--unit=" + unit, "--output=cat", "--no-pager", "--quiet", "--lines=200", "_UID=0"), cancellationToken);
        return result.Succeeded ? result.Stdout : "";
    }

    /// <summary>What follows the mark in the last line that begins with it: the unit may have run for more than one attempt.</summary>
    private static string? Find(string journal, string mark)
    {
        string? found = null;
        foreach (var line in journal.Split('\n'))
        {
            if (line.StartsWith(mark, StringComparison.Ordinal))
            {
                found = line[mark.Length..].Trim();
            }
        }

        return found;
    }
}
