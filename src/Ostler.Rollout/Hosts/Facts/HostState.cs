namespace Ostler.Rollout.Hosts.Facts;

/// <summary>All that the agent knows of the host in one pass. Immutable: decisions are made from this and the spec alone.</summary>
public sealed record HostState
{
    public required DateTimeOffset Now { get; init; }
    public required HostBoot Boot { get; init; }
    public required HostDeployments Deployments { get; init; }
    public required string Backend { get; init; }
    public required string BackendVersion { get; init; }

    /// <summary>The agent's own note of what it was about to do, whatever order it belongs to.</summary>
    public PendingBoot? Pending { get; init; }

    /// <summary>The host's watchdog, as far as it was armed; whatever order it belongs to.</summary>
    public WatchdogRecord? Watchdog { get; init; }

    /// <summary>
    /// Who took the host back, where greenboot or the boot loader did. Asked only when it booted, has the ordered tree, and runs another.
    /// </summary>
    public string? FellBackBecause { get; init; }

    /// <summary>
    /// Asked of the host only when it booted and runs something else than was ordered, or when an image that was applied in this boot is
    /// gone.
    /// </summary>
    public FinalizationReport? Finalization { get; init; }

    /// <summary>What undoes what was changed on the running tree.</summary>
    public RevertMethod RevertMethod { get; init; }

    /// <summary>What the last dearer look at the host found.</summary>
    public HostDrift Drift { get; init; } = HostDrift.Unknown;

    /// <summary>The host is on its way down. Asked only when a reboot was ordered in this boot.</summary>
    public bool ShuttingDown { get; init; }
}
