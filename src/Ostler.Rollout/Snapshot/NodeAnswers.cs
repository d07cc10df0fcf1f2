namespace Ostler.Rollout.Snapshot;

/// <summary>A write to a Node or its NodeOS that the API server refused, itself or by a webhook, a quota or missing permissions.</summary>
/// <param name="What">What was to be written, as in <c>NodeOS</c> or <c>Node</c>.</param>
/// <param name="Since">When it was first refused.</param>
/// <param name="At">When it was last refused.</param>
/// <param name="Message">The server's own words, bounded.</param>
public sealed record RefusedWrite(string What, DateTimeOffset Since, DateTimeOffset At, string Message);

/// <summary>What a dry run of a node's drain gave.</summary>
public sealed record PreflightFacts
{
    /// <summary>When it was asked, by the controller's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// The pods of the node; each that a drain would evict carries the answer of the dry run. Null: it could not be asked.
    /// </summary>
    public IReadOnlyList<PodFacts>? Pods { get; init; }

    /// <summary>Why it could not be asked.</summary>
    public string? Error { get; init; }
}

/// <summary>The workloads that were asked for on behalf of a node.</summary>
public sealed record WorkloadFacts
{
    /// <summary>When they were asked for, by the controller's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How each stands.</summary>
    public IReadOnlyList<WorkloadState> Workloads { get; init; } = [];

    /// <summary>Why they could not be asked for.</summary>
    public string? Error { get; init; }

    /// <summary>How often in a row they could not.</summary>
    public int Failures { get; init; }
}

/// <summary>How a workload stands.</summary>
/// <param name="Kind">Deployment, StatefulSet, ReplicaSet or ReplicationController.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Replicas">spec.replicas; null: it is gone.</param>
/// <param name="Available">How many of its pods are available.</param>
public sealed record WorkloadState(string Kind, string Namespace, string Name, int? Replicas, int Available);

/// <summary>The volumes that are attached to a node, those of pods that stay on it left out.</summary>
public sealed record VolumeFacts
{
    /// <summary>When they were asked for, by the controller's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The names of the PersistentVolumes, sorted.</summary>
    public IReadOnlyList<string> Attached { get; init; } = [];

    /// <summary>Why they could not be asked for.</summary>
    public string? Error { get; init; }

    /// <summary>How often in a row they could not.</summary>
    public int Failures { get; init; }
}
