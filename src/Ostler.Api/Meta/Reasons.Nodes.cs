namespace Ostler.Api.Meta;

public static partial class Reasons
{
    // A node on its way: what it does or waits for.
    /// <summary>The target is fetched and laid down beside the running tree.</summary>
    /// <remarks>If it takes unusually long: kubectl ostler nodes, and journalctl -u ostler-stage on the host.</remarks>
    public const string Staging = "Staging";

    /// <summary>The target is there, locked.</summary>
    public const string Staged = "Staged";

    /// <summary>It waits for its turn to fetch the target (spec.rollout.stageAhead).</summary>
    public const string WaitingForStage = "WaitingForStage";

    /// <summary>It has the target staged, and as many nodes as may be are out of service.</summary>
    public const string WaitingForSlot = "WaitingForSlot";

    /// <summary>It is its turn: it is cordoned.</summary>
    public const string SlotGranted = "SlotGranted";

    /// <summary>Its pods are evicted.</summary>
    public const string Draining = "Draining";

    /// <summary>No pod is left that must leave: it is told to boot.</summary>
    public const string DrainCompleted = "DrainCompleted";

    /// <summary>Pods with the rule WaitCompleted run to their end first.</summary>
    public const string WaitingForCompletion = "WaitingForCompletion";

    /// <summary>It is drained, and volumes are still attached.</summary>
    public const string WaitingForVolumes = "WaitingForVolumes";

    /// <summary>Volumes did not detach within spec.drain.volumeDetachTimeout, or could not be asked for: it was rebooted all the same.</summary>
    /// <remarks>If pods elsewhere hang on Multi-Attach: see the CSI driver, or lengthen the timeout.</remarks>
    public const string VolumesStillAttached = "VolumesStillAttached";

    /// <summary>It is back in service, and workloads that its drain displaced are not yet.</summary>
    public const string WaitingForWorkloads = "WaitingForWorkloads";

    /// <summary>It is told to boot the target.</summary>
    public const string WaitingForReboot = "WaitingForReboot";

    /// <summary>The host restarts into the target.</summary>
    public const string Rebooting = "Rebooting";

    /// <summary>The target runs. Health checks decide whether it stays.</summary>
    public const string Verifying = "Verifying";

    /// <summary>The target runs, and the host's own checks do not pass yet, or have not been made.</summary>
    public const string WaitingForHostChecks = "WaitingForHostChecks";

    /// <summary>The target runs, and the kubelet has not said Ready from this boot.</summary>
    public const string WaitingForNodeReady = "WaitingForNodeReady";

    /// <summary>The target runs, and the controller's checks do not pass yet.</summary>
    public const string WaitingForHealthChecks = "WaitingForHealthChecks";

    /// <summary>All checks pass, and must go on passing for spec.rollout.soak.</summary>
    public const string Soaking = "Soaking";

    /// <summary>It is healthy on the target, and back in service.</summary>
    public const string Updated = "Updated";

    /// <summary>It is told to boot its former tree.</summary>
    public const string RollingBack = "RollingBack";

    /// <summary>It runs its former tree again, after a failure that the message tells.</summary>
    /// <remarks>Publish a better tree; or try again (kubectl ostler retry).</remarks>
    public const string RolledBack = "RolledBack";

    /// <summary>It was given back as it was: the policy or its target changed, or a person took it over.</summary>
    public const string Released = "Released";

    /// <summary>The OSImage points elsewhere since: it begins anew.</summary>
    public const string TargetChanged = "TargetChanged";

    /// <summary>Somebody uncordoned it while it was drained: it is cordoned again.</summary>
    /// <remarks>To keep it out, cordon it before its turn, or pause the policy.</remarks>
    public const string CordonLost = "CordonLost";

    /// <summary>A person asked for another try.</summary>
    public const string Retried = "Retried";

    // A node that cannot go on.
    /// <summary>Somebody else cordoned it: Ostler leaves it alone, and it counts against maxUnavailable.</summary>
    /// <remarks>kubectl uncordon it when it may be upgraded.</remarks>
    public const string CordonedByOther = "CordonedByOther";

    /// <summary>Another policy is not done with it yet.</summary>
    public const string HeldByOtherPolicy = "HeldByOtherPolicy";

