namespace Ostler.Api.Meta;

public static partial class Reasons
{
    // A node on its way: what it does or waits for.
    /// <summary>The target is downloaded and deployed beside the running image. Workloads keep running.</summary>
    /// <remarks>If it takes unusually long, run kubectl ostler nodes, and journalctl -u ostler-stage on the host.</remarks>
    public const string Staging = "Staging";

    /// <summary>The target is staged and locked.</summary>
    public const string Staged = "Staged";

    /// <summary>Waiting to stage; spec.rollout.stageAhead limits concurrent downloads.</summary>
    public const string WaitingForStage = "WaitingForStage";

    /// <summary>The target is staged, but maxUnavailable nodes are unavailable.</summary>
    public const string WaitingForSlot = "WaitingForSlot";

    /// <summary>The node got a slot and is cordoned.</summary>
    public const string SlotGranted = "SlotGranted";

    /// <summary>Pods are being evicted.</summary>
    public const string Draining = "Draining";

    /// <summary>No pod is left to evict. The agent is instructed to boot.</summary>
    public const string DrainCompleted = "DrainCompleted";

    /// <summary>Pods with the rule WaitCompleted must complete first.</summary>
    public const string WaitingForCompletion = "WaitingForCompletion";

    /// <summary>The node is drained, but volumes are still attached.</summary>
    public const string WaitingForVolumes = "WaitingForVolumes";

    /// <summary>
    /// Volumes did not detach within spec.drain.volumeDetachTimeout, or their state is unknown. The node was rebooted regardless.
    /// </summary>
    /// <remarks>If pods on other nodes hang with Multi-Attach errors, check the CSI driver or increase the timeout.</remarks>
    public const string VolumesStillAttached = "VolumesStillAttached";

    /// <summary>The node is back in service, but displaced workloads are not available yet.</summary>
    public const string WaitingForWorkloads = "WaitingForWorkloads";

    /// <summary>The agent was instructed to boot the target.</summary>
    public const string WaitingForReboot = "WaitingForReboot";

    /// <summary>The host restarts into the target.</summary>
    public const string Rebooting = "Rebooting";

    /// <summary>The target runs. Health checks decide whether it stays.</summary>
    public const string Verifying = "Verifying";

    /// <summary>The target runs. The host's own checks do not pass yet, or have not run.</summary>
    public const string WaitingForHostChecks = "WaitingForHostChecks";

    /// <summary>The target runs. The kubelet has not reported Ready from this boot.</summary>
    public const string WaitingForNodeReady = "WaitingForNodeReady";

    /// <summary>The target runs. The controller's checks do not pass yet.</summary>
    public const string WaitingForHealthChecks = "WaitingForHealthChecks";

    /// <summary>All checks pass and must keep passing for spec.rollout.soak.</summary>
    public const string Soaking = "Soaking";

    /// <summary>The node is healthy on the target and back in service.</summary>
    public const string Updated = "Updated";

    /// <summary>The agent was instructed to boot the previous image.</summary>
    public const string RollingBack = "RollingBack";

    /// <summary>The node runs the previous image again, after the failure that the message names.</summary>
    /// <remarks>Release a fixed image, or run kubectl ostler retry.</remarks>
    public const string RolledBack = "RolledBack";

    /// <summary>The node was released as it was: the policy or its target changed, or a user uncordoned it.</summary>
    public const string Released = "Released";

    /// <summary>The OSImage points to another digest now, so the node starts again.</summary>
    public const string TargetChanged = "TargetChanged";

    /// <summary>The node was uncordoned by someone else during its drain. Ostler cordons it again.</summary>
    /// <remarks>To keep the node out, cordon it before its turn, or pause the policy.</remarks>
    public const string CordonLost = "CordonLost";

    /// <summary>A user requested another attempt.</summary>
    public const string Retried = "Retried";

    // A node that cannot go on.
    /// <summary>Ostler did not make this cordon and leaves the node alone. The node counts against maxUnavailable.</summary>
    /// <remarks>Run kubectl uncordon when the node may be upgraded.</remarks>
    public const string CordonedByOther = "CordonedByOther";

    /// <summary>Another policy has not finished with the node.</summary>
    public const string HeldByOtherPolicy = "HeldByOtherPolicy";

    /// <summary>The kubelet does not report Ready. Ostler does not touch the node until it does.</summary>
    /// <remarks>Fix the node, or delete it from the cluster if it is gone for good.</remarks>
    public const string NodeNotReady = "NodeNotReady";

