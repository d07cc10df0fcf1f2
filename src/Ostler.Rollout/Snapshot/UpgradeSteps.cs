using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Snapshot;

/// <summary>How long the steps of an upgrade that went well took; null: it is not on record, or the record cannot be right.</summary>
/// <remarks>
/// Each is of one clock, for the node's and the controller's may differ. A clock may be set between two moments, and the node's often is
/// while the node boots: no step is negative, and no reboot longer than what the controller saw of it.
/// </remarks>
public sealed record UpgradeSteps
{
    /// <summary>A staging that took longer is not believed: the node reports both ends itself.</summary>
    private static readonly TimeSpan LongestStaging = TimeSpan.FromDays(7);

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    private UpgradeSteps()
    {
    }

    /// <summary>Fetching the tree and laying it down, by the node's clock.</summary>
    public TimeSpan? Staging { get; private init; }

    /// <summary>From the slot to the order to boot.</summary>
    public TimeSpan? Drain { get; private init; }

    /// <summary>Down and up again, by the node's clock.</summary>
    public TimeSpan? Reboot { get; private init; }

    /// <summary>From the order to boot until all checks passed, less the reboot.</summary>
    public TimeSpan? Verify { get; private init; }

    /// <summary>How long it then had to stay healthy.</summary>
    public TimeSpan? Soak { get; private init; }

    /// <summary>From the slot to the end.</summary>
    public TimeSpan? Whole { get; private init; }

    /// <param name="upgrade">The controller's record of it.</param>
    /// <param name="timings">What the agent recorded of the same attempt; null when that is of another.</param>
    public static UpgradeSteps Of(NodeUpgrade upgrade, NodeTimings? timings)
    {
        var verified = Between(upgrade.BootRequestedAt, upgrade.HealthySince);
        var reboot = Between(timings?.RebootRequestedAt, timings?.BootedAt) is { } shown && shown <= verified ? shown : (TimeSpan?)null;
        return new()
        {
            Staging = StagingOf(timings),
            Drain = Between(upgrade.GrantedAt, upgrade.BootRequestedAt),
            Reboot = reboot,
            Verify = verified - reboot,
            Soak = Between(upgrade.HealthySince, upgrade.CompletedAt),
            Whole = Between(upgrade.GrantedAt, upgrade.CompletedAt),
        };
    }

    /// <summary>How long staging took by the node's clock; null: it is not known, or cannot be right.</summary>
    public static TimeSpan? StagingOf(NodeTimings? timings) =>
        Between(timings?.StagingStartedAt, timings?.StagedAt) is { } took && took <= LongestStaging ? took : null;

    /// <summary>
    /// The time between two moments of one clock; null when it was set back in between, or is more than a lifetime of any node.
    /// </summary>
    public static TimeSpan? Between(DateTimeOffset? from, DateTimeOffset? to) => to - from is { } span && span >= TimeSpan.Zero
        && span <= Longest ? span : null;
}
