using System.Text.Json.Serialization;
using Ostler.Agent.Host;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.HostShell;

/// <summary>What is so on this host, without a cluster: what the agent reports, and what it has written down for itself.</summary>
internal sealed record HostReport
{
    public required string Backend { get; init; }
    public required string BackendVersion { get; init; }
    public required string BootID { get; init; }
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>How often user space alone was restarted in this boot.</summary>
    public int? SoftReboots { get; init; }

    /// <summary>The trees that are laid down, in the tool's order.</summary>
    public required IReadOnlyList<ReportedTree> Trees { get; init; }

    /// <summary>Whether a staging that the agent ordered goes on just now.</summary>
    public bool Staging { get; init; }

    /// <summary>What somebody else is at work on, in the tool's words.</summary>
    public string? Transaction { get; init; }

    /// <summary>Another program that updates the host by itself.</summary>
    public string? Driver { get; init; }

    /// <summary>What the agent was about to do when it last told the host to reboot.</summary>
    public ReportedReboot? Reboot { get; init; }

    public ReportedWatchdog? Watchdog { get; init; }

    /// <summary>Packages that were layered, replaced or removed on the running tree.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>How /usr of the running tree was made writable; null: it was not.</summary>
    public string? Mutated { get; init; }

    public static HostReport Of(IHostBackend backend, HostDeployments deployments, HostBoot boot, PendingBoot? pending, WatchdogRecord? watchdog, bool staging) => new()
    {
        Backend = backend.Name,
        BackendVersion = backend.Version,
        BootID = boot.KernelBootID,
        SoftReboots = boot.SoftReboots is > 0 and var count ? count : null,
        BootedAt = boot.BootedAt,
        Trees = [.. deployments.All.Select(d => ReportedTree.Of(d, deployments))],
        Staging = staging,
        Transaction = deployments.Transaction,
        Driver = deployments.Driver,
        Reboot = pending is null ? null : new() { Goal = pending.Goal, Target = pending.Target, Attempt = pending.Attempt, RequestedAt = pending.RequestedAt, InThisBoot = pending.BootID == boot.BootID },
        Watchdog = watchdog is null ? null : new()
        {
            State = watchdog.State,
            Target = watchdog.Target,
            Previous = watchdog.Previous,
            TimeoutSeconds = watchdog.TimeoutSeconds,
            OnTrial = watchdog.State == WatchdogState.Armed && watchdog.ArmedIn != boot.BootID && deployments.Booted?.Digest == watchdog.Target,
            Error = watchdog.Error,
        },
        Packages = deployments.Booted?.Packages ?? [],
        Mutated = deployments.Booted?.Mutated,
    };
}

/// <summary>One tree that is laid down.</summary>
internal sealed record ReportedTree
{
    public required string Digest { get; init; }
    public string? Version { get; init; }
    public string? Reference { get; init; }
    public bool Booted { get; init; }
    public bool Staged { get; init; }
    public bool Locked { get; init; }
    public bool Pinned { get; init; }

    /// <summary>The next boot runs it, if nothing more happens.</summary>
    public bool Next { get; init; }

    /// <summary>It is kept to go back to.</summary>
    public bool Rollback { get; init; }

    public static ReportedTree Of(HostDeployment d, HostDeployments all) => new()
    {
        Digest = d.Digest,
        Version = d.Version,
        Reference = d.Reference,
        Booted = d.Booted,
        Staged = d.Staged,
        Locked = d.Locked,
        Pinned = d.Pinned,
        Next = ReferenceEquals(d, all.Next),
        Rollback = ReferenceEquals(d, all.Rollback),
    };
}

/// <summary>A reboot that the agent ordered.</summary>
internal sealed record ReportedReboot
{
    public Goal Goal { get; init; }
    public required string Target { get; init; }
    public long Attempt { get; init; }
    public DateTimeOffset RequestedAt { get; init; }

    /// <summary>It has not happened yet.</summary>
    public bool InThisBoot { get; init; }
}

/// <summary>The host's own watchdog.</summary>
internal sealed record ReportedWatchdog
{
    public WatchdogState State { get; init; }
    public required string Target { get; init; }
    public required string Previous { get; init; }

    /// <summary>How long after a boot of the target the agent must have called it healthy.</summary>
    public long TimeoutSeconds { get; init; }

    /// <summary>The target runs, and its time counts.</summary>
    public bool OnTrial { get; init; }

    /// <summary>Why going back did not work.</summary>
    public string? Error { get; init; }
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostReport))]
internal sealed partial class HostReportJson : JsonSerializerContext;
