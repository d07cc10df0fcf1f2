using Ostler.Api;
using Ostler.Cli.Output;

namespace Ostler.Cli.History;

/// <summary>A tree, as far as a record names it.</summary>
internal sealed record HistoryTree(string Digest, string? Version)
{
    public override string ToString() => Words.Tree(Digest, Version);
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
    public HistorySteps? Steps { get; init; }

    public Tone Tone { get; init; }
}

/// <summary>How long the steps of an upgrade took. Each is of one clock: the node's and the controller's may differ.</summary>
internal sealed record HistorySteps
{
    public TimeSpan? Staging { get; init; }

    public TimeSpan? Drain { get; init; }

    public TimeSpan? Reboot { get; init; }

    public TimeSpan? Verify { get; init; }

    public TimeSpan? Soak { get; init; }

    /// <summary>Of an upgrade that went well.</summary>
    /// <param name="upgrade">Its record.</param>
    /// <param name="timings">What the agent recorded of the same attempt; null when that is of another.</param>
    public static HistorySteps Of(NodeUpgrade upgrade, NodeTimings? timings)
    {
        var reboot = Positive(timings?.BootedAt - timings?.RebootRequestedAt);
        return new()
        {
            Staging = Positive(timings?.StagedAt - timings?.StagingStartedAt),
            Drain = Positive(upgrade.BootRequestedAt - upgrade.GrantedAt),
            Reboot = reboot,
            Verify = Positive(upgrade.HealthySince - upgrade.BootRequestedAt - reboot),
            Soak = Positive(upgrade.CompletedAt - upgrade.HealthySince),
        };
    }

    // A clock that was set back gives no duration.
    internal static TimeSpan? Positive(TimeSpan? span) => span >= TimeSpan.Zero ? span : null;
}
