namespace Ostler.Api.NodeOSes;

/// <summary>Tells boots apart. The kernel's boot ID alone does not: a soft reboot starts all of user space anew and keeps it.</summary>
public static class BootSession
{
    /// <summary>
    /// The kernel's boot ID, and behind a plus how often user space was restarted in it, unless it never was; null when the boot is not
    /// known.
    /// </summary>
    public static string? Of(string? bootID, int? softReboots) => bootID is null || softReboots is not > 0
        ? bootID
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bootID}+{softReboots}");

    /// <summary>The boot that the agent reports from.</summary>
    public static string? BootSessionID(this NodeOSStatus status) => Of(status.BootID, status.SoftReboots);

    /// <summary>The boot from which the node was told to reboot.</summary>
    public static string? BootSessionID(this PreviousOS previous) => Of(previous.BootID, previous.SoftReboots);
}
