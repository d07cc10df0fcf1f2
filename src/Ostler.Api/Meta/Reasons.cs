namespace Ostler.Api;

/// <summary>
/// The one vocabulary of "why": the same word stands in a plan, a condition, an Event, a log line and a metric label. Programs may
/// rely on these words; messages are for people.
/// </summary>
public static class Reasons
{
    // Objects as a whole.
    public const string Succeeded = "Succeeded";
    public const string Invalid = "Invalid";
    public const string NotSupportedYet = "NotSupportedYet";
    public const string Paused = "Paused";
    public const string Deleting = "Deleting";

    // OSImage.
    public const string Resolved = "Resolved";
    public const string Pinned = "Pinned";
    public const string ResolveFailed = "ResolveFailed";
    public const string RefNotFound = "RefNotFound";
    public const string AuthenticationFailed = "AuthenticationFailed";
    public const string SecretNotReadable = "SecretNotReadable";
    public const string Verified = "Verified";
    public const string NotSigned = "NotSigned";
    public const string VerificationFailed = "VerificationFailed";
    public const string Denied = "Denied";
    public const string Quarantined = "Quarantined";

    // UpgradePolicy: why is nothing, or something, happening.
    public const string ImageNotFound = "ImageNotFound";
    public const string ImageNotReady = "ImageNotReady";
    public const string ImageQuarantined = "ImageQuarantined";
    public const string NoNodes = "NoNodes";
    public const string UpToDate = "UpToDate";
    public const string RollingOut = "RollingOut";
    public const string NodesBlocked = "NodesBlocked";
    public const string NodesFailed = "NodesFailed";
    public const string TooManyFailures = "TooManyFailures";
    public const string NoFailures = "NoFailures";
    public const string FailuresTolerated = "FailuresTolerated";
    public const string PolicyConflict = "PolicyConflict";
    public const string NoConflict = "NoConflict";
    public const string NotificationFailed = "NotificationFailed";

    // The pace: why no further node is disrupted now, though nothing is wrong.
    public const string AlwaysOpen = "AlwaysOpen";
    public const string Open = "Open";
    public const string ClosesSoon = "ClosesSoon";
    public const string OutsideWindow = "OutsideWindow";
    public const string Frozen = "Frozen";
    public const string NoWindowFits = "NoWindowFits";
    public const string WaitingForWave = "WaitingForWave";
    public const string WaitingForApproval = "WaitingForApproval";
    public const string WaveSoaking = "WaveSoaking";
    public const string WaveBelowThreshold = "WaveBelowThreshold";
    public const string WaitingForDomain = "WaitingForDomain";
    public const string WaitingForControlPlane = "WaitingForControlPlane";
    public const string DependencyNotReady = "DependencyNotReady";
    public const string DependencyNotFound = "DependencyNotFound";
    public const string DependencyCycle = "DependencyCycle";
    public const string JoinTaintRemoved = "JoinTaintRemoved";

    // A node on its way: what it does or waits for.
    public const string Staging = "Staging";
    public const string Staged = "Staged";
    public const string WaitingForStage = "WaitingForStage";
    public const string WaitingForSlot = "WaitingForSlot";
    public const string SlotGranted = "SlotGranted";
    public const string Draining = "Draining";
    public const string DrainCompleted = "DrainCompleted";
    public const string WaitingForCompletion = "WaitingForCompletion";
    public const string WaitingForVolumes = "WaitingForVolumes";
    public const string VolumesStillAttached = "VolumesStillAttached";
    public const string WaitingForWorkloads = "WaitingForWorkloads";
    public const string WaitingForReboot = "WaitingForReboot";
    public const string WaitingForHostChecks = "WaitingForHostChecks";
    public const string WaitingForNodeReady = "WaitingForNodeReady";
    public const string WaitingForHealthChecks = "WaitingForHealthChecks";
    public const string Soaking = "Soaking";
    public const string Updated = "Updated";
    public const string RollingBack = "RollingBack";
    public const string RolledBack = "RolledBack";
    public const string Released = "Released";
    public const string TargetChanged = "TargetChanged";
    public const string CordonLost = "CordonLost";
    public const string Retried = "Retried";

    // A node that cannot go on.
    public const string CordonedByOther = "CordonedByOther";
    public const string HeldByOtherPolicy = "HeldByOtherPolicy";
    public const string NodeNotReady = "NodeNotReady";
    public const string AgentMissing = "AgentMissing";
    public const string AgentSilent = "AgentSilent";
    public const string DrainBlocked = "DrainBlocked";
    public const string DrainTimedOut = "DrainTimedOut";
    public const string DrainForced = "DrainForced";
    public const string DrainWouldBlock = "DrainWouldBlock";
    public const string CordonDeadlock = "CordonDeadlock";
    public const string WorkloadsNotRecovered = "WorkloadsNotRecovered";
    public const string BackingOff = "BackingOff";
    public const string StagingFailed = "StagingFailed";
    public const string HostNotSupported = "HostNotSupported";
    public const string PlatformNotFound = "PlatformNotFound";

    // Why an attempt failed.
    public const string RebootTimedOut = "RebootTimedOut";
    public const string HealthTimedOut = "HealthTimedOut";
    public const string HostCheckFailed = "HostCheckFailed";
    public const string HostCheckError = "HostCheckError";
    public const string HostCheckMissing = "HostCheckMissing";
    public const string HealthCheckFailed = "HealthCheckFailed";
    public const string HealthCheckError = "HealthCheckError";
    public const string HealthCheckMissing = "HealthCheckMissing";
    public const string NodeNotReadyAfterBoot = "NodeNotReadyAfterBoot";
    public const string FinalizationFailed = "FinalizationFailed";
    public const string FinalizationNeverRan = "FinalizationNeverRan";
    public const string BootFellBack = "BootFellBack";
    public const string UnexpectedTree = "UnexpectedTree";
    public const string WatchdogExpired = "WatchdogExpired";
    public const string RolledBackByScope = "RolledBackByScope";
    public const string RollbackTimedOut = "RollbackTimedOut";
    public const string RollbackImpossible = "RollbackImpossible";
    public const string RollbackDisabled = "RollbackDisabled";

    // How a node differs from its tree. UnexpectedTree is one of these, too.
    public const string NoDrift = "NoDrift";
    public const string PackagesLayered = "PackagesLayered";
    public const string TreeUnlocked = "TreeUnlocked";
    public const string RemoteChanged = "RemoteChanged";
    public const string EtcChanged = "EtcChanged";
    public const string OtherDrift = "Other";
    public const string DriftsAgain = "DriftsAgain";
    public const string ReconcileFailed = "ReconcileFailed";

    // The agent.
    public const string Observing = "Observing";
    public const string HostChecksPass = "HostChecksPass";
    public const string NotStaged = "NotStaged";
    public const string DiskFull = "DiskFull";
    public const string BootFull = "BootFull";
    public const string PullFailed = "PullFailed";
    public const string HostToolFailed = "HostToolFailed";
    public const string TransactionInProgress = "TransactionInProgress";
    public const string OtherUpdater = "OtherUpdater";
    public const string SignatureRefused = "SignatureRefused";
    public const string WatchdogUnavailable = "WatchdogUnavailable";
}
