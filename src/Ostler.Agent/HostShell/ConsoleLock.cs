using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.HostShell;

/// <summary>Keeps the agent from its work while a person at the console changes the host. In /run: it must not outlive the boot.</summary>
internal static class ConsoleLock
{
    private const string Path = "/run/ostler/console.lock";

    /// <summary>The person's side. The kernel takes it back from whoever dies.</summary>
    /// <exception cref="HostToolException">Somebody else is at another console.</exception>
    public static IDisposable Take(HostFiles files) =>
        files.TryLock(Path) ?? throw new HostToolException(Reasons.TransactionInProgress, "Not now: another user runs ostler-agent host on this machine. Try again when that is complete.");

    /// <summary>The agent's side: looks, and keeps nothing.</summary>
    /// <exception cref="HostToolException">TransactionInProgress: a person is at it.</exception>
    public static void Respect(HostFiles files)
    {
        if (files.Exists(Path))
        {
            using var free = files.TryLock(Path) ?? throw new HostToolException(Reasons.TransactionInProgress, "A user is changing this host at its console (ostler-agent host). The agent waits.");
        }
    }
}
