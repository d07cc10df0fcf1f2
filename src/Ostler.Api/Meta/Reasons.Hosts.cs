namespace Ostler.Api.Meta;

public static partial class Reasons
{
    // How a node differs from its tree. UnexpectedTree is one of these, too.
    /// <summary>It runs its tree as it was made.</summary>
    public const string NoDrift = "NoDrift";

    /// <summary>Packages were layered, replaced or removed on the host.</summary>
    /// <remarks>Put them into the image. spec.drift: Reconcile undoes them, as does rpm-ostree reset on the host.</remarks>
    public const string PackagesLayered = "PackagesLayered";

    /// <summary>/usr was made writable, or changed live.</summary>
    /// <remarks>A reboot undoes it; spec.drift: Reconcile does so in a slot.</remarks>
    public const string TreeUnlocked = "TreeUnlocked";

    /// <summary>The host's OSTree remote has another address than the image.</summary>
    /// <remarks>Correct the remote on the host (ostree remote), or spec.ostree.url.</remarks>
    public const string RemoteChanged = "RemoteChanged";

    /// <summary>Files of /etc differ from the tree's defaults, as on every host: that alone is no drift.</summary>
    public const string EtcChanged = "EtcChanged";

    /// <summary>The agent tells of a difference by a word that this controller does not know.</summary>
    /// <remarks>Bring agent and controller to the same version.</remarks>
    public const string OtherDrift = "Other";

    /// <summary>It drifted again after it was brought back three times: it is left alone.</summary>
    /// <remarks>Find out who changes it, then kubectl ostler retry.</remarks>
    public const string DriftsAgain = "DriftsAgain";

    /// <summary>The target could not be laid down anew, or the node is not healthy without what was changed on it. It stays cordoned if it was rebooted.</summary>
    /// <remarks>See to what it misses; put that into the image. Then kubectl ostler retry, or kubectl uncordon to keep it as it is.</remarks>
    public const string ReconcileFailed = "ReconcileFailed";

    // The agent.
    /// <summary>Nothing is asked of the host.</summary>
    public const string Observing = "Observing";

    /// <summary>The host's checks pass, or there are none.</summary>
    public const string HostChecksPass = "HostChecksPass";

    /// <summary>The target is not what the next boot would run: it was not staged, or an unordered reboot or somebody else took it away. It is staged anew.</summary>
    public const string NotStaged = "NotStaged";

    /// <summary>The host has too little room in /ostree or /sysroot.</summary>
    /// <remarks>Remove deployments and data that are not needed; the message says how much is there.</remarks>
    public const string DiskFull = "DiskFull";

    /// <summary>/boot has no room for another kernel.</summary>
    /// <remarks>Remove deployments that are not needed (ostree admin undeploy, rpm-ostree cleanup -pr).</remarks>
    public const string BootFull = "BootFull";

    /// <summary>The host could not fetch the tree. It is tried again.</summary>
    /// <remarks>Look at the way from the host, its remotes and credentials (/etc/ostree/auth.json): agents read no Secrets.</remarks>
    public const string PullFailed = "PullFailed";

    /// <summary>ostree, rpm-ostree, bootc or systemd failed on the host.</summary>
    /// <remarks>The message has the tool's own words; the rest is in the agent's log and in journalctl -u ostler-stage on the host.</remarks>
    public const string HostToolFailed = "HostToolFailed";

    /// <summary>Somebody else is at work on the host's deployments: that is waited for.</summary>
    /// <remarks>If it lasts: rpm-ostree status on the host says who; rpm-ostree cancel ends it.</remarks>
    public const string TransactionInProgress = "TransactionInProgress";

    /// <summary>An update driver such as Zincati is registered on the host, and is not fought.</summary>
    /// <remarks>Disable it on the host, or take the node out of the policy.</remarks>
    public const string OtherUpdater = "OtherUpdater";

    /// <summary>The host's own rules refuse the tree's signature (GPG keys of the remote, /etc/containers/policy.json).</summary>
    /// <remarks>Sign the tree with a key that hosts trust, or bring the key to the hosts.</remarks>
    public const string SignatureRefused = "SignatureRefused";

    /// <summary>The host cannot have the watchdog: /var is mounted noexec, /etc is transient, or it has another C library. It is not rebooted.</summary>
    /// <remarks>Mend that, or set spec.rollback.watchdog to 0s to do without.</remarks>
    public const string WatchdogUnavailable = "WatchdogUnavailable";
}
