namespace Ostler.Api.Meta;

/// <summary>
/// The one vocabulary of "why": the same word stands in a plan, a condition, an Event, a log line and a metric label. Programs may
/// rely on these words; messages are for people.
/// <para>
/// Summaries say what is so and remarks what there is to do, if anything: config/docs/reasons.md is made of them.
/// </para>
/// </summary>
public static partial class Reasons
{
    // Objects as a whole.
    /// <summary>As it should be: the spec is valid, a wave is complete, or notifications arrive.</summary>
    public const string Succeeded = "Succeeded";

    /// <summary>
    /// A value is invalid: in the spec, in a Secret that it names, or in the Node's label ostler.dev/backend. Nothing is done until
    /// it is corrected.
    /// </summary>
    /// <remarks>Correct what the message names.</remarks>
    public const string Invalid = "Invalid";

    /// <summary>The spec asks for something that this version does not support. Nothing is done until it is removed.</summary>
    /// <remarks>Remove the field that the message names, or install a version that supports it.</remarks>
    public const string NotSupportedYet = "NotSupportedYet";

    /// <summary>spec.paused is true. Nodes stage, and nodes already in progress finish; no other node is disrupted.</summary>
    /// <remarks>kubectl ostler resume, or set spec.paused to false.</remarks>
    public const string Paused = "Paused";

    /// <summary>spec.paused is false again: the rollout continues.</summary>
    public const string Resumed = "Resumed";

    /// <summary>
    /// The policy is being deleted, or is gone. Nodes that are being drained are released; nodes that were instructed to boot
    /// finish.
    /// </summary>
    public const string Deleting = "Deleting";

    // OSImage.
    /// <summary>The ref or tag was found; status.resolved has its digest.</summary>
    public const string Resolved = "Resolved";

    /// <summary>The image names one digest itself.</summary>
    public const string Pinned = "Pinned";

    /// <summary>
    /// The registry or repository is unreachable, or its answer is unusable. The last good digest stays, and the controller tries
    /// again.
    /// </summary>
    /// <remarks>
    /// If it persists, check what the message quotes: address, certificates (caBundle, caSecretRef), and the network of the
    /// controller's pod.
    /// </remarks>
    public const string ResolveFailed = "ResolveFailed";

    /// <summary>The registry or repository answers, but does not have the ref or tag.</summary>
    /// <remarks>Publish it there, or correct spec.ostree.ref or spec.container.image.</remarks>
    public const string RefNotFound = "RefNotFound";

    /// <summary>The registry rejects the controller's credentials.</summary>
    /// <remarks>Correct the Secret that spec.container.pullSecretRef names, or the rights of its account.</remarks>
    public const string AuthenticationFailed = "AuthenticationFailed";

    /// <summary>
    /// A Secret that the image names does not exist, lacks a key or the mark ostler.dev/use, or the controller may not read it.
    /// </summary>
    /// <remarks>
    /// Create or mark it as the message says. In namespaces other than ostler-system, grant the controller to read it
    /// (config/rbac/controller.yaml shows how).
    /// </remarks>
    public const string SecretNotReadable = "SecretNotReadable";

    /// <summary>The digest has a signature by the key.</summary>
    public const string Verified = "Verified";

    /// <summary>The tag or ref moved to an image that is older than the last one. The last one stays.</summary>
    /// <remarks>
    /// Point it at a newer image. To allow an older one, set spec.allowDowngrade or pin its digest (kubectl ostler rollback).
    /// </remarks>
    public const string Downgrade = "Downgrade";

    /// <summary>The digest has no signature, so no node gets it.</summary>
    /// <remarks>
    /// Sign it (cosign sign --key …). Ostler looks for the signature again. The message lists the places where it looked, and their
    /// answers.
    /// </remarks>
    public const string NotSigned = "NotSigned";

    /// <summary>
    /// No signature of the digest is valid: it is by another key, for another digest or repository, or keyless. No node gets the
    /// digest.
    /// </summary>
    /// <remarks>Sign it with the key of spec.container.verification (cosign sign --key …), or correct the key.</remarks>
    public const string VerificationFailed = "VerificationFailed";

    /// <summary>A user listed the digest in spec.quarantine.deny.</summary>
    /// <remarks>To allow it again, remove it there (kubectl ostler quarantine remove).</remarks>
    public const string Denied = "Denied";

