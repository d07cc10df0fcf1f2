using System.Text.Json.Serialization;
using Ostler.Api.Schema;

namespace Ostler.Api;

/// <summary>How a node is emptied. Pods leave through the eviction API, so that PodDisruptionBudgets hold.</summary>
public sealed record DrainSpec
{
    /// <summary>How long a node may stay cordoned without being drained before onTimeout applies.</summary>
    [Default("\"30m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(30);

    /// <summary>What happens then.</summary>
    [Default("\"Release\"")]
    public DrainTimeoutAction OnTimeout { get; init; }

    /// <summary>Overrides the pods' own terminationGracePeriodSeconds. Default: what each pod says.</summary>
    public Duration? GracePeriod { get; init; }

    /// <summary>Whether pods with emptyDir volumes may be evicted; their data is lost. False: such a pod blocks the drain.</summary>
    [Default("true")]
    public bool DeleteEmptyDirData { get; set; } = true;

    /// <summary>What happens to pods that no controller would start again elsewhere.</summary>
    [Default("\"Block\"")]
    public UnmanagedPods UnmanagedPods { get; init; }

    /// <summary>Exceptions for single pods; the first rule that matches a pod decides. Default: evict all, at once.</summary>
    [MaxItems(50)]
    public IReadOnlyList<DrainRule>? Rules { get; init; }

    /// <summary>How long to wait for the node's volumes to detach after its pods are gone. Default: no wait.</summary>
    public Duration? VolumeDetachTimeout { get; init; }
}

/// <summary>What happens when a node could not be drained in time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainTimeoutAction>))]
public enum DrainTimeoutAction
{
    /// <summary>The node is uncordoned and tried again later; another one is taken. Status says what blocked it.</summary>
    Release,

    /// <summary>The node stays cordoned and the drain goes on until it succeeds.</summary>
    Hold,

    /// <summary>What is left is deleted without regard to PodDisruptionBudgets, and the node is rebooted.</summary>
    Force,
}

/// <summary>What happens to pods without a controller.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<UnmanagedPods>))]
public enum UnmanagedPods
{
    /// <summary>They block the drain.</summary>
    Block,

    /// <summary>They are evicted and will not come back.</summary>
    Delete,
}

/// <summary>What a drain does with a pod.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainBehavior>))]
public enum DrainBehavior
{
    /// <summary>It is evicted.</summary>
    Evict,

    /// <summary>It stays and dies with the reboot.</summary>
    Skip,

    /// <summary>The drain waits until it has completed by itself.</summary>
    WaitCompleted,
}

/// <summary>What a drain does with some pods.</summary>
public sealed record DrainRule
{
    /// <summary>The pods. Default: all.</summary>
    public LabelSelector? PodSelector { get; init; }

    /// <summary>The namespaces, by their labels. Default: all.</summary>
    public LabelSelector? NamespaceSelector { get; init; }

    /// <summary>What happens to them.</summary>
    [Default("\"Evict\"")]
    public DrainBehavior Behavior { get; init; }

    /// <summary>Lower ones go first; the next order starts when all pods of the former are gone.</summary>
    [Default("0"), Minimum(-1000), Maximum(1000)]
    public int Order { get; init; }
}

/// <summary>How a node is rebooted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RebootMethod>))]
public enum RebootMethod
{
    /// <summary>A soft reboot where host and tree can, else a full one.</summary>
    Auto,

    /// <summary>A full reboot.</summary>
    Reboot,

    /// <summary>Only user space is restarted.</summary>
    SoftReboot,
}

/// <summary>The reboot.</summary>
public sealed record RebootSpec
{
    /// <summary>How.</summary>
    [Default("\"Auto\"")]
    public RebootMethod Method { get; init; }

    /// <summary>How long after the order to reboot the agent must have reported from the new boot. Bare metal may need an hour.</summary>
    [Default("\"15m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(15);
}
