namespace Ostler.Rollout.Snapshot;

/// <summary>What a drain needs to know of a pod.</summary>
public sealed record PodFacts
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    /// <summary>status.phase: Pending, Running, Succeeded, Failed or Unknown.</summary>
    public string Phase { get; init; } = "Running";

    /// <summary>Whether its condition Ready is True.</summary>
    public bool Ready { get; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>metadata.deletionGracePeriodSeconds while it is being deleted, else spec.terminationGracePeriodSeconds.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary>The owner reference with controller: true; null when nothing would start the pod again elsewhere.</summary>
    public PodController? Controller { get; init; }

    /// <summary>Whether it has the annotation kubernetes.io/config.mirror: a static pod of the kubelet.</summary>
    public bool IsMirror { get; init; }

    public bool HasEmptyDir { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// The labels of its namespace, which drain rules may ask for. Null: not known, which is never taken for having none.
    /// </summary>
    public IReadOnlyDictionary<string, string>? NamespaceLabels { get; init; }

    /// <summary>The PersistentVolumeClaims that it mounts, those of its ephemeral volumes included.</summary>
    public IReadOnlyList<string>? Claims { get; init; }

    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>The toleration with which the scheduler may put it on a cordoned node, as text; null: it has none.</summary>
    public string? CordonToleration { get; init; }

    /// <summary>
    /// What binds it to the node that it is on (a label in its nodeSelector or node affinity), as text; null: nothing that is seen.
    /// </summary>
    public string? BoundBy { get; init; }

    /// <summary>Whether it is a pod of Ostler's own controller.</summary>
    public bool IsOstlerController { get; init; }

    /// <summary>
    /// Whether another node is Ready, schedulable and allowed by the pod's tolerations and node selectors. Only looked for when
    /// <see cref="IsOstlerController"/>.
    /// </summary>
    public bool HasOtherNode { get; init; }

    /// <summary>Set when it came to the cordoned node after another pod of its controller was evicted there.</summary>
    public PodReturn? Return { get; init; }

    /// <summary>Whether an evicted pod of its kind is certain to be started on the same node again.</summary>
    public bool WouldReturn => Controller is not null && CordonToleration is not null && BoundBy is not null;

    /// <summary>
    /// Whether an eviction makes its controller move it, though the API server refuses the eviction: KubeVirt's webhook turns it into a
    /// live migration. A dry run says nothing about such a pod.
    /// </summary>
    public bool MigratesOnEviction => Controller is { Kind: "VirtualMachineInstance" } && Labels?.GetValueOrDefault("kubevirt.io") == "virt-launcher";

    /// <summary>
    /// How many other pods of its controller run on Ready nodes that are schedulable, and so could take over from it. Looked for where a
    /// dry run of its eviction was refused and <see cref="MayMoveOnCordon"/>; null: not known.
    /// </summary>
    public int? ReadyPeers { get; init; }

    /// <summary>
    /// Whether its controller may do something about a cordon of its node: those of Kubernetes itself do not, any other may (CloudNativePG
    /// moves its primary).
    /// </summary>
    public bool MayMoveOnCordon => Controller is { Kind: not ("ReplicaSet" or "StatefulSet" or "ReplicationController" or "Job") };

    /// <summary>
    /// What this process's last try to evict the pod gave, for messages and for the pace of retries. Null after a restart, which
    /// changes nothing but that the next try is made at once.
    /// </summary>
    public EvictionResult? LastEviction { get; init; }
}

/// <summary>How often a controller put pods on a cordoned node again. Lost with a restart, which costs one more eviction.</summary>
/// <param name="Evictions">How many of its pods were evicted from the node during this drain.</param>
/// <param name="FirstAt">When the first was, by the controller's clock.</param>
/// <param name="LastAt">When the last was.</param>
public sealed record PodReturn(int Evictions, DateTimeOffset FirstAt, DateTimeOffset LastAt);

/// <summary>What would start a pod again elsewhere.</summary>
public sealed record PodController(string Kind, string Name, string Uid);

/// <summary>How the API server answered an eviction or a deletion.</summary>
public enum EvictionOutcome
{
    /// <summary>The pod is on its way out.</summary>
    Accepted,

    /// <summary>429: a PodDisruptionBudget does not allow it now.</summary>
    BlockedByBudget,

    /// <summary>500 with more than one matching budget, which the API server refuses for ever.</summary>
    SeveralBudgets,

    /// <summary>429 from a webhook that moves the pod instead: it leaves once it runs elsewhere.</summary>
    Migrating,

    /// <summary>403 because the namespace goes away: the namespace controller deletes the pod.</summary>
    NamespaceTerminating,

    /// <summary>404, or another pod under the same name.</summary>
    Gone,

    /// <summary>Anything else.</summary>
    Failed,
}

/// <summary>What one try to evict a pod gave.</summary>
public sealed record EvictionResult
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    public required EvictionOutcome Outcome { get; init; }

    /// <summary>The budget that does not allow it, where the answer names one.</summary>
    public string? Budget { get; init; }

    /// <summary>The server's own words.</summary>
    public string? Message { get; init; }

    /// <summary>When, by the controller's clock.</summary>
    public required DateTimeOffset At { get; init; }
}