    /// <summary>The agent has never reported, or the NodeOS is missing.</summary>
    /// <remarks>Check whether the pod of the DaemonSet ostler-agent runs there, and its log (kubectl ostler doctor).</remarks>
    public const string AgentMissing = "AgentMissing";

    /// <summary>
    /// Its NodeOS was deleted while it held a slot, and with it the record of what was verified. What runs is verified again before the
    /// node is released.
    /// </summary>
    /// <remarks>Nothing at first. If it lasts, check the agent's pod on the node. Never delete a NodeOS by hand.</remarks>
    public const string RecordLost = "RecordLost";

    /// <summary>
    /// The agent does not act on its instructions. A node that was to boot and did not is released and tried again later; its image is
    /// not blamed.
    /// </summary>
    /// <remarks>Check the agent's pod on the node and its log (kubectl ostler doctor), and the space in /var/lib/ostler.</remarks>
    public const string AgentSilent = "AgentSilent";

    /// <summary>The agent's report is not valid and is ignored as a whole. The message names the field. Other nodes continue.</summary>
    /// <remarks>Bring agent and controller to the same version. If they are, the node may be compromised: isolate it.</remarks>
    public const string InvalidReport = "InvalidReport";

    /// <summary>
    /// The API server refuses a write to its Node or NodeOS. Its deadlines continue, and the node is released when they end.
    /// </summary>
    /// <remarks>The message has the server's error. Fix the webhook, quota or permissions that refuse it.</remarks>
    public const string WriteRefused = "WriteRefused";

    /// <summary>Pods cannot be evicted: a budget allows no disruption, or no controller would create them again.</summary>
    /// <remarks>
    /// The message names them. Add replicas so that the PodDisruptionBudget allows one disruption, or define what happens to such
    /// pods in spec.drain.
    /// </remarks>
    public const string DrainBlocked = "DrainBlocked";

    /// <summary>The node was not drained within spec.drain.timeout, so it was released. Ostler tries again.</summary>
    /// <remarks>Find pods that do not stop within their grace period; increase the timeout if they need it.</remarks>
    public const string DrainTimedOut = "DrainTimedOut";

    /// <summary>spec.drain.onTimeout is Force and the timeout expired: pods are deleted without regard to their budgets.</summary>
    public const string DrainForced = "DrainForced";

    /// <summary>A dry run of the drain shows that a budget would block it, so the node is not cordoned. Other nodes go first.</summary>
    /// <remarks>As for DrainBlocked.</remarks>
    public const string DrainWouldBlock = "DrainWouldBlock";

    /// <summary>
    /// The drain of this node and that of another would wait for each other. This node was released, and Ostler tries again.
    /// </summary>
    /// <remarks>If it recurs, lower maxUnavailable or make room for the pods that the message names.</remarks>
    public const string CordonDeadlock = "CordonDeadlock";

    /// <summary>Workloads that a drain displaced are not available again, so no other node is disrupted.</summary>
    /// <remarks>Find out why their pods do not start elsewhere. To continue without them, run kubectl ostler retry.</remarks>
    public const string WorkloadsNotRecovered = "WorkloadsNotRecovered";

    /// <summary>The node was released. Ostler tries again at the time in the message.</summary>
    public const string BackingOff = "BackingOff";

    /// <summary>The target could not be staged. Pods were not disturbed.</summary>
    /// <remarks>Look up the host's reason, which the message names, in this table. Then run kubectl ostler retry.</remarks>
    public const string StagingFailed = "StagingFailed";

    /// <summary>The host does not boot from an OSTree deployment, or the agent cannot drive its tool.</summary>
    /// <remarks>Remove the node from spec.nodeSelector, or correct its label ostler.dev/backend.</remarks>
    public const string HostNotSupported = "HostNotSupported";

    /// <summary>The image does not exist for the node's architecture.</summary>
    /// <remarks>Add the platform to the image, or remove the node from spec.nodeSelector.</remarks>
    public const string PlatformNotFound = "PlatformNotFound";

    // Why an attempt failed.
    /// <summary>
    /// The node went down to boot the new image and did not report from it within spec.reboot.timeout: it hangs, boots slowly, or has no
    /// network.
    /// </summary>
    /// <remarks>Check its console. If it only boots slowly, increase the timeout. Ostler accepts the node again when it reports.</remarks>
    public const string RebootTimedOut = "RebootTimedOut";

