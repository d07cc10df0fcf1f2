using System.Text.Json.Serialization;

namespace Ostler.Api.NodeOSes;

/// <summary>How far a node has come. Facts in the past tense; -ing where something is under way.</summary>
/// <remarks>
/// The agent reports Idle, Staging, Staged, Rebooting, Verifying, Updated, RollingBack, RolledBack and Failed in the status of its NodeOS.
/// Cordoned, Drained and Soaking are derived by the controller from the Node, its pods and the NodeOS, and stored nowhere.
/// </remarks>
[JsonConverter(typeof(JsonStringEnumConverter<NodeStep>))]
public enum NodeStep
{
    /// <summary>Nothing is asked of the node.</summary>
    Idle,

    /// <summary>The target is fetched and laid down beside the running tree.</summary>
    Staging,

    /// <summary>The target is ready for the next boot, and locked: an accidental reboot does not apply it.</summary>
    Staged,

    /// <summary>No new pods are placed on the node; those on it are being evicted.</summary>
    Cordoned,

    /// <summary>No pods are left that must leave.</summary>
    Drained,

    /// <summary>The node was told to boot the target and has not reported back.</summary>
    Rebooting,

    /// <summary>The node runs the target; checks are under way.</summary>
    Verifying,

    /// <summary>All checks pass; they must go on passing for the soak.</summary>
    Soaking,

    /// <summary>The node runs the target, healthy.</summary>
    Updated,

    /// <summary>The node was told to boot its former tree and has not done so yet.</summary>
    RollingBack,

    /// <summary>The node runs its former tree again.</summary>
    RolledBack,

    /// <summary>A person must look at the node.</summary>
    Failed,
}

/// <summary>What a failed attempt proves about its image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FailureEvidence>))]
public enum FailureEvidence
{
    /// <summary>The image booted on the node and was not healthy there.</summary>
    Booted,

    /// <summary>The host proved that it cannot apply or boot the image.</summary>
    DidNotBoot,
}

/// <summary>How far the agent of a node may go.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Goal>))]
public enum Goal
{
    /// <summary>Report only.</summary>
    Observe,

    /// <summary>Have the image staged and locked.</summary>
    Stage,

    /// <summary>Boot the staged image.</summary>
    Boot,

    /// <summary>Boot the previous tree.</summary>
    Rollback,
}
