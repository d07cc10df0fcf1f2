using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Cli.Status;
using Ostler.Rollout.Snapshot;

namespace Ostler.Cli.History;

/// <summary>What a policy and its image record. Pure.</summary>
internal static class PolicyRecords
{
    /// <summary>The rollout of the present target, and the trees that failed. In no order.</summary>
    public static IEnumerable<HistoryEntry> Of(UpgradePolicy policy, DateTimeOffset now)
    {
        var (subject, status) = ($"UpgradePolicy {policy.Metadata.Name}", policy.Status);
        var target = status?.Target is { } tree ? new HistoryTree(tree.Digest, tree.Version) : null;
        if (status?.StartedAt is { } started)
        {
            yield return new() { At = started, Subject = subject, Result = nameof(RolloutEvent.Started), To = target };
            if (status.CompletedAt is { } completed)
            {
                yield return new() { At = completed, Subject = subject, Result = nameof(RolloutEvent.Completed), To = target, Took = UpgradeSteps.Between(started, completed), Tone = Tone.Good };
            }
            else
            {
                var ready = status.Conditions.Find(ConditionTypes.Ready);
                yield return new()
                {
                    At = now,
                    Subject = subject,
                    Result = PolicyState.Reason(policy),
                    To = target,
                    Took = UpgradeSteps.Between(started, now),
                    Message = ready?.Message,
                    Tone = PolicyState.Tone(policy),
                };
            }
        }

        foreach (var wave in status?.Waves ?? [])
        {
            if (wave.CompletedAt is { } at)
            {
                yield return new() { At = at, Subject = subject, Result = "WaveCompleted", To = target, Reason = wave.Reason, Message = $"{wave.Name}: {wave.Message}", Tone = Tone.Good };
            }
        }

        foreach (var failed in status?.FailedDigests ?? [])
        {
            yield return new() { At = failed.At, Subject = subject, Result = ConditionTypes.Halted, To = new(failed.Digest, failed.Digest == target?.Digest ? target.Version : null), Reason = failed.Reason, Message = failed.Message, Tone = Tone.Bad };
        }
    }

    /// <summary>What the image has resolved to, and which digests are in quarantine. In no order.</summary>
    public static IEnumerable<HistoryEntry> Of(OSImage image)
    {
        var (subject, status) = ($"OSImage {image.Metadata.Name}", image.Status);
        // Newest first, so that each came after the next one in the list.
        ResolvedImage[] trees = [.. (status?.History ?? []).Prepend(status?.Resolved).OfType<ResolvedImage>()];
        for (var i = 0; i < trees.Length; i++)
        {
            yield return new()
            {
                At = trees[i].ResolvedAt,
                Subject = subject,
                Result = Reasons.Resolved,
                From = i + 1 < trees.Length ? new(trees[i + 1].Digest, trees[i + 1].Version) : null,
                To = new(trees[i].Digest, trees[i].Version),
                Message = trees[i].Reference,
            };
        }

        foreach (var entry in status?.Quarantined ?? [])
        {
            yield return new()
            {
                At = entry.Since,
                Subject = subject,
                Result = Reasons.Quarantined,
                To = new(entry.Digest, trees.FirstOrDefault(t => t.Digest == entry.Digest)?.Version),
                Reason = entry.Reason,
                Message = entry.Policy is { Length: > 0 } by ? $"It failed in UpgradePolicy {by}." : "A user denied it.",
                Tone = Tone.Bad,
            };
        }
    }
}