    /// <summary>Its kubelet does not say Ready. It is not touched until it does.</summary>
    /// <remarks>See to the node, or remove it from the cluster when it is gone for good.</remarks>
    public const string NodeNotReady = "NodeNotReady";

    /// <summary>Its agent has never reported, or its NodeOS is gone.</summary>
    /// <remarks>See whether the pod of the DaemonSet ostler-agent runs there, and its log (kubectl ostler doctor).</remarks>
    public const string AgentMissing = "AgentMissing";

    /// <summary>
    /// Its NodeOS was deleted while it held a slot, and with it the record of what was verified. What runs is verified again before the
    /// node is released.
    /// </summary>
    /// <remarks>Nothing, unless it lasts: then check the agent's pod on the node. Never delete a NodeOS by hand.</remarks>
    public const string RecordLost = "RecordLost";

    /// <summary>
    /// Its agent does not act on its orders. A node that was to boot and did not is released and tried again later; its image is not
    /// blamed.
    /// </summary>
    /// <remarks>Check the agent's pod on the node and its log (kubectl ostler doctor), and the space in /var/lib/ostler.</remarks>
    public const string AgentSilent = "AgentSilent";

    /// <summary>What its agent reports is not valid, and is ignored as a whole: the message names the field. Other nodes go on.</summary>
    /// <remarks>Bring agent and controller to the same version. If they are, the node may be compromised: isolate it.</remarks>
    public const string InvalidReport = "InvalidReport";

    /// <summary>The API server refuses a write to its Node or NodeOS. Its deadlines go on, and it is released when they end.</summary>
    /// <remarks>The message has the server's words. Fix the webhook, quota or permissions that refuse it.</remarks>
    public const string WriteRefused = "WriteRefused";

    /// <summary>Pods cannot be evicted: a budget lets none go, or nothing would make them again.</summary>
    /// <remarks>The message names them. Make room in the PodDisruptionBudget (more replicas), or say what to do with such pods in spec.drain.</remarks>
    public const string DrainBlocked = "DrainBlocked";

    /// <summary>It was not drained within spec.drain.timeout, and given back; it is tried again.</summary>
    /// <remarks>See which pods do not end in their grace period; lengthen the timeout if they need it.</remarks>
    public const string DrainTimedOut = "DrainTimedOut";

    /// <summary>spec.drain.onTimeout is Force and the time was up: pods are deleted without regard to their budgets.</summary>
    public const string DrainForced = "DrainForced";

    /// <summary>A dry run of its drain says that a budget would hold it up, so it is not cordoned in vain. Other nodes go first.</summary>
    /// <remarks>As for DrainBlocked.</remarks>
    public const string DrainWouldBlock = "DrainWouldBlock";

    /// <summary>Its drain and another node's would wait for each other: this one was given back, and is tried again.</summary>
    /// <remarks>If it comes back: fewer nodes at once (maxUnavailable), or more room for the pods that the message names.</remarks>
    public const string CordonDeadlock = "CordonDeadlock";

    /// <summary>Workloads that a drain displaced are not available again: no further node is taken.</summary>
    /// <remarks>See why their pods do not start elsewhere. To go on without them: kubectl ostler retry.</remarks>
    public const string WorkloadsNotRecovered = "WorkloadsNotRecovered";

    /// <summary>It was given back, and is tried again at the time in the message.</summary>
    public const string BackingOff = "BackingOff";

    /// <summary>The target could not be laid down. Its pods were not disturbed.</summary>
    /// <remarks>The message has the host's reason, which stands in this table, too. Then kubectl ostler retry.</remarks>
    public const string StagingFailed = "StagingFailed";

    /// <summary>The host was not booted from an OSTree deployment, or its tool does not answer.</summary>
    /// <remarks>Leave the node out of spec.nodeSelector, or correct its label ostler.dev/backend.</remarks>
    public const string HostNotSupported = "HostNotSupported";

    /// <summary>The image does not exist for the node's architecture.</summary>
    /// <remarks>Add the platform to the image, or leave the node out of spec.nodeSelector.</remarks>
    public const string PlatformNotFound = "PlatformNotFound";

    // Why an attempt failed.
    /// <summary>
    /// It went down to boot the new tree and did not report from it within spec.reboot.timeout: it hangs, boots slowly, or has no
    /// network.
    /// </summary>
    /// <remarks>Look at its console. If it only boots slowly, lengthen the timeout. It is taken back in when it reports.</remarks>
    public const string RebootTimedOut = "RebootTimedOut";

