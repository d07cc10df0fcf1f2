using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Context;

/// <summary>
/// What the rules ask of a node one after the other, read from its facts once: they are spread over a dozen objects, and thousands of nodes
/// do not fit into a processor's caches.
/// </summary>
internal sealed class NodeEntry
{
    public NodeEntry(NodeFacts facts, KnownFor known)
    {
        var spec = facts.OS?.Spec;
        Facts = facts;
        Selected = known.Selector?.Matches(facts.Labels) == true && NodeMarks.WhyNoAgent(facts.Labels) is null;
        CordonedHere = facts.CordonedBy == known.Policy;
        InFlight = facts.IsInFlight(known.Policy);
        Zone = facts.Labels?.GetValueOrDefault(known.ZoneLabel);
        FailureScore = (spec?.Backoff?.Count ?? 0) + (spec?.Failure is null ? 0 : 1);
        Failure = spec?.Failure;
        UpgradeGrantedAt = spec?.LastUpgrade?.GrantedAt;
        IsUpdated = spec?.IsUpdated() == true;
        OwesWorkloads = spec?.Deadlines?.Recovered is not null;
        RunsDigest = facts.OS?.Status?.Booted?.Digest;
        RunsVersion = facts.OS?.Status?.Booted?.Version;
        Drift = DriftFacts.Of(facts.OS?.Status);
        Steps = NodeSteps.Of(facts.OS);
    }

    public NodeFacts Facts { get; }

    public string Name => Facts.Name;

    /// <summary>Whether the policy selects it, and it can have an agent.</summary>
    public bool Selected { get; }

    /// <summary>Whether it carries the policy's mark.</summary>
    public bool CordonedHere { get; }

    /// <summary>As <see cref="NodeView.InFlight"/>.</summary>
    public bool InFlight { get; }

    /// <summary>The value of the label by which the policy tells zones apart.</summary>
    public string? Zone { get; }

    /// <summary>How much it has given so far: those with the least go first.</summary>
    public int FailureScore { get; }

    /// <summary>What is on record of its last failure, on whichever tree.</summary>
    public NodeFailure? Failure { get; }

    public DateTimeOffset? UpgradeGrantedAt { get; }

    /// <summary>As <see cref="NodeSlots.IsUpdated"/>.</summary>
    public bool IsUpdated { get; }

    /// <summary>Whether workloads that its drain displaced have to come back by some time.</summary>
    public bool OwesWorkloads { get; }

    /// <summary>The tree that it runs; null: its agent has not told.</summary>
    public string? RunsDigest { get; }

    public string? RunsVersion { get; }

    public DriftStatus? Drift { get; }

    /// <summary>How long its last upgrade took, step by step; null: there is none to learn from.</summary>
    public NodeSteps? Steps { get; }
}

/// <summary>What a <see cref="NodeEntry"/> depends on beside its facts.</summary>
/// <param name="Policy">The name of the policy.</param>
/// <param name="Selector">Null when it selects nothing, being gone.</param>
/// <param name="ZoneLabel">The label by which it tells zones apart.</param>
internal sealed record KnownFor(string Policy, LabelSelector? Selector, string ZoneLabel)
{
    public static KnownFor Of(RolloutSnapshot snapshot) => new(
        snapshot.Policy.Name, snapshot.Policy.Exists ? snapshot.Policy.Spec!.NodeSelector : null, snapshot.Policy.Spec?.Rollout.Topology?.Key ?? NodeMarks.ZoneLabel);

    public bool Equals(KnownFor? other) => other is not null && Policy == other.Policy && ReferenceEquals(Selector, other.Selector) && ZoneLabel == other.ZoneLabel;

    public override int GetHashCode() => HashCode.Combine(Policy, ZoneLabel);
}
