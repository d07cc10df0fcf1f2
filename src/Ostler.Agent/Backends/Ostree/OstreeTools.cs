using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// The commands of ostree, one class each. bootc and rpm-ostree are built on ostree, and leave to it what they have no verbs for: locks,
/// pins, the order of boots, and the finalization at shutdown.
/// </summary>
internal sealed class OstreeTools
{
    public OstreeTools(OstreeVersion version, ICommandRunner runner, HostFiles files, StagingUnit unit)
    {
        var ostree = new OstreeCommands(runner, unit);
        Version = version;
        Unit = unit;
        Status = new OstreeStatus(ostree, version, files);
        Remotes = new OstreeRemotes(ostree);
        RemoteConfig = new OstreeRemoteConfig(files);
        Pull = new OstreePull(ostree, files);
        Deploy = new OstreeDeploy(ostree, files);
        Lock = new OstreeLock(ostree, version, files);
        Pin = new OstreePin(ostree, Status);
        Space = new OstreeDiskSpace(ostree);
        Conflicts = new OstreeEtcConflicts(ostree, files);
        Undeploy = new OstreeUndeploy(ostree);
        SetDefault = new OstreeSetDefault(ostree);
        SoftReboot = new OstreeSoftReboot(ostree, version, Status, new OstreeBootComplete(runner, files), files);
        Finalization = new OstreeFinalization(runner, files);
    }

    public OstreeVersion Version { get; }

    public StagingUnit Unit { get; }

    public OstreeStatus Status { get; }

    public OstreeRemotes Remotes { get; }

    public OstreeRemoteConfig RemoteConfig { get; }

    public OstreePull Pull { get; }

    public OstreeDeploy Deploy { get; }

    public OstreeLock Lock { get; }

    public OstreePin Pin { get; }

    public OstreeDiskSpace Space { get; }

    public OstreeEtcConflicts Conflicts { get; }

    public OstreeUndeploy Undeploy { get; }

    public OstreeSetDefault SetDefault { get; }

    public OstreeSoftReboot SoftReboot { get; }

    public OstreeFinalization Finalization { get; }
}
