namespace Ostler.Api.Meta;

public static partial class Reasons
{
    // How a node differs from its tree. UnexpectedTree is one of these, too.
    /// <summary>The node runs its image unchanged.</summary>
    public const string NoDrift = "NoDrift";

    /// <summary>Packages were layered, replaced or removed on the host.</summary>
    /// <remarks>Put them into the image. spec.drift: Reconcile removes them, as does rpm-ostree reset on the host.</remarks>
    public const string PackagesLayered = "PackagesLayered";

    /// <summary>/usr was made writable, or changed live.</summary>
    /// <remarks>A reboot undoes it; spec.drift: Reconcile does so in a slot.</remarks>
    public const string TreeUnlocked = "TreeUnlocked";

    /// <summary>The host's OSTree remote has another URL than the image.</summary>
    /// <remarks>Correct the remote on the host (ostree remote), or spec.ostree.url.</remarks>
    public const string RemoteChanged = "RemoteChanged";

    /// <summary>Files in /etc differ from the image's defaults, as on every host. This alone is not drift.</summary>
    public const string EtcChanged = "EtcChanged";

    /// <summary>The agent reports a difference that this controller does not know.</summary>
    /// <remarks>Upgrade agent and controller to the same version.</remarks>
    public const string OtherDrift = "Other";

    /// <summary>The node drifted again after three reconciliations, so Ostler leaves it alone.</summary>
    /// <remarks>Find out what changes it, then run kubectl ostler retry.</remarks>
    public const string DriftsAgain = "DriftsAgain";

    /// <summary>
    /// The target could not be deployed again, or the node is unhealthy without its local changes. It stays cordoned if it was
    /// rebooted.
    /// </summary>
    /// <remarks>Put what is missing into the image. Then run kubectl ostler retry, or kubectl uncordon to keep the node as it is.</remarks>
    public const string ReconcileFailed = "ReconcileFailed";

    // The agent.
    /// <summary>Nothing is asked of the host.</summary>
    public const string Observing = "Observing";

    /// <summary>The host's checks pass, or there are none.</summary>
    public const string HostChecksPass = "HostChecksPass";

    /// <summary>
    /// The next boot would not run the target: it was not staged, or an unordered reboot or another program removed it. It is
    /// staged again.
    /// </summary>
    public const string NotStaged = "NotStaged";

    /// <summary>The host has too little free space in /ostree or /sysroot.</summary>
    /// <remarks>Remove deployments and data that are not needed; the message shows the free space.</remarks>
    public const string DiskFull = "DiskFull";

    /// <summary>/boot has no room for another kernel.</summary>
    /// <remarks>Remove deployments that are not needed (ostree admin undeploy, rpm-ostree cleanup -pr).</remarks>
    public const string BootFull = "BootFull";

    /// <summary>The host could not download the image. It tries again.</summary>
    /// <remarks>Check the host's network, remotes and credentials (/etc/ostree/auth.json): agents read no Secrets.</remarks>
    public const string PullFailed = "PullFailed";

    /// <summary>ostree, rpm-ostree, bootc or systemd failed on the host.</summary>
    /// <remarks>The message has the tool's output. For more, see the agent's log and journalctl -u ostler-stage on the host.</remarks>
    public const string HostToolFailed = "HostToolFailed";

    /// <summary>Another program changes the host's deployments. The agent waits for it.</summary>
    /// <remarks>If it persists, rpm-ostree status on the host names the program; rpm-ostree cancel stops it.</remarks>
    public const string TransactionInProgress = "TransactionInProgress";

    /// <summary>An update driver such as Zincati is registered on the host. Ostler does not compete with it.</summary>
    /// <remarks>Disable it on the host, or remove the node from the policy.</remarks>
    public const string OtherUpdater = "OtherUpdater";

    /// <summary>
    /// The host's own rules refuse the image's signature (GPG keys of the remote, /etc/containers/policy.json), or would not verify
    /// it as they verify the running image.
    /// </summary>
    /// <remarks>Sign the image with a key that hosts trust, or add the key to the hosts.</remarks>
    public const string SignatureRefused = "SignatureRefused";

    /// <summary>
    /// The host cannot have the watchdog: /var is mounted noexec, /etc is transient, or it has another C library. It is not
    /// rebooted.
    /// </summary>
    /// <remarks>Fix that, or set spec.rollback.watchdog to 0s to go without.</remarks>
    public const string WatchdogUnavailable = "WatchdogUnavailable";
}
