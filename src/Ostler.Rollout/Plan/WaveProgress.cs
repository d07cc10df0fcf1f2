using Ostler.Api.Meta;

namespace Ostler.Rollout.Plan;

/// <summary>How far one wave has come, and whether its nodes may get slots.</summary>
public sealed record WaveProgress
{
    /// <summary>The name of the wave that the nodes of no wave form.</summary>
    public const string Rest = "rest";

    public required string Name { get; init; }

    public int Total { get; init; }

    public int Updated { get; init; }

    public int InFlight { get; init; }

    /// <summary>Nodes that failed or went back.</summary>
    public int Failed { get; init; }

    /// <summary>Nodes that could go on by themselves when it is their turn.</summary>
    public int CanGo { get; init; }

    /// <summary>Whether it begins by itself, or a person has approved it for the target.</summary>
    public bool Approved { get; init; }

    /// <summary>When it was complete for the first time with this target. What joins later does not undo it.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When its soak is over; null until it is complete.</summary>
    public DateTimeOffset? SoakedAt { get; init; }

    /// <summary>Whether one of its nodes has had a slot for the target.</summary>
    public bool HasBegun { get; init; }

    /// <summary>Whether its nodes may get slots: the former waves are through, and it is approved.</summary>
    public bool Open { get; init; }

    /// <summary>Whether the next wave may begin.</summary>
    public bool Passed { get; init; }

    /// <summary>One of <see cref="Reasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>For people: what it waits for, and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>Whether it will not go on before a person acts.</summary>
    public bool NeedsPerson { get; init; }

    /// <summary>The wave under way, or the one that holds up the others; null when all are complete.</summary>
    internal static WaveProgress? UnderWay(IReadOnlyList<WaveProgress> waves) =>
        waves.FirstOrDefault(w => !w.Passed) ?? waves.FirstOrDefault(w => w.Updated < w.Total);
}
