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
    /// <summary>As it should be: the spec can be carried out, a wave is complete, notifications arrive.</summary>
    public const string Succeeded = "Succeeded";

    /// <summary>A value is impossible: of the spec, of a Secret that it names, or of the Node's label ostler.dev/backend. Nothing is done meanwhile.</summary>
    /// <remarks>Correct what the message names.</remarks>
    public const string Invalid = "Invalid";

    /// <summary>The spec asks for what this version cannot do. Nothing is done meanwhile.</summary>
    /// <remarks>Take out the field that the message names, or install a version that can.</remarks>
    public const string NotSupportedYet = "NotSupportedYet";

    /// <summary>spec.paused is true: nodes are staged and those in flight are brought to an end, and no other is disrupted.</summary>
    /// <remarks>To go on, set spec.paused to false (kubectl ostler resume).</remarks>
    public const string Paused = "Paused";

    /// <summary>spec.paused is false again: the rollout continues.</summary>
    public const string Resumed = "Resumed";

    /// <summary>The policy is being deleted, or is gone: nodes being drained are given back, those told to boot are brought to their end.</summary>
    public const string Deleting = "Deleting";

    // OSImage.
    /// <summary>The ref or tag was found; status.resolved says which digest it names.</summary>
    public const string Resolved = "Resolved";

    /// <summary>The image names one digest itself.</summary>
    public const string Pinned = "Pinned";

    /// <summary>The registry or repository cannot be reached, or its answer is of no use. The last good digest stays, and it is asked again by itself.</summary>
    /// <remarks>If it lasts: the message has its own words; check address, certificates (caBundle, caSecretRef) and the way from the controller's pod.</remarks>
    public const string ResolveFailed = "ResolveFailed";

    /// <summary>The registry or repository answers, and does not have the ref or tag.</summary>
    /// <remarks>Publish it there, or correct spec.ostree.ref or spec.container.image.</remarks>
    public const string RefNotFound = "RefNotFound";

    /// <summary>The registry does not let the controller in.</summary>
    /// <remarks>Correct the Secret that spec.container.pullSecretRef names, or what its account may read.</remarks>
    public const string AuthenticationFailed = "AuthenticationFailed";

    /// <summary>A Secret that the image names does not exist, lacks the key or the mark ostler.dev/use, or may not be read by the controller.</summary>
    /// <remarks>Create it as the message says; in other namespaces than ostler-system, grant the controller to read it (config/rbac/controller.yaml shows how).</remarks>
    public const string SecretNotReadable = "SecretNotReadable";

    /// <summary>The digest carries a signature of the key.</summary>
    public const string Verified = "Verified";

    /// <summary>The tag or ref has moved to an image that is older than the last one. The last one stays.</summary>
    /// <remarks>Point it at a newer image. To allow an older one, set spec.allowDowngrade, or pin its digest (kubectl ostler rollback).</remarks>
    public const string Downgrade = "Downgrade";

    /// <summary>The digest carries no signature, and so goes to no node.</summary>
    /// <remarks>Sign it (cosign sign --key …). Ostler looks for the signature again. The message lists the places where it looked, and their answers.</remarks>
    public const string NotSigned = "NotSigned";

    /// <summary>No signature of the digest counts: another key, another digest or repository, or keyless. It goes to no node.</summary>
    /// <remarks>Sign it with the key of spec.container.verification (cosign sign --key …), or correct the key.</remarks>
    public const string VerificationFailed = "VerificationFailed";

    /// <summary>A person put the digest into spec.quarantine.deny.</summary>
    /// <remarks>To allow it again, take it out there (kubectl ostler quarantine remove).</remarks>
    public const string Denied = "Denied";

    /// <summary>What the image points at failed on nodes, or was denied: it goes to no node.</summary>
    /// <remarks>Point the image at a better tree. Was the tree not to blame, list the digest in spec.quarantine.allow (kubectl ostler quarantine remove).</remarks>
    public const string Quarantined = "Quarantined";

    // UpgradePolicy: why is nothing, or something, happening.
    /// <summary>There is no OSImage of that name.</summary>
    /// <remarks>Create it, or correct spec.imageRef.name.</remarks>
    public const string ImageNotFound = "ImageNotFound";

    /// <summary>The OSImage names no tree yet, or is not valid.</summary>
    /// <remarks>If it lasts: kubectl describe osimage; the reason of its Ready stands in this table, too.</remarks>
    public const string ImageNotReady = "ImageNotReady";

    /// <summary>The target failed on nodes, or was denied: no node gets it.</summary>
    /// <remarks>As for Quarantined.</remarks>
    public const string ImageQuarantined = "ImageQuarantined";

    /// <summary>The selector matches no node.</summary>
    /// <remarks>If that is not meant: compare spec.nodeSelector with kubectl get nodes --show-labels.</remarks>
    public const string NoNodes = "NoNodes";

    /// <summary>Every node runs the target.</summary>
    public const string UpToDate = "UpToDate";

    /// <summary>Nodes are on their way, or about to be.</summary>
    public const string RollingOut = "RollingOut";

    /// <summary>The nodes that are left cannot go on, or none may be taken because as many as may be are out of service.</summary>
    /// <remarks>status.blocked names each with its reason: look that up here. Nodes that are cordoned or not Ready count against maxUnavailable, whoever made them so.</remarks>
    public const string NodesBlocked = "NodesBlocked";

    /// <summary>The nodes that are left have failed on the target.</summary>
    /// <remarks>status.blocked says at what. Then publish a better tree, or mend the nodes and try again (kubectl ostler retry).</remarks>
    public const string NodesFailed = "NodesFailed";

    /// <summary>More nodes failed on the target than spec.rollback.maxFailures lets: the rollout is halted and the target in quarantine.</summary>
    /// <remarks>Look at the first node that the message names (kubectl ostler status). Then point the OSImage at a better tree; or, was the tree not to blame, try again (kubectl ostler retry).</remarks>
    public const string TooManyFailures = "TooManyFailures";

    /// <summary>No node failed on the target.</summary>
    public const string NoFailures = "NoFailures";

    /// <summary>Nodes failed on the target, and no more than spec.rollback.maxFailures lets.</summary>
    public const string FailuresTolerated = "FailuresTolerated";

    /// <summary>Another policy selects the same nodes: neither touches them.</summary>
    /// <remarks>Change one of the two selectors. The message names policies and nodes.</remarks>
    public const string PolicyConflict = "PolicyConflict";

    /// <summary>No other policy selects the same nodes.</summary>
    public const string NoConflict = "NoConflict";

    /// <summary>A notification did not arrive. No rollout waits for it; it is tried again for a day.</summary>
    /// <remarks>Correct the receiver in spec.notifications, or its Secret. The message has the receiver's answer.</remarks>
    public const string NotificationFailed = "NotificationFailed";

    // The pace: why no further node is disrupted now, though nothing is wrong.
    /// <summary>No window is declared: nodes may be disrupted at any time.</summary>
    public const string AlwaysOpen = "AlwaysOpen";

    /// <summary>A maintenance window is open.</summary>
    public const string Open = "Open";

    /// <summary>A window is open, but another node would not be done before it closes.</summary>
    public const string ClosesSoon = "ClosesSoon";

    /// <summary>No window is open; status.nextWindow says when. Nodes are staged meanwhile.</summary>
    public const string OutsideWindow = "OutsideWindow";

    /// <summary>A freeze of spec.freezes is on. Nodes are staged meanwhile.</summary>
    public const string Frozen = "Frozen";

    /// <summary>No window of the next year has room for a node.</summary>
    /// <remarks>Lengthen a window of spec.windows, or, if the estimate is wrong, set spec.rollout.nodeDuration.</remarks>
    public const string NoWindowFits = "NoWindowFits";

    /// <summary>An earlier wave is not complete.</summary>
    public const string WaitingForWave = "WaitingForWave";

    /// <summary>The wave is one that a person must approve, for this tree.</summary>
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

    /// <summary>The wave came to its end with fewer nodes updated than its successThreshold asks for: the next does not begin.</summary>
    /// <remarks>See to its nodes and try again (kubectl ostler retry), or lower successThreshold.</remarks>
    public const string WaveBelowThreshold = "WaveBelowThreshold";

    /// <summary>Nodes of other zones (spec.rollout.topology) are to be through first.</summary>
    /// <remarks>If nothing moves: a node that is held after a failure takes up its zone; release that one.</remarks>
    public const string WaitingForDomain = "WaitingForDomain";

    /// <summary>Nodes of the control plane go one at a time, and another one is away.</summary>
    /// <remarks>If nothing is in flight: the message names the one that is cordoned or not Ready; see to it.</remarks>
    public const string WaitingForControlPlane = "WaitingForControlPlane";

    /// <summary>A policy in spec.dependsOn is not Ready.</summary>
    public const string DependencyNotReady = "DependencyNotReady";

    /// <summary>spec.dependsOn names a policy that is not there.</summary>
    /// <remarks>Create it, or take the name out.</remarks>
    public const string DependencyNotFound = "DependencyNotFound";

    /// <summary>Policies depend on each other in a circle: none can begin.</summary>
    /// <remarks>Take out one of the links that the message shows.</remarks>
    public const string DependencyCycle = "DependencyCycle";

    /// <summary>A node that joined runs the target, and so lost the taint of spec.rollout.joinTaint.</summary>
    public const string JoinTaintRemoved = "JoinTaintRemoved";
}
