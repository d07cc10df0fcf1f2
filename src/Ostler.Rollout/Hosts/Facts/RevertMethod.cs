namespace Ostler.Rollout.Hosts.Facts;

/// <summary>
/// What undoes the changes that were made to the running tree on the host. Those of /etc, /var and kernel arguments are none of them.
/// </summary>
public enum RevertMethod
{
    /// <summary>There are none, or this agent does not know how.</summary>
    Nothing,

    /// <summary>They are gone after a reboot.</summary>
    Reboot,

    /// <summary>The tree must be laid down anew and booted.</summary>
    Redeploy,
}
