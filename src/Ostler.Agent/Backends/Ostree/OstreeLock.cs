using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin lock-finalization</c>, and the file that was the lock before it.</summary>
internal sealed class OstreeLock(OstreeCommands ostree, OstreeVersion version, HostFiles files)
{
    private const string FinalizeUnit = "ostree-finalize-staged.service";

    /// <summary>
    /// Makes the file that is the lock before 2023.8 and still locks since then. It also locks what is staged after it, whichever tool
    /// stages: for tools that cannot lock what they stage, so that there is no moment in which it is not.
    /// </summary>
    public void LockAhead() => Change("locked", () => files.Write(OstreeStatus.LockFile, ""));

    /// <summary>Takes back <see cref="LockAhead"/>: left over, it would also lock what somebody else stages.</summary>
    public void ForgetFile() => Change("unlocked", () => files.Delete(OstreeStatus.LockFile));

    private static void Change(string wanted, Action change)
    {
        try
        {
            change();
        }
        catch (HostToolException failure)
        {
            throw new HostToolException(failure.Reason, $"The staged deployment cannot be {wanted}: {failure.Message}");
        }
    }

    /// <summary>Locks what is staged. False when this version can do that only while staging.</summary>
    public async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        if (!version.HasLockFinalization)
        {
            return false;
        }

        await ostree.RunAsync(Change(), cancellationToken);
        return true;
    }

    /// <summary>Lets the staged deployment be applied at shutdown.</summary>
    public async Task UnlockAsync(CancellationToken cancellationToken)
    {
        await StartFinalizeUnitAsync(cancellationToken);
        if (version.HasLockFinalization)
        {
            await ostree.RunAsync(Change("--unlock"), cancellationToken);
        }

        // Since 2023.8 a leftover of this file still locks, although no status shows it; before, it is the lock.
        ForgetFile();
    }

    private static HostCommand Change(params string[] options) =>
        new("ostree", ["admin", "lock-finalization", .. options]) { Timeout = OstreeCommands.WriteTimeout };

    /// <summary>
    /// The staged deployment is applied when this unit stops. Before 2025.2 a path unit starts it some time after staging: a host that goes
    /// down before that boots the old tree.
    /// </summary>
    private async Task StartFinalizeUnitAsync(CancellationToken cancellationToken)
    {
        var result = await ostree.TryAsync(new HostCommand("systemctl", "start", FinalizeUnit), cancellationToken);
        if (!result.Succeeded)
        {
            throw new HostToolException(
                Reasons.HostToolFailed, $"{FinalizeUnit}, which applies the staged deployment at shutdown, does not start: {HostToolException.Trim(result.Stderr)}");
        }
    }
}