    /// <summary>
    /// The image is younger than spec.minAge of the OSImage, so no node gets it yet. The message shows from when; Ostler continues then on
    /// its own.
    /// </summary>
    /// <remarks>Nothing. If it is urgent, lower spec.minAge of the OSImage.</remarks>
    public const string ImageTooYoung = "ImageTooYoung";

    /// <summary>The image's current digest failed on nodes or was denied, so no node gets it.</summary>
    /// <remarks>
    /// Release a fixed image. If the image was not at fault, list the digest in spec.quarantine.allow (kubectl ostler quarantine
    /// remove).
    /// </remarks>
    public const string Quarantined = "Quarantined";

    // UpgradePolicy: why is nothing, or something, happening.
    /// <summary>No OSImage has this name.</summary>
    /// <remarks>Create it, or correct spec.imageRef.name.</remarks>
    public const string ImageNotFound = "ImageNotFound";

    /// <summary>The OSImage has no digest yet, or is not valid.</summary>
    /// <remarks>If it persists, run kubectl describe osimage and look up the reason of its condition Ready in this table.</remarks>
    public const string ImageNotReady = "ImageNotReady";

    /// <summary>The target failed on nodes or was denied, so no node gets it.</summary>
    /// <remarks>As for Quarantined.</remarks>
    public const string ImageQuarantined = "ImageQuarantined";

    /// <summary>The selector matches no node.</summary>
    /// <remarks>If that is not intended, compare spec.nodeSelector with kubectl get nodes --show-labels.</remarks>
    public const string NoNodes = "NoNodes";

    /// <summary>Every node runs the target.</summary>
    public const string UpToDate = "UpToDate";

    /// <summary>Nodes are in progress, or about to be.</summary>
    public const string RollingOut = "RollingOut";

    /// <summary>The remaining nodes cannot continue, or no slot is free because maxUnavailable nodes are unavailable.</summary>
    /// <remarks>
    /// status.blocked names each node with its reason: look it up here. Nodes that are cordoned or not Ready count against
    /// maxUnavailable, whatever the cause.
    /// </remarks>
    public const string NodesBlocked = "NodesBlocked";

    /// <summary>All other nodes are finished; users hold the remaining nodes back with ostler.dev/hold.</summary>
    /// <remarks>Remove the annotation or label from the nodes that status.blocked names when they may be upgraded.</remarks>
    public const string NodesHeld = "NodesHeld";

    /// <summary>The remaining nodes failed on the target.</summary>
    /// <remarks>status.blocked shows the reasons. Release a fixed image, or fix the nodes and run kubectl ostler retry.</remarks>
    public const string NodesFailed = "NodesFailed";

    /// <summary>
    /// More nodes failed on the target than spec.rollback.maxFailures allows. The rollout is halted, and the target is quarantined.
    /// </summary>
    /// <remarks>
    /// Check the first node that the message names (kubectl ostler status). Then release a fixed image, or, if the image was not at
    /// fault, run kubectl ostler retry.
    /// </remarks>
    public const string TooManyFailures = "TooManyFailures";

    /// <summary>No node failed on the target.</summary>
    public const string NoFailures = "NoFailures";

    /// <summary>Nodes failed on the target, but no more than spec.rollback.maxFailures allows.</summary>
    public const string FailuresTolerated = "FailuresTolerated";

    /// <summary>Another policy selects the same nodes. Neither policy acts on them.</summary>
    /// <remarks>Change one of the two selectors. The message names policies and nodes.</remarks>
    public const string PolicyConflict = "PolicyConflict";

    /// <summary>No other policy selects the same nodes.</summary>
    public const string NoConflict = "NoConflict";

    /// <summary>A notification was not delivered. No rollout waits for it, and Ostler retries for one day.</summary>
    /// <remarks>Correct the receiver in spec.notifications, or its Secret. The message has the receiver's response.</remarks>
    public const string NotificationFailed = "NotificationFailed";

    // The pace: why no further node is disrupted now, though nothing is wrong.
    /// <summary>No window is declared, so nodes may be disrupted at any time.</summary>
    public const string AlwaysOpen = "AlwaysOpen";

    /// <summary>A maintenance window is open.</summary>
    public const string Open = "Open";

    /// <summary>spec.rollout.openUntil is in the future, so windows count as open until then.</summary>
    public const string OpenedByUser = "OpenedByUser";

