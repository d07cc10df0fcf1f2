using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Finds out what became of the deployment that was staged in the former boot.</summary>
/// <remarks>
/// In this order, from the most to the least lasting: the stamp in /boot, which the next boot's service deletes; what that service then
/// said in this boot's journal; what finalization itself said in the former boot's journal, which only hosts with a journal on disk still
/// have.
/// </remarks>
internal sealed class OstreeFinalization(ICommandRunner runner, HostFiles files)
{
    private const string Stamp = "/boot/ostree/finalize-failure.stamp";
    private const string FailedBefore = "error: ostree-finalize-staged.service failed on previous boot: ";
    private const string LockedBefore = "Not finalizing; deployment is locked";
    private const string Error = "error: ";
    private const string Began = "Finalizing staged deployment";

    /// <summary>Which of them comes last depends on the boot loader and on what had to be written.</summary>
    private static readonly string[] Ended = ["Bootloader updated", "Transaction complete", "Finished writing deployment"];

    private const string FinalizeUnit = "ostree-finalize-staged.service";
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

        return Explain(await JournalAsync("-1", FinalizeUnit, cancellationToken));
    }

    /// <summary>
    /// What became of a deployment that was applied in this boot. The stamp is of that run: each run of the unit removes the one of the run
    /// before. Stopping the unit succeeds whether or not it could finalize, so that its exit code does not tell.
    /// </summary>
    public async Task<FinalizationReport> ExplainPresentAsync(CancellationToken cancellationToken) =>
        files.Read(Stamp) is { Length: > 0 } stamp ? Failed(stamp) : Explain(await JournalAsync("0", FinalizeUnit, cancellationToken));

    /// <summary>From the last begin of a finalization on: the unit may have run more than once in a boot.</summary>
    private static string Latest(string journal) =>
        journal.LastIndexOf(Began, StringComparison.Ordinal) is >= 0 and var at ? journal[at..] : journal;

    private static FinalizationReport Explain(string journal)
    {
        var before = Latest(journal);
        if (Find(before, Error) is { } error)
        {
            return Failed(error);
        }

        return before.Contains(TimedOut, StringComparison.Ordinal) ? Failed("it took longer than its unit's stop timeout")
            : before.Contains(LockedBefore, StringComparison.Ordinal) ? new FinalizationReport(Finalization.SkippedLocked)
            : before.Contains(Began, StringComparison.Ordinal) && !ToolErrorText.Any(before, Ended) ? Failed("it started but did not finish")
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
