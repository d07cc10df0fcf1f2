using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Snapshot;

/// <summary>The policy that is decided on.</summary>
public sealed record PolicyFacts
{
    public required string Name { get; init; }

    /// <summary>Null when the policy is gone.</summary>
    public string? Uid { get; init; }

    /// <summary>
    /// When it was created. Failures of before are another policy's, even of one of the same name. Null: not known, and all count.
    /// </summary>
    public DateTimeOffset? CreatedAt { get; init; }

    public long Generation { get; init; }

    /// <summary>
    /// Null when the policy is gone: no node is touched any more, those in flight are brought to an end with default values.
    /// </summary>
    public UpgradePolicySpec? Spec { get; init; }

    /// <summary>Whether it has a deletion timestamp. Treated as gone, except that its own timeouts are still known.</summary>
    public bool Deleting { get; init; }

    /// <summary>
    /// What was reported last. Read for nothing but what a report carries on: startedAt, completedAt (of the rollout and of each wave),
    /// failedDigests, measured durations, and the times of conditions and steps.
    /// </summary>
    public UpgradePolicyStatus? PreviousStatus { get; init; }

    /// <summary>Whether there is a policy that asks for something.</summary>
    public bool Exists => Spec is not null && !Deleting;
}

/// <summary>Another policy: a node that both select is touched by neither.</summary>
public sealed record OtherPolicy
{
    public required string Name { get; init; }

    public required LabelSelector NodeSelector { get; init; }

    /// <summary>Deleting policies do not conflict.</summary>
    public bool Deleting { get; init; }

    public long Generation { get; init; }

    /// <summary>The policies that it depends on.</summary>
    public IReadOnlyList<string>? DependsOn { get; init; }

    /// <summary>What it reported last. Read for nothing but whether a policy that depends on it may go on.</summary>
    public UpgradePolicyStatus? Status { get; init; }

    /// <summary>
    /// What the OSImage that it names resolves to now; null: nothing. A policy that was Ready with the tree of before is not with a new
    /// one, though it may not have said so yet.
    /// </summary>
    public string? ImageDigest { get; init; }
}

/// <summary>The image that a policy names.</summary>
public sealed record ImageFacts
{
    public required string Name { get; init; }

    public long Generation { get; init; }

    public required OSImageSpec Spec { get; init; }

    public OSImageStatus? Status { get; init; }
}
