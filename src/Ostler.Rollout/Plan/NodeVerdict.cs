using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Drain;

namespace Ostler.Rollout.Plan;

/// <summary>Which count of the policy's status a node belongs to. Each node of the selection is in just one.</summary>
public enum NodeTally
{
    Updated,
    Updating,
    Staged,
    Pending,
    Failed,
    RolledBack,
}

/// <summary>Where a node is, and why.</summary>
public sealed record NodeVerdict
{
    public required string Node { get; init; }

    public required NodeStep Step { get; init; }

    /// <summary>One of <see cref="Reasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>For people: what it waits for and what to do about it.</summary>
    public string Message { get; init; } = "";

    public required NodeTally Tally { get; init; }

    /// <summary>Whether it cannot go on by itself; Reason and Message say why.</summary>
    public bool Blocked { get; init; }

    /// <summary>Whether only a person can unblock it.</summary>
    public bool NeedsPerson { get; init; }

    /// <summary>Whether it holds a slot, or is on its way to another tree.</summary>
    public bool InFlight { get; init; }

    /// <summary>Whether it runs the target and is to reboot, or does so (spec.rollout.rebootBefore).</summary>
    public bool ToReboot { get; init; }

    /// <summary>Whether it counts against maxUnavailable in this snapshot.</summary>
    public bool Unavailable { get; init; }

    /// <summary>Whether the policy selects it. False: it is only brought to an end, and is in no count.</summary>
    public bool Selected { get; init; } = true;

    /// <summary>Until when the present step must be done; null: no deadline.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>What the drain found, while there is one.</summary>
    public DrainPass? Drain { get; init; }
}
