using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Status;

/// <summary>One policy: how far it is, what it waits for, and what a person can do.</summary>
internal static class StatusText
{
    // The controller keeps the first fifty; more than a screen of them hides the rest, and -o wide shows all.
    private const int MostBlocked = 10;

    // What matters to people first; the others follow by name.
    private static readonly string[] Order = [ConditionTypes.Ready, ConditionTypes.Accepted, ConditionTypes.Halted, ConditionTypes.Conflicted, ConditionTypes.Stalled, ConditionTypes.Progressing, ConditionTypes.WindowOpen, ConditionTypes.Notified];

    /// <param name="policy">The policy.</param>
    /// <param name="now">The clock of this machine.</param>
    /// <param name="wide">Whether all conditions, durations and notifications are listed.</param>
    /// <param name="image">The image that the policy names; null: there is none, or it was not read.</param>
    public static IReadOnlyList<Line> Lines(UpgradePolicy policy, DateTimeOffset now, bool wide = false, OSImage? image = null)
    {
        var name = policy.Metadata.Name;
        var target = policy.Status?.Target is { } tree ? $", to {MessageText.Of(tree.Digest, tree.Version)}" : "";
        List<Line> lines = [new($"{name}: {PolicyState.Reason(policy)}, image {policy.Spec.ImageRef.Name}{target}", PolicyState.Tone(policy))];
        if (policy.Status is not { } status)
        {
            lines.Add(new("No controller has processed this policy yet. Run kubectl ostler doctor.", Tone.Attention));
            return lines;
        }

        lines.Add(Progress(status.Nodes ?? new(), PolicyState.Tone(policy)));
        lines.AddRange(Hints(policy, status));
        lines.AddRange(ImageText.Lines(image, now));
        if (status.Nodes is { Unavailable: > 0 and var unavailable })
        {
            lines.Add($"Unavailable: {unavailable} (maxUnavailable {policy.Spec.Rollout.MaxUnavailable})");
        }

        if (status is { DistinctDigests: > 1, Digests: { } trees })
        {
            var listed = string.Join(", ", trees.Select(t => $"{MessageText.Of(t.Digest, t.Version)} on {t.Nodes}"));
            lines.Add($"Running images: {status.DistinctDigests}: {listed}{(status.DistinctDigests > trees.Count ? ", …" : "")}");
        }

        lines.AddRange(Times(policy, status, now));

        // What a user looks for first comes first: a screen may show no more than that.
        Section("Waves", Waves(status, now, wide));
        Section("Gates", GateTable.Of(status.Gates ?? [], now, wide));
        Section("In flight", InFlight(status, now));
        Section("Blocked", Blocked(status, wide));
        Section("Drifted", Drifted(status, wide));
        Section("Failed images", Failed(status, now));
        Section("Conditions", Conditions(status, now, wide));
        if (wide)
        {
            Section("Measured durations", Durations(status.Durations));
            Section("Notifications", NotificationTable.Of(status.Notifications ?? [], now));
        }

        return lines;

        void Section(string title, TextTable table)
        {
            if (table.Count > 0)
            {
                lines.Add(new(""));
                lines.Add(new(title, Tone.Heading));
                lines.AddRange(table.Lines(indent: 2));
            }
        }
    }

    private static Line Progress(NodeCounts nodes, Tone tone)
    {
        (int Count, string Word)[] others =
            [(nodes.Updating, "updating"), (nodes.Staged, "staged"), (nodes.Pending, "pending"), (nodes.Failed, "failed"),
                (nodes.RolledBack, "rolled back"), (nodes.Held, "held")];
        return new(
            $"{Format.Bar(nodes.Updated, nodes.Total)} {Format.Percent(nodes.Updated, nodes.Total)}  {nodes.Updated} of {nodes.Total} updated"
            + string.Concat(others.Where(o => o.Count > 0).Select(o => $", {o.Count} {o.Word}")), tone);
    }

