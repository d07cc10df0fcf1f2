using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Console.Views;

/// <summary>One moment of a node.</summary>
/// <param name="At">When.</param>
/// <param name="Source">Who recorded it: agent, controller or event.</param>
/// <param name="Title">What, in a few words.</param>
/// <param name="Message">More of it, for people.</param>
/// <param name="Warning">Whether it is bad news.</param>
/// <param name="Count">How often, of an event.</param>
internal sealed record HistoryEntry(DateTimeOffset At, string Source, string Title, string? Message = null, bool Warning = false, int Count = 1);

/// <summary>One node with all that is recorded of it. Pure.</summary>
internal sealed record NodeHistory
{
    public required NodeRow Row { get; init; }

    public Goal? Goal { get; init; }

    public long Attempt { get; init; }

    /// <summary>The tool that updates the host, with its version.</summary>
    public string? Backend { get; init; }

    public string? AgentVersion { get; init; }

    public Deployment? Booted { get; init; }

    public Deployment? Staged { get; init; }

    public Deployment? Rollback { get; init; }

    public NodeDeadlines? Deadlines { get; init; }

    public NodeFailure? Failure { get; init; }

    public NodeBackoff? Backoff { get; init; }

    public NodeError? LastError { get; init; }

    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<HistoryEntry> Entries { get; init; }

    /// <summary>Why there are no Events; null when they were read.</summary>
    public string? EventsProblem { get; init; }

    public static NodeHistory Of(NodeRow row, Node? node, NodeOS? os, IReadOnlyList<NodeEvent> events, string? eventsProblem)
    {
        os = os is not null && node is not null && NodeMapping.BelongsTo(os, node) ? os : null;
        var (spec, status) = (os?.Spec, os?.Status);
        return new()
        {
            Row = row,
            Goal = spec?.Goal,
            Attempt = spec?.Attempt ?? 0,
            Backend = status?.Backend is { } tool ? $"{tool} {status.BackendVersion}".TrimEnd() : null,
            AgentVersion = status?.AgentVersion,
            Booted = status?.Booted,
            Staged = status?.Staged,
            Rollback = status?.Rollback,
            Deadlines = spec?.Deadlines,
            Failure = spec?.Failure,
            Backoff = spec?.Backoff,
            LastError = status?.LastError,
            Conditions = status?.Conditions ?? [],
            Entries = [.. EntriesOf(node, os, events).OrderByDescending(e => e.At).ThenBy(e => e.Title, StringComparer.Ordinal)],
            EventsProblem = eventsProblem,
        };
    }

    private static IEnumerable<HistoryEntry> EntriesOf(Node? node, NodeOS? os, IReadOnlyList<NodeEvent> events)
    {
        foreach (var (at, source, title) in Moments(node, os))
        {
            if (at is { } known)
            {
                yield return new(known, source, title);
            }
        }

        if (os?.Spec.Failure is { } failure)
        {
            yield return new(failure.At, "controller", $"Failed with {failure.Version ?? failure.Digest}: {failure.Reason}", failure.Message, Warning: true);
        }

        if (os?.Status?.LastError is { } error)
        {
            yield return new(error.At, "agent", error.Reason, error.Message, Warning: true, error.Count);
        }

        foreach (var e in events)
        {
            if (e.At is { } at)
            {
                var warning = e.Type == "Warning" && !IsOrderedReboot(e.Reason, at, os?.Spec);
                yield return new(at, "event", e.Reason ?? "Event", e.Message, warning, Math.Max(1, e.Count ?? 1));
            }
        }
    }

    // The kubelet warns of every reboot. One that Ostler asked for is what is meant to happen.
    private static bool IsOrderedReboot(string? reason, DateTimeOffset at, NodeOSSpec? spec) =>
        reason == "Rebooted"
        && ((spec?.BootRequestedAt is { } now && at >= now)
            || (spec?.LastUpgrade is { BootRequestedAt: { } then } last && at >= then && at <= last.CompletedAt));

    private static (DateTimeOffset? At, string Source, string Title)[] Moments(Node? node, NodeOS? os)
    {
        var (spec, timings) = (os?.Spec, os?.Status?.Timings);
        var last = spec?.LastUpgrade;

        // What the last upgrade and the present attempt have in common is told once.
        DateTimeOffset? Unless(DateTimeOffset? at, DateTimeOffset? told) => at == told ? null : at;
        return
        [
            (node?.Metadata.CreationTimestamp, "controller", "Joined the cluster"),
            (timings?.StagingStartedAt, "agent", "Staging began"),
            (timings?.StagedAt, "agent", "Staged and locked"),
            (timings?.RebootRequestedAt, "agent", "Host instructed to reboot"),
            (timings?.BootedAt, "agent", os?.Status?.SoftReboots > 0 ? "User space started, by a soft reboot" : "Kernel started"),
            (timings?.HealthyAt, "agent", "Host checks passed"),
            (last?.GrantedAt, "controller", "Slot granted, cordoned"),
            (last?.BootRequestedAt, "controller", "Drained, instructed to boot"),
            (last?.HealthySince, "controller", "All checks passed"),
            (last?.CompletedAt, "controller", "Back in service, updated"),
            (Unless(spec?.GrantedAt, last?.GrantedAt), "controller", "Slot granted, cordoned"),
            (Unless(spec?.BootRequestedAt, last?.BootRequestedAt), "controller", spec?.Goal == Ostler.Api.NodeOSes.Goal.Rollback ? "Instructed to roll back" : "Drained, instructed to boot"),
            (Unless(spec?.HealthySince, last?.HealthySince), "controller", "All checks passed"),
        ];
    }
}
