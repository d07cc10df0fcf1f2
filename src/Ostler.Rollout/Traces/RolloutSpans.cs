using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Traces;

/// <summary>
/// The spans of a rollout as a whole that a write of its policy's status ends. Pure. Those of its nodes are in <see cref="NodeSpans"/>.
/// </summary>
public static class RolloutSpans
{
    /// <summary>The name of a rollout's root span.</summary>
    public const string Rollout = "rollout";

    /// <summary>The name of the span of a standstill after too many failures.</summary>
    public const string Halted = "halted";

    /// <param name="policy">The policy's name.</param>
    /// <param name="policyUid">Its UID.</param>
    /// <param name="before">The status that was there.</param>
    /// <param name="after">The status that was written.</param>
    /// <param name="now">The moment of the plan.</param>
    public static IReadOnlyList<SpanFacts> Ended(string policy, string? policyUid, UpgradePolicyStatus? before, UpgradePolicyStatus after, DateTimeOffset now)
    {
        if (before is not { StartedAt: { } started, CompletedAt: null } || TraceIdentity.OfRollout(policyUid, before) is not { } root)
        {
            return [];
        }

        var spans = new List<SpanFacts>();
        var sameRollout = after.StartedAt == started && after.Target?.Digest == before.Target?.Digest;
        if (before.Conditions.Find(ConditionTypes.Halted) is { Status: ConditionStatus.True, LastTransitionTime: var since } halted
            && (!sameRollout || !after.Conditions.IsTrue(ConditionTypes.Halted)))
        {
            spans.Add(Span(root.Child(Halted, since, now), Halted, since, now, SpanResult.Error, halted.Reason, halted.Message) with { ParentSpanId = root.SpanId });
        }

        if (sameRollout && after.CompletedAt is { } completed)
        {
            var ready = after.Conditions.Find(ConditionTypes.Ready);
            spans.Add(Span(root, Rollout, started, completed, SpanResult.Ok, ready?.Reason ?? Reasons.UpToDate, ready?.Message));
        }
        else if (!sameRollout)
        {
            spans.Add(Span(root, Rollout, started, now, SpanResult.Unset, Reasons.TargetChanged, "Another digest became the target before every node had this one."));
        }

        return spans;

        SpanFacts Span(SpanIdentity id, string name, DateTimeOffset from, DateTimeOffset to, SpanResult result, string reason, string? message) => new()
        {
            Id = id,
            Name = name,
            StartedAt = from,
            EndedAt = to < from ? from : to,
            Result = result,
            Reason = reason,
            Message = message,
            Attributes =
            [
                new("ostler.policy", policy),
                new("ostler.digest", before.Target?.Digest ?? ""),
                new("ostler.version", before.Target?.Version ?? ""),
                new("ostler.nodes", (long)(after.Nodes?.Total ?? 0)),
            ],
        };
    }
}
