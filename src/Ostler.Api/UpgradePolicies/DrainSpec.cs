using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.UpgradePolicies;

/// <summary>How a node is drained. Pods are evicted through the eviction API, so PodDisruptionBudgets apply.</summary>
public sealed record DrainSpec
{
    /// <summary>Whether a dry run of the evictions must succeed before a node is cordoned.</summary>
    [Default("\"Respect\"")]
    public DrainPreflight Preflight { get; init; }

    /// <summary>How long a node may stay cordoned without being drained before onTimeout applies.</summary>
    [Default("\"30m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(30);

    /// <summary>What happens when the timeout expires.</summary>
    [Default("\"Release\"")]
    public DrainTimeoutAction OnTimeout { get; init; }

    /// <summary>Overrides terminationGracePeriodSeconds of the pods. Default: the value of each pod.</summary>
    public Duration? GracePeriod { get; init; }

    /// <summary>Whether pods with emptyDir volumes may be evicted. Their data is lost. false: such a pod blocks the drain.</summary>
    [Default("true")]
    public bool DeleteEmptyDirData { get; set; } = true;

    /// <summary>What happens to pods without a controller, which nothing starts again elsewhere.</summary>
    [Default("\"Block\"")]
    public UnmanagedPods UnmanagedPods { get; init; }

    /// <summary>
    /// Exceptions for some pods. The first rule that matches a pod decides. Default: evict all pods at once. Completed pods, static
    /// pods and pods of DaemonSets always stay. unmanagedPods and deleteEmptyDirData apply to pods that a rule evicts.
    /// </summary>
    [MaxItems(50)]
    public IReadOnlyList<DrainRule>? Rules { get; init; }

    /// <summary>
    /// How long to wait for the volumes of evicted pods to detach. Then the node is rebooted regardless. Volumes of pods that stay do
    /// not count. Default: no wait.
    /// </summary>
    public Duration? VolumeDetachTimeout { get; init; }

    /// <summary>
    /// How long after the uncordon displaced Deployments, StatefulSets, ReplicaSets and ReplicationControllers may take to be available
    /// again. Until then, the node keeps its slot. If the timeout expires, no other node is disrupted. A health check of the kind
    /// workloads overrides it. 0s: no wait.
    /// </summary>
    [Default("\"10m\"")]
    public Duration WorkloadTimeout { get; set; } = Duration.FromMinutes(10);
}

/// <summary>What the dry run of a drain decides.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainPreflight>))]
public enum DrainPreflight
{
    /// <summary>
    /// Other nodes go first until the drain would succeed. Two kinds of budgets do not block: that of a pod whose controller is not one
    /// of Kubernetes' own, because such a controller may move the pod only after the cordon; and that of a KubeVirt virtual machine,
    /// because its eviction starts a live migration, for which the drain waits. A pod that would return to the cordoned node blocks: it
    /// tolerates the cordon and is bound to the node. Ignored with onTimeout Force.
    /// </summary>
    Respect,

    /// <summary>The node is cordoned regardless. For operators that move the pods of a StatefulSet once their node is cordoned.</summary>
    Ignore,
}

/// <summary>What happens if a node is not drained in time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainTimeoutAction>))]
public enum DrainTimeoutAction
{
    /// <summary>The node is uncordoned and tried again later. Another node goes first. Status shows what blocked it.</summary>
    Release,

    /// <summary>
    /// The node stays cordoned, and the drain continues until it succeeds. The node is released only if its drain and that of another
    /// node wait for each other.
    /// </summary>
    Hold,

    /// <summary>
    /// The remaining pods are deleted without regard to PodDisruptionBudgets, and the node reboots. They get the condition DisruptionTarget
    /// first, which a Job's podFailurePolicy can ignore.
    /// </summary>
    Force,
}

/// <summary>What happens to pods without a controller.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<UnmanagedPods>))]
public enum UnmanagedPods
{
    /// <summary>They block the drain.</summary>
    Block,

    /// <summary>They are evicted and do not return.</summary>
    Delete,
}

/// <summary>What a drain does with a pod.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainBehavior>))]
public enum DrainBehavior
{
    /// <summary>The pod is evicted.</summary>
    Evict,

    /// <summary>The pod stays until the reboot ends it. Its order is ignored.</summary>
    Skip,

    /// <summary>
    /// The drain waits until the pod has completed, and never evicts it. Only onTimeout Force deletes it, when the drain's timeout
    /// expires.
    /// </summary>
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
    /// The namespaces, by their labels. Default: all namespaces. To select one by name, use the label kubernetes.io/metadata.name
    /// (Kubernetes 1.21 and later).
    /// </summary>
    public LabelSelector? NamespaceSelector { get; init; }

    /// <summary>What happens to them.</summary>
    [Default("\"Evict\"")]
    public DrainBehavior Behavior { get; init; }

    /// <summary>
    /// Pods with a lower order are evicted first. The next order starts when all pods of the previous one are gone. onTimeout Force
    /// deletes all at once.
    /// </summary>
    [Default("0"), Minimum(-1000), Maximum(1000)]
    public int Order { get; init; }
}

/// <summary>The reboot.</summary>
public sealed record RebootSpec
{
    /// <summary>How a node boots the new image.</summary>
    [Default("\"Reboot\"")]
    public RebootMethod Method { get; init; }

    /// <summary>
    /// How long after the instruction to reboot the agent may take to report from the new boot. Bare metal may need an hour.
    /// </summary>
    [Default("\"15m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(15);
}
