using Ostler.Cli.Output;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Cli.History;

/// <summary>A tree, as far as a record names it.</summary>
internal sealed record HistoryTree(string Digest, string? Version)
{
    public override string ToString() => MessageText.Of(Digest, Version);
}

/// <summary>Something that happened, from what the objects record of it.</summary>
internal sealed record HistoryEntry
{
    /// <summary>When: of what took a while, its end; of what goes on, its beginning.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>To what, as in <c>Node node-1</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>What, in a word of Ostler's own where there is one: a step, a reason or a condition.</summary>
    public required string Result { get; init; }

    public HistoryTree? From { get; init; }

    public HistoryTree? To { get; init; }

    /// <summary>How long it took; null: it was but a moment, or that is not known.</summary>
    public TimeSpan? Took { get; init; }

    /// <summary>Why, in one word.</summary>
    public string? Reason { get; init; }

    /// <summary>Why, for people.</summary>
    public string? Message { get; init; }

    /// <summary>How long the single steps took, as far as that is recorded.</summary>
    public UpgradeSteps? Steps { get; init; }

    public Tone Tone { get; init; }
}