    /// <summary>A window is open, but another node would not finish before it closes.</summary>
    public const string ClosesSoon = "ClosesSoon";

    /// <summary>No window is open; status.nextWindow shows the next one. Nodes stage meanwhile.</summary>
    public const string OutsideWindow = "OutsideWindow";

    /// <summary>A freeze of spec.freezes is in effect. Nodes stage meanwhile.</summary>
    public const string Frozen = "Frozen";

    /// <summary>No window of the next year is long enough for a node.</summary>
    /// <remarks>Lengthen a window of spec.windows, or, if the estimate is wrong, set spec.rollout.nodeDuration.</remarks>
    public const string NoWindowFits = "NoWindowFits";

    /// <summary>A previous wave is not complete.</summary>
    public const string WaitingForWave = "WaitingForWave";

    /// <summary>The wave needs an approval for this image.</summary>
    /// <remarks>kubectl ostler approve, or spec.rollout.approvals.</remarks>
    public const string WaitingForApproval = "WaitingForApproval";

    /// <summary>The first nodes of the wave may get slots.</summary>
    public const string WaveStarted = "WaveStarted";

    /// <summary>A user approved the wave for the digest that the message names.</summary>
    public const string WaveApproved = "WaveApproved";

    /// <summary>Every node of the wave is updated, or as many as successThreshold asks for.</summary>
    public const string WaveCompleted = "WaveCompleted";

    /// <summary>The wave is complete, and its soak is not over.</summary>
    public const string WaveSoaking = "WaveSoaking";

    /// <summary>The wave finished with fewer updated nodes than successThreshold requires, so the next one does not start.</summary>
    /// <remarks>Fix its nodes and run kubectl ostler retry, or lower successThreshold.</remarks>
    public const string WaveBelowThreshold = "WaveBelowThreshold";

    /// <summary>Nodes of other zones (spec.rollout.topology) go first.</summary>
    /// <remarks>If nothing moves, a node that failed and stays cordoned occupies its zone: release that node.</remarks>
    public const string WaitingForDomain = "WaitingForDomain";

    /// <summary>Control-plane nodes are upgraded one at a time, and another one is unavailable.</summary>
    /// <remarks>If nothing is in flight, fix the node that the message names: it is cordoned or not Ready.</remarks>
    public const string WaitingForControlPlane = "WaitingForControlPlane";

    /// <summary>A gate of spec.gates is open.</summary>
    public const string GateOpen = "GateOpen";

    /// <summary>
    /// A gate of spec.gates is closed: its answer is no, or has not been yes for as long as the gate requires. Nodes stage, and nodes
    /// already in progress finish; no other node is disrupted.
    /// </summary>
    /// <remarks>
    /// The message has the server's answer. Resolve what it reports, and the rollout continues on its own. To continue regardless, remove
    /// the gate from spec.gates.
    /// </remarks>
    public const string GateClosed = "GateClosed";

    /// <summary>A gate of spec.gates cannot be evaluated, so it counts as closed.</summary>
    /// <remarks>
    /// The message has the error: check address, credentials and network of what the gate asks. With onError: Open, an error does not
    /// close the gate.
    /// </remarks>
    public const string GateError = "GateError";

    /// <summary>A gate of spec.gates finds nothing to judge: no sample, object, field, pod or condition. It counts as closed.</summary>
    /// <remarks>The message says what was not found. Correct the gate's query, selector or names.</remarks>
    public const string GateMissing = "GateMissing";

    /// <summary>A gate of spec.gates is being evaluated. Its last answer, if any, is older than its interval.</summary>
    public const string WaitingForGate = "WaitingForGate";

    /// <summary>A policy in spec.dependsOn is not Ready.</summary>
    public const string DependencyNotReady = "DependencyNotReady";

    /// <summary>spec.dependsOn names a policy that does not exist.</summary>
    /// <remarks>Create it, or remove the name.</remarks>
    public const string DependencyNotFound = "DependencyNotFound";

    /// <summary>Policies depend on each other in a cycle, so none of them can start.</summary>
    /// <remarks>Remove one of the links that the message shows.</remarks>
    public const string DependencyCycle = "DependencyCycle";

    /// <summary>A node that joined runs the target, so its taint spec.rollout.joinTaint was removed.</summary>
    public const string JoinTaintRemoved = "JoinTaintRemoved";
}
