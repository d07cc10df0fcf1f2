using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;

namespace Ostler.Cli.Status;

/// <summary>All policies, a line each.</summary>
internal static class PolicyTable
{
    private const int BarWidth = 15;

    public static IEnumerable<Line> Lines(IReadOnlyList<UpgradePolicy> policies, DateTimeOffset now, bool wide)
    {
        if (policies.Count == 0)
        {
            return [new("No UpgradePolicy exists. Create one (config/samples has examples), and preview it with: kubectl ostler plan -f policy.yaml")];
        }

        string[] columns = ["NAME", "IMAGE", "TARGET", "PROGRESS", "UPDATED", "UPDATING", "BLOCKED", "FAILED", "REASON", "ESTIMATE"];
        var table = new TextTable([.. columns, .. wide ? (string[])["UNAVAILABLE", "MESSAGE"] : []]);
        foreach (var policy in policies.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal))
        {
            var (status, counts) = (policy.Status, policy.Status?.Nodes ?? new());
            string?[] cells =
            [
                policy.Metadata.Name, policy.Spec.ImageRef.Name, status?.Target is { } target ? target.Version ?? Digest.Shorten(target.Digest) : null,
                $"{Format.Bar(counts.Updated, counts.Total, BarWidth)} {Format.Percent(counts.Updated, counts.Total)}", $"{counts.Updated}/{counts.Total}",
                Format.Number(counts.Updating), Format.Number(status?.Blocked?.Count ?? 0), Format.Number(counts.Failed + counts.RolledBack),
                policy.Spec.Paused ? $"{PolicyState.Reason(policy)} (paused)" : PolicyState.Reason(policy), Estimate(policy, now),
            ];
            table.Add(PolicyState.Tone(policy),
                [.. cells, .. wide ? (string?[])[$"{counts.Unavailable} (max {policy.Spec.Rollout.MaxUnavailable})",
                status?.Conditions.Find(ConditionTypes.Ready)?.Message] : []]);
        }

        return table.Lines();
    }

    private static string? Estimate(UpgradePolicy policy, DateTimeOffset now) =>
        !PolicyState.IsReady(policy) && policy.Status?.EstimatedCompletion is { } end ? end > now ? $"in {Format.Span(end - now)}" : "due" : null;
}
