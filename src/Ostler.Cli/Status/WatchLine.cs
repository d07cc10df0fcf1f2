using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Status;

/// <summary>A policy in one line of a log.</summary>
internal static class WatchLine
{
    private const int MostNodes = 5;

    public static string Of(UpgradePolicy policy)
    {
        var (status, nodes) = (policy.Status, policy.Status?.Nodes ?? new());
        var flights = status?.InFlight ?? [];
        var inFlight = MessageText.List([.. flights.Select(n => $"{n.Node} {n.Step}")], MostNodes);
        (int Count, string Text)[] parts =
        [
            (nodes.Failed + nodes.RolledBack, $"{nodes.Failed + nodes.RolledBack} failed"), (status?.Blocked?.Count ?? 0, $"{status?.Blocked?.Count} blocked"), (flights.Count, inFlight),
        ];
        return $"{policy.Metadata.Name} {PolicyState.Reason(policy)}: {nodes.Updated}/{nodes.Total} updated" + string.Concat(parts.Where(p => p.Count > 0).Select(p => $"; {p.Text}"));
    }
}
