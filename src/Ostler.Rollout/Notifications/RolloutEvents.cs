using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Notifications;

/// <summary>Something of a rollout that is worth a notification.</summary>
/// <param name="Event">What.</param>
/// <param name="Reason">That of the condition, or of the wave, that says so.</param>
/// <param name="Message">For people.</param>
internal sealed record RolloutNews(RolloutEvent Event, string Reason, string Message)
{
    /// <summary>The wave that waits.</summary>
    public string? Wave { get; init; }

    /// <summary>Tells apart what may happen more than once with one tree.</summary>
    public string? Occasion { get; init; }
}

/// <summary>
/// What happened between two reports on a policy. Both are stored, so that whoever compares them, and how often it died before, finds the
/// same.
/// </summary>
internal static class RolloutEvents
{
    public static IEnumerable<RolloutNews> Between(UpgradePolicyStatus? before, UpgradePolicyStatus after)
    {
        // Of another tree nothing is known that would speak of this one.
        var former = before?.Target?.Digest == after.Target?.Digest ? before : null;
        var ready = after.Conditions.Find(ConditionTypes.Ready);
        var halted = after.Conditions.Find(ConditionTypes.Halted);
        if (after is { StartedAt: { } started, CompletedAt: null } && former?.StartedAt != started)
        {
            yield return new(RolloutEvent.Started, Reasons.RollingOut, $"{Count(after)} move to {Tree(after)}.");
        }

        foreach (var wave in after.Waves ?? [])
        {
            if (wave.Reason == Reasons.WaitingForApproval && former?.Waves?.FirstOrDefault(w => w.Name == wave.Name)?.Reason != wave.Reason)
            {
                yield return new(RolloutEvent.NeedsApproval, wave.Reason, wave.Message ?? $"Wave {wave.Name} waits for an approval.") { Wave = wave.Name };
            }
        }

        if (after.Nodes is { RolledBack: > 0 and var back } && !(former?.Nodes?.RolledBack > 0))
        {
            var which = after.Blocked?.FirstOrDefault(b => b.Reason == Reasons.RolledBack);
            yield return new(
                RolloutEvent.RolledBack, Reasons.RolledBack, $"{back} of {Count(after)} rolled back from {Tree(after)}{(which is null ? "." : $": {which.Node}: {which.Message}")}");
        }

        if (halted is { Status: ConditionStatus.True } && !(former?.Conditions).IsTrue(ConditionTypes.Halted))
        {
            yield return new(RolloutEvent.Halted, halted.Reason, halted.Message) { Occasion = MessageText.Of(halted.LastTransitionTime) };
        }

        if (after is { StartedAt: { } begun, CompletedAt: not null } && former?.StartedAt == begun && former.CompletedAt is null)
        {
            yield return new(RolloutEvent.Completed, ready?.Reason ?? Reasons.UpToDate, $"{Count(after)} run {Tree(after)}.");
        }
    }

    private static string Count(UpgradePolicyStatus status) => MessageText.Count(status.Nodes?.Total ?? 0, "node");

    private static string Tree(UpgradePolicyStatus status) => status.Target is { } target ? MessageText.Of(target.Digest, target.Version) : "the target";
}