    private static IEnumerable<Line> Hints(UpgradePolicy policy, UpgradePolicyStatus status)
    {
        var name = policy.Metadata.Name;
        if (!PolicyState.IsCurrent(policy))
        {
            yield return new($"The controller has not processed the latest spec yet (generation {policy.Metadata.Generation}, seen {status.ObservedGeneration}).", Tone.Attention);
        }

        if (policy.Spec.Paused)
        {
            yield return new($"Paused. Nodes in flight finish; no other node is disrupted. To continue: kubectl ostler resume {name}", Tone.Attention);
        }

        if (PolicyState.WaitsForApproval(policy) is { } wave)
        {
            yield return new($"Wave {wave} waits for approval: kubectl ostler approve {name}", Tone.Attention);
        }

        if (PolicyState.IsHalted(policy))
        {
            yield return new($"Halted. Check the failed nodes, then run kubectl ostler retry {name}, or release a fixed image.", Tone.Bad);
        }
    }

    private static IEnumerable<Line> Times(UpgradePolicy policy, UpgradePolicyStatus status, DateTimeOffset now)
    {
        if (status.StartedAt is { } started)
        {
            yield return status.CompletedAt is { } completed
                ? $"Started {Timestamp.Format(started)}, completed {Timestamp.Format(completed)} after {Format.Span(completed - started)}"
                : $"Started {Timestamp.Format(started)}, {Format.Span(now - started)} ago";
        }

        if (policy.Spec.Rollout.OpenUntil is { } open && open > now)
        {
            var freezes = policy.Spec.Rollout.IgnoreFreezes ? ", freezes included" : "";
            yield return $"Opened until {Timestamp.Format(open)}, for {Format.Span(open - now)}{freezes} (spec.rollout.openUntil)";
        }

        if (status.NextWindow is { } window)
        {
            yield return $"Next window: {Timestamp.Format(window)}{(window > now ? $", in {Format.Span(window - now)}" : "")}";
        }

        if (status.EstimatedCompletion is { } end && !PolicyState.IsReady(policy))
        {
            yield return end > now ? $"Estimated completion: {Timestamp.Format(end)}, in {Format.Span(end - now)}" : $"Estimated completion: {Timestamp.Format(end)}, due";
        }
    }

    // Without -o wide only those that are not as they should be, each message once: Ready repeats what another one says, unless it is the
    // only one.
    private static IEnumerable<Condition> Wrong(IReadOnlyList<Condition> conditions)
    {
        Condition[] wrong = [.. conditions.Where(c => ToneOf(c) is Tone.Bad or Tone.Attention)];
        var said = wrong.Select(c => (c.Reason, c.Message)).ToHashSet();
        var ready = conditions.Where(c =>
            c is { Type: ConditionTypes.Ready, Status: ConditionStatus.False, Reason: not (Reasons.RollingOut or Reasons.Paused) });
        return [.. ready.Where(c => !said.Contains((c.Reason, c.Message))), .. wrong.DistinctBy(c => (c.Reason, c.Message))];
    }

    private static TextTable Conditions(UpgradePolicyStatus status, DateTimeOffset now, bool wide)
    {
        var table = new TextTable("TYPE", "STATUS", "REASON", "SINCE", "MESSAGE");
        foreach (var condition in (wide ? status.Conditions ?? [] : Wrong(status.Conditions ?? []))
            .OrderBy(c => Array.IndexOf(Order, c.Type) is >= 0 and var at ? at : Order.Length).ThenBy(c => c.Type, StringComparer.Ordinal))
        {
            table.Add(ToneOf(condition), condition.Type, condition.Status.ToString(), condition.Reason, Format.Span(now - condition.LastTransitionTime), condition.Message);
        }

        return table;
    }

