namespace Ostler.Api.Meta;

/// <summary>The types of the conditions that Ostler sets.</summary>
public static class ConditionTypes
{
    /// <summary>All kinds. The object is what its spec asks for. kstatus, <c>kubectl wait</c>, Flux and Argo CD read it.</summary>
    public const string Ready = "Ready";

    /// <summary>kstatus: present and True while the controller is still at work on the object.</summary>
    public const string Reconciling = "Reconciling";

    /// <summary>kstatus: present and True when nothing will move before a person acts.</summary>
    public const string Stalled = "Stalled";

    /// <summary>OSImage, UpgradePolicy: the spec can be carried out by this version of Ostler. False names the field.</summary>
    public const string Accepted = "Accepted";

    /// <summary>OSImage: the signature of the resolved digest was checked.</summary>
    public const string Verified = "Verified";

    /// <summary>UpgradePolicy: nodes are being moved.</summary>
    public const string Progressing = "Progressing";

    /// <summary>UpgradePolicy: too many nodes failed; no further node is touched.</summary>
    public const string Halted = "Halted";

    /// <summary>UpgradePolicy: another policy selects some of the same nodes.</summary>
    public const string Conflicted = "Conflicted";

    /// <summary>UpgradePolicy: a maintenance window is open and no freeze is on.</summary>
    public const string WindowOpen = "WindowOpen";

    /// <summary>
    /// UpgradePolicy: every notification has arrived, or is on its way for the first time. Only there with spec.notifications.
    /// </summary>
    public const string Notified = "Notified";

    /// <summary>NodeOS: the target is staged on the node.</summary>
    public const string Staged = "Staged";

    /// <summary>NodeOS: the host checks of the policy pass on the booted tree.</summary>
    public const string HostHealthy = "HostHealthy";

    /// <summary>NodeOS: the node runs something else than the tree it booted promises.</summary>
    public const string Drifted = "Drifted";
}
