using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin lock-finalization</c>, and the file that was the lock before it.</summary>
internal sealed class OstreeLock(OstreeCommands ostree, OstreeVersion version, HostFiles files)
{
    /// <summary>Locks what is staged. False when this version can do that only while staging.</summary>
    public async Task<bool> TryLockAsync(CancellationToken ct)
    {
        if (!version.HasLockFinalization)
        {
            return false;
        }

        await ostree.RunAsync(Change(), ct);
        return true;
    }

    /// <summary>Lets the staged deployment be applied at shutdown.</summary>
    public async Task UnlockAsync(CancellationToken ct)
    {
        if (version.HasLockFinalization)
        {
            await ostree.RunAsync(Change("--unlock"), ct);
        }

        // Since 2023.8 a leftover of this file still locks, although no status shows it; before, it is the lock.
        try
        {
            files.Delete(OstreeStatus.LockFile);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"The staged deployment cannot be unlocked: {failure.Message}");
        }
    }

    private static HostCommand Change(params string[] options) =>
        new("ostree", ["admin", "lock-finalization", .. options]) { Timeout = OstreeCommands.WriteTimeout };
}
