using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.UpgradePolicies;

/// <summary>How a node is emptied. Pods leave through the eviction API, so that PodDisruptionBudgets hold.</summary>
public sealed record DrainSpec
{
    /// <summary>Whether a node is taken whose drain would be blocked, as a dry run of its evictions tells before it is cordoned.</summary>
    [Default("\"Respect\"")]
    public DrainPreflight Preflight { get; init; }

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

    /// <summary>
    /// Exceptions for single pods; the first rule that matches a pod decides. Default: evict all, at once. Pods that have finished, static pods and
    /// those of DaemonSets stay whatever a rule says; unmanagedPods and deleteEmptyDirData hold for pods that a rule evicts.
    /// </summary>
    [MaxItems(50)]
    public IReadOnlyList<DrainRule>? Rules { get; init; }

    /// <summary>
    /// How long to wait for the volumes of the pods that left to detach, after which the node is rebooted all the same. Volumes of pods that stay do not
    /// count. Default: no wait.
    /// </summary>
    public Duration? VolumeDetachTimeout { get; init; }

    /// <summary>
    /// How long after the uncordon the Deployments, StatefulSets, ReplicaSets and ReplicationControllers whose pods had to leave may take to be available
    /// again. Until they are the node keeps its slot; when they are not in time, no further node is taken. A health check of the kind workloads
    /// overrides it. 0s: not waited for.
    /// </summary>
    [Default("\"10m\"")]
    public Duration WorkloadTimeout { get; set; } = Duration.FromMinutes(10);
}

/// <summary>What the dry run of a drain decides.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainPreflight>))]
public enum DrainPreflight
{
    /// <summary>
    /// Another node is taken until the drain would succeed. The budget of a pod whose controller is not one of Kubernetes' own is no obstacle: such
    /// a controller may move the pod only once its node is cordoned. Neither is that of a KubeVirt machine: its real eviction starts a live migration, for which the
    /// drain waits. A pod that is certain to return to the cordoned node is an obstacle: it tolerates the cordon and is bound to the node. Ignored with onTimeout Force.
    /// </summary>
    Respect,

    /// <summary>The node is taken all the same. For operators that move the pods of a StatefulSet once their node is cordoned.</summary>
    Ignore,
}

/// <summary>What happens when a node could not be drained in time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainTimeoutAction>))]
public enum DrainTimeoutAction
{
    /// <summary>The node is uncordoned and tried again later; another one is taken. Status says what blocked it.</summary>
    Release,

    /// <summary>The node stays cordoned and the drain goes on until it succeeds. It is given back only when its pods and those of another node wait for each other.</summary>
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

    /// <summary>It stays and dies with the reboot. Its order is ignored.</summary>
    Skip,

    /// <summary>The drain waits until it has completed by itself; it is never evicted. Only onTimeout Force deletes it, when the drain's time is over.</summary>
    WaitCompleted,
}

/// <summary>What a drain does with some pods. A rule needs podSelector, namespaceSelector or both.</summary>
[Constraint("""{"anyOf":[{"required":["podSelector"]},{"required":["namespaceSelector"]}]}""")]
[Cel("has(self.podSelector) || has(self.namespaceSelector)", "say which pods in podSelector, in namespaceSelector or in both")]
public sealed record DrainRule
{
    /// <summary>The pods. Default: those of the selected namespaces.</summary>
    public LabelSelector? PodSelector { get; init; }

    /// <summary>
    /// The namespaces, by their labels. Default: the selected pods of every namespace. Any name can be selected by the label kubernetes.io/metadata.name
    /// (Kubernetes 1.21 and later).
    /// </summary>
    public LabelSelector? NamespaceSelector { get; init; }

    /// <summary>What happens to them.</summary>
    [Default("\"Evict\"")]
    public DrainBehavior Behavior { get; init; }

    /// <summary>Lower ones go first; the next order starts when all pods of the former are gone. onTimeout Force deletes them all at once.</summary>
    [Default("0"), Minimum(-1000), Maximum(1000)]
    public int Order { get; init; }
}

/// <summary>The reboot.</summary>
public sealed record RebootSpec
{
    /// <summary>How a node is brought into its new tree.</summary>
    [Default("\"Reboot\"")]
    public RebootMethod Method { get; init; }

    /// <summary>How long after the order to reboot the agent must have reported from the new boot. Bare metal may need an hour.</summary>
    [Default("\"15m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(15);
}
