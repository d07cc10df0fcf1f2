namespace Ostler.Agent.Watchdog;

/// <summary>Where on the host the watchdog is, and its two units.</summary>
/// <remarks>
/// The program is in /var, which all deployments share. The units are in /etc, whose local files ostree carries into the new deployment
/// when it applies it, at shutdown: what is there before the reboot is there after it.
/// </remarks>
internal static class WatchdogUnits
{
    public const string Folder = "/var/lib/ostler/bin";
    public const string Program = Folder + "/ostler-agent";
    public const string Timer = "ostler-watchdog.timer";
    public const string TimerPath = "/etc/systemd/system/" + Timer;
    public const string ServicePath = "/etc/systemd/system/ostler-watchdog.service";

    /// <summary>
    /// Started in every boot in which there is a record, and in no other. Not behind sysinit.target, and not stopped when a boot ends in a
    /// rescue shell: such boots are what it is for.
    /// </summary>
    public const string TimerText = $"""
        # Written by ostler-agent, and removed by it when no new image is on trial. By hand: {Program} watchdog uninstall
        [Unit]
        Description=Ostler's watchdog over a new OS image
        ConditionPathExists={WatchdogStore.Path}
        DefaultDependencies=no
        IgnoreOnIsolate=yes
        After=local-fs.target
        Conflicts=shutdown.target
        Before=shutdown.target

        [Timer]
        OnBootSec=30s
        OnUnitActiveSec=30s
        AccuracySec=1s

        [Install]
        WantedBy=sysinit.target

        """;

    /// <summary>
    /// /usr/bin/env, because under SELinux systemd itself may not run what has the label of /var/lib, and what it runs from /usr/bin may.
    /// </summary>
    public const string ServiceText = $"""
        # Written by ostler-agent; see {Timer}.
        [Unit]
        Description=Ostler's watchdog: roll back to the previous OS image unless the agent declares the new one healthy
        DefaultDependencies=no
        IgnoreOnIsolate=yes
        After=local-fs.target
        Conflicts=shutdown.target
        Before=shutdown.target

        [Service]
        Type=oneshot
        ExecStart=/usr/bin/env {Program} watchdog check
        TimeoutStartSec=40min

        """;
}
