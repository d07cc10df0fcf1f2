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

    /// <summary>The labels of its namespace, which drain rules may ask for. Null: not known, which is never taken for having none.</summary>
    public IReadOnlyDictionary<string, string>? NamespaceLabels { get; init; }

    /// <summary>The PersistentVolumeClaims that it mounts, those of its ephemeral volumes included.</summary>
    public IReadOnlyList<string>? Claims { get; init; }

    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>
    /// How many other pods of its controller run on Ready nodes that are schedulable, and so could take over from it. Looked for where a dry run of its
    /// eviction was refused and <see cref="MayMoveOnCordon"/>; null: not known.
    /// </summary>
    public int? Sisters { get; init; }

    /// <summary>
    /// Whether its controller may do something about a cordon of its node: those of Kubernetes itself do not, any other may (CloudNativePG moves its primary).
    /// </summary>
    public bool MayMoveOnCordon => Controller is { Kind: not ("ReplicaSet" or "StatefulSet" or "ReplicationController" or "Job") };

    /// <summary>
    /// What this process's last try to evict the pod gave, for messages and for the pace of retries. Null after a restart, which
    /// changes nothing but that the next try is made at once.
    /// </summary>
    public EvictionResult? LastEviction { get; init; }
}

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