    /// <summary>Checks did not run, or not often enough in a row, within spec.health.timeout.</summary>
    /// <remarks>Increase the timeout, or shorten the checks' intervals.</remarks>
    public const string HealthTimedOut = "HealthTimedOut";

    /// <summary>A check on the host fails.</summary>
    /// <remarks>
    /// The message names the unit, command or address. For more, see the journal of the failed boot: journalctl -b -1 on the node.
    /// </remarks>
    public const string HostCheckFailed = "HostCheckFailed";

    /// <summary>A check on the host cannot run. This does not mean that the image is bad.</summary>
    /// <remarks>Correct the check in spec.health.checks.</remarks>
    public const string HostCheckError = "HostCheckError";

    /// <summary>A check on the host finds nothing to judge, such as a unit that does not exist.</summary>
    /// <remarks>Correct the name in spec.health.checks, or add the unit to the image.</remarks>
    public const string HostCheckMissing = "HostCheckMissing";

    /// <summary>A check by the controller fails.</summary>
    /// <remarks>The message has the request and the answer.</remarks>
    public const string HealthCheckFailed = "HealthCheckFailed";

    /// <summary>
    /// A check by the controller cannot run: no answer, a missing right, or an unknown kind. This does not mean that the image is
    /// bad.
    /// </summary>
    /// <remarks>Fix the check or its target.</remarks>
    public const string HealthCheckError = "HealthCheckError";

    /// <summary>A check by the controller finds nothing to judge: no such object, field, pod or sample.</summary>
    /// <remarks>Correct the check in spec.health.checks, or create what it looks for.</remarks>
    public const string HealthCheckMissing = "HealthCheckMissing";

    /// <summary>The target runs, but the kubelet did not report Ready in time.</summary>
    /// <remarks>See the journal of that boot: journalctl -b -1 -u kubelet on the node.</remarks>
    public const string NodeNotReadyAfterBoot = "NodeNotReadyAfterBoot";

    /// <summary>The staged image could not be applied while the host shut down.</summary>
    /// <remarks>
    /// The message has the host's output. Run journalctl -b -1 -u ostree-finalize-staged on the node. Often /boot is full.
    /// </remarks>
    public const string FinalizationFailed = "FinalizationFailed";

    /// <summary>
    /// The host went down without applying the staged image: a power cut, or a forced reboot. Ostler tries again; the third time
    /// counts as a failure.
    /// </summary>
    /// <remarks>Find out why the host does not shut down in order.</remarks>
    public const string FinalizationNeverRan = "FinalizationNeverRan";

    /// <summary>
    /// The host booted the previous image: the new one did not boot, greenboot or boot counting rolled it back, or a user chose so
    /// in the boot menu.
    /// </summary>
    /// <remarks>Check the host's console, and greenboot's journal where it is enabled.</remarks>
    public const string BootFellBack = "BootFellBack";

    /// <summary>The node runs an image that is neither the target nor the previous one: another program updates it.</summary>
    /// <remarks>Find that program and disable it. The policy upgrades the node to the target again, at most three times.</remarks>
    public const string UnexpectedTree = "UnexpectedTree";

    /// <summary>
    /// The host rolled back on its own: kubelet and agent did not declare the new image healthy within spec.rollback.watchdog.
    /// </summary>
    /// <remarks>Run journalctl -b -1 and journalctl -u ostler-watchdog on the node.</remarks>
    public const string WatchdogExpired = "WatchdogExpired";

    /// <summary>
    /// The host rolled itself back because the API server was unreachable, while its checks passed. It is tried again, and counts as a
    /// failure the third time.
    /// </summary>
    /// <remarks>Nothing after an outage of the API server. If it comes back: check the host's network with the new image.</remarks>
    public const string ApiUnreachable = "ApiUnreachable";

    /// <summary>The node was healthy and rolled back with those that failed (spec.rollback.scope).</summary>
    public const string RolledBackByScope = "RolledBackByScope";

    /// <summary>The node does not run the previous image, or is not Ready, by the deadline. It keeps its slot.</summary>
    /// <remarks>
    /// Check the machine. Ostler accepts the node again when it reports. kubectl uncordon takes it out of Ostler's hands.
    /// </remarks>
    public const string RollbackTimedOut = "RollbackTimedOut";

    /// <summary>The host no longer has the previous image, or cannot boot it.</summary>
    /// <remarks>Fix the node by hand. kubectl uncordon takes it out of Ostler's hands.</remarks>
    public const string RollbackImpossible = "RollbackImpossible";
}
