using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Controller.Console.Views;

/// <summary>One node in the grid. All that the page shows of it without asking for more.</summary>
/// <remarks>Values only: two rows that say the same are equal, and what is equal is not sent again.</remarks>
internal sealed record NodeRow
{
    public required string Name { get; init; }

    /// <summary>The label <c>topology.kubernetes.io/zone</c>.</summary>
    public string? Zone { get; init; }

    /// <summary>The policies that select it, by name. More than one is a conflict.</summary>
    public string? Policy { get; init; }

    /// <summary>A <see cref="NodeStep"/>, or <see cref="FleetView.Unknown"/>.</summary>
    public required string Step { get; init; }

    /// <summary>The version that runs; the start of the digest when it has none.</summary>
    public string? Booted { get; init; }

    /// <summary>The version that it is moved to.</summary>
    public string? Target { get; init; }

    /// <summary>Whether the condition Ready of the Node is True.</summary>
    public bool Ready { get; init; }

    /// <summary>Who cordoned it: the policy's name, or "another user".</summary>
    public string? Cordon { get; init; }

    /// <summary>Who holds it back from upgrades and why, as in <c>kubectl-annotate: new disks</c>. Absent: nobody.</summary>
    public string? Hold { get; init; }

    /// <summary>Whether it cannot go on.</summary>
    public bool Blocked { get; init; }

    /// <summary>Whether it runs something else than the tree that it booted promises.</summary>
    public bool Drifted { get; init; }

    /// <summary>What it waits for, or why it failed, in one word.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>Since when it is in this step; known of nodes in flight.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When it was cordoned for its last upgrade, or for the present one.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>When it was told to boot.</summary>
    public DateTimeOffset? BootRequestedAt { get; init; }

    /// <summary>When its kernel started, by the node's clock.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>Since when all checks passed.</summary>
    public DateTimeOffset? HealthySince { get; init; }

    /// <summary>When it was back in service; absent while that is under way.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When the attempt failed.</summary>
    public DateTimeOffset? FailedAt { get; init; }
}

/// <summary>One policy: its settings that people ask about, and its status as it is.</summary>
internal sealed record PolicyRow
{
    public required string Name { get; init; }
    public required string Image { get; init; }
    public bool Paused { get; init; }
    public required string MaxUnavailable { get; init; }
    public required string Soak { get; init; }

    /// <summary>The windows, a text each; empty: always.</summary>
    public required string Windows { get; init; }

    /// <summary>The policies that must be Ready first.</summary>
    public required string DependsOn { get; init; }

    /// <summary>Whether the status speaks of the present spec.</summary>
    public bool Current { get; init; }

    public UpgradePolicyStatus? Status { get; init; }
}

/// <summary>One image.</summary>
internal sealed record ImageRow
{
    public required string Name { get; init; }

    /// <summary>Where it comes from.</summary>
    public string? Source { get; init; }

    /// <summary>Whether the spec pins one digest or commit, which is never resolved again.</summary>
    public bool Pinned { get; init; }

    /// <summary>How often a moving tag or ref is resolved again. Absent: never.</summary>
    public string? PollInterval { get; init; }

    /// <summary>How old a digest must be before nodes get it. Absent: that does not matter.</summary>
    public string? MinAge { get; init; }

    /// <summary>Whether a digest needs a signature before nodes get it.</summary>
    public bool Signed { get; init; }

    /// <summary>Digests that a user denied or allowed.</summary>
    public QuarantineSpec? Quarantine { get; init; }

    /// <summary>Whether the status is of the present spec.</summary>
    public bool Current { get; init; }

    public OSImageStatus? Status { get; init; }
}