    /// <summary>Checks were not made, or not often enough in a row, within spec.health.timeout.</summary>
    /// <remarks>Lengthen it, or make the checks' intervals shorter.</remarks>
    public const string HealthTimedOut = "HealthTimedOut";

    /// <summary>A check of the host says no.</summary>
    /// <remarks>The message names the unit, command or address. The former boot's journal has the rest: journalctl -b -1 on the node.</remarks>
    public const string HostCheckFailed = "HostCheckFailed";

    /// <summary>A check of the host cannot be made.</summary>
    /// <remarks>Correct the check in spec.health.checks: that says nothing of the tree.</remarks>
    public const string HostCheckError = "HostCheckError";

    /// <summary>A check of the host finds nothing to judge, as a unit that is not there.</summary>
    /// <remarks>Correct the name in spec.health.checks, or ship the unit with the tree.</remarks>
    public const string HostCheckMissing = "HostCheckMissing";

    /// <summary>A check that the controller makes says no.</summary>
    /// <remarks>The message has what was asked and answered.</remarks>
    public const string HealthCheckFailed = "HealthCheckFailed";

    /// <summary>A check that the controller makes cannot be made: no answer, no right, an unknown kind.</summary>
    /// <remarks>See to what is asked, or correct the check: that says nothing of the tree.</remarks>
    public const string HealthCheckError = "HealthCheckError";

    /// <summary>A check that the controller makes finds nothing to judge: no such object, field, pod or sample.</summary>
    /// <remarks>Correct the check in spec.health.checks, or make what it looks for.</remarks>
    public const string HealthCheckMissing = "HealthCheckMissing";

    /// <summary>The target runs, and the kubelet did not say Ready in time.</summary>
    /// <remarks>On the former boot's journal: journalctl -b -1 -u kubelet on the node.</remarks>
    public const string NodeNotReadyAfterBoot = "NodeNotReadyAfterBoot";

    /// <summary>The staged tree could not be applied while the host shut down.</summary>
    /// <remarks>The message has the host's words; journalctl -b -1 -u ostree-finalize-staged on the node. Often /boot is full.</remarks>
    public const string FinalizationFailed = "FinalizationFailed";

    /// <summary>The host went down without applying the staged tree: a power cut, or a forced reboot. It is tried again, and counts as a failure the third time.</summary>
    /// <remarks>See why the host does not shut down in order.</remarks>
    public const string FinalizationNeverRan = "FinalizationNeverRan";

    /// <summary>The former tree came up: the new one did not boot, greenboot or boot counting took it back, or somebody chose so in the boot menu.</summary>
    /// <remarks>Look at the host's console, and at greenboot's journal where it is enabled.</remarks>
    public const string BootFellBack = "BootFellBack";

    /// <summary>The node runs a tree that is neither the target nor its former one: somebody else updates it.</summary>
    /// <remarks>Find out who, and stop that. The policy brings the node back, at most three times.</remarks>
    public const string UnexpectedTree = "UnexpectedTree";

    /// <summary>The host took itself back: neither kubelet nor agent called the new tree healthy within spec.rollback.watchdog.</summary>
    /// <remarks>journalctl -b -1 on the node, and journalctl -u ostler-watchdog.</remarks>
    public const string WatchdogExpired = "WatchdogExpired";

    /// <summary>
    /// The host rolled itself back because the API server was unreachable, while its checks passed. It is tried again, and counts as a
    /// failure the third time.
    /// </summary>
    /// <remarks>Nothing after an outage of the API server. If it comes back: check the host's network with the new image.</remarks>
    public const string ApiUnreachable = "ApiUnreachable";

    /// <summary>It was well, and went back with those that failed (spec.rollback.scope).</summary>
    public const string RolledBackByScope = "RolledBackByScope";

    /// <summary>It is not back on its former tree, and Ready, in time. It keeps its slot.</summary>
    /// <remarks>See to the node; it is taken back in when it reports. kubectl uncordon takes it out of Ostler's hands.</remarks>
    public const string RollbackTimedOut = "RollbackTimedOut";

    /// <summary>The host does not have its former tree any more, or cannot boot it.</summary>
    /// <remarks>See to the node by hand; kubectl uncordon takes it out of Ostler's hands.</remarks>
    public const string RollbackImpossible = "RollbackImpossible";
}
