using System.Text.Json.Serialization;

namespace Ostler.Api.NodeOSes;

/// <summary>How far a node has come. Facts are in the past tense; -ing means that something is in progress.</summary>
/// <remarks>
/// The agent reports Idle, Staging, Staged, Rebooting, Verifying, Updated, RollingBack, RolledBack and Failed in the status of its NodeOS.
/// Cordoned, Drained and Soaking are derived by the controller from the Node, its pods and the NodeOS, and stored nowhere.
/// </remarks>
[JsonConverter(typeof(JsonStringEnumConverter<NodeStep>))]
public enum NodeStep
{
    /// <summary>Nothing is asked of the node.</summary>
    Idle,

    /// <summary>The target is downloaded and deployed beside the running image. Workloads keep running.</summary>
    Staging,

    /// <summary>The target is ready and locked: an accidental reboot does not apply it.</summary>
    Staged,

    /// <summary>The node has a slot. Its pods are being evicted.</summary>
    Cordoned,

    /// <summary>No pod is left to evict.</summary>
    Drained,

    /// <summary>The agent was instructed to boot the target and has not reported since.</summary>
    Rebooting,

    /// <summary>The node runs the target. Checks are in progress.</summary>
    Verifying,

    /// <summary>All checks pass and must keep passing for the soak.</summary>
    Soaking,

    /// <summary>The node is healthy on the target.</summary>
    Updated,

    /// <summary>The node returns to the previous image.</summary>
    RollingBack,

    /// <summary>The node runs the previous image again.</summary>
    RolledBack,

    /// <summary>A user must act. Status shows the cause.</summary>
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

    /// <summary>Download and deploy the image, locked.</summary>
    Stage,

    /// <summary>Boot the staged image.</summary>
    Boot,

    /// <summary>Boot the previous image.</summary>
    Rollback,
}