    private static Tone ToneOf(Condition condition) => (condition.Type, condition.Status) switch
    {
        (ConditionTypes.Halted or ConditionTypes.Conflicted, ConditionStatus.True) or (ConditionTypes.Accepted, ConditionStatus.False) => Tone.Bad,
        (ConditionTypes.Stalled, ConditionStatus.True) or (ConditionTypes.Notified, ConditionStatus.False) => Tone.Attention,
        (ConditionTypes.Ready, ConditionStatus.True) => Tone.Good,
        _ => Tone.Plain,
    };

    private static TextTable Waves(UpgradePolicyStatus status, DateTimeOffset now, bool wide)
    {
        string[] more = wide ? ["COMPLETED"] : [];
        var table = new TextTable(["WAVE", "PROGRESS", "UPDATED", "FAILED", .. more, "REASON", "MESSAGE"]);
        foreach (var wave in status.Waves ?? [])
        {
            string?[] completed = wide ? [wave.CompletedAt is { } at ? $"{Format.Span(now - at)} ago" : null] : [];
            table.Add(
                wave.Name == status.Wave ? Tone.Plain : Tone.Faint,
                [
                    wave.Name, $"{Format.Bar(wave.Updated, wave.Total, 10)} {Format.Percent(wave.Updated, wave.Total)}",
                        $"{wave.Updated}/{wave.Total}",
                    Format.Number(wave.Failed), .. completed, wave.Reason, wave.Message,
                ]);
        }

        return table;
    }

    private static TextTable InFlight(UpgradePolicyStatus status, DateTimeOffset now)
    {
        var table = new TextTable("NODE", "STEP", "SINCE", "REASON", "MESSAGE");
        foreach (var node in status.InFlight ?? [])
        {
            table.Add(Tone.Plain, node.Node, node.Step.ToString(), node.Since is { } since ? Format.Span(now - since) : null, node.Reason, node.Message);
        }

        return table;
    }

    private static TextTable Blocked(UpgradePolicyStatus status, bool wide)
    {
        var table = new TextTable("NODE", "REASON", "MESSAGE");
        var blocked = status.Blocked ?? [];
        foreach (var node in wide ? blocked : blocked.Take(MostBlocked))
        {
            table.Add(Tone.Attention, node.Node, node.Reason, node.Message);
        }

        return wide || blocked.Count <= MostBlocked ? table : table.Add(Tone.Faint, "…", null, $"and {blocked.Count - MostBlocked} more: -o wide shows them");
    }

    private static TextTable Drifted(UpgradePolicyStatus status, bool wide)
    {
        var table = new TextTable("NODE", "REASON", "MESSAGE");
        var drifted = status.Drifted ?? [];
        foreach (var node in wide ? drifted : drifted.Take(MostBlocked))
        {
            table.Add(Tone.Attention, node.Node, node.Reason, node.Message);
        }

        return wide || drifted.Count <= MostBlocked ? table : table.Add(Tone.Faint, "…", null, $"and {drifted.Count - MostBlocked} more: -o wide shows them");
    }

    private static TextTable Failed(UpgradePolicyStatus status, DateTimeOffset now)
    {
        var table = new TextTable("DIGEST", "REASON", "LAST", "MESSAGE");
        foreach (var failed in status.FailedDigests ?? [])
        {
            table.Add(Tone.Bad, Digest.Shorten(failed.Digest), failed.Reason, $"{Format.Span(now - failed.At)} ago", failed.Message);
        }

        return table;
    }

    private static TextTable Durations(MeasuredDurations? measured)
    {
        var table = new TextTable("STEP", "AVERAGE", "LONGEST", "NODES");
        (string Step, MeasuredDuration? Value)[] steps =
            [("staging", measured?.Staging), ("drain", measured?.Drain), ("reboot", measured?.Reboot), ("verify", measured?.Verify), ("node out of service", measured?.Node)];
        foreach (var (step, value) in steps)
        {
            if (value is { Count: > 0 })
            {
                table.Add(Tone.Plain, step, Format.Span(value.Average), Format.Span(value.Max), Format.Number(value.Count));
            }
        }

        return table;
    }
}
