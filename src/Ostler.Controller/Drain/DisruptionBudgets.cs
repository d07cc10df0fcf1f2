using System.Collections.Concurrent;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Drain;

namespace Ostler.Controller.Drain;

/// <summary>
/// Which PodDisruptionBudgets stand in a pod's way. The API server's answer to an eviction names them only in prose, which differs
/// between versions; here they are found as the server itself finds them, by their selectors.
/// </summary>
/// <remarks>Lives for one pass: the budgets of a namespace are listed once, however many of its pods are blocked.</remarks>
internal sealed class DisruptionBudgets(ApiClient client)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<PodDisruptionBudget>>>> _byNamespace = new();
    private readonly Lazy<Task<bool>> _isV1 = new(() => client.HasResourceAsync(CoreResources.Budgets, CancellationToken.None));

    /// <summary>The budgets whose selectors match a pod, by name.</summary>
    public async Task<IReadOnlyList<PodDisruptionBudget>> MatchingAsync(
        string @namespace, IReadOnlyDictionary<string, string>? podLabels, CancellationToken cancellationToken)
    {
        var isV1 = await _isV1.Value.WaitAsync(cancellationToken);
        var budgets = await _byNamespace
            .GetOrAdd(@namespace, n => new(() => ListAsync(isV1 ? CoreResources.Budgets : CoreResources.BudgetsV1Beta1, n)))
            .Value.WaitAsync(cancellationToken);
        return [.. budgets.Where(b => Protects(b, podLabels, isV1)).OrderBy(b => b.Metadata.Name, StringComparer.Ordinal)];
    }

    /// <summary>Of several matching budgets those that allow nothing now; all when each would allow something.</summary>
    public static IReadOnlyList<PodDisruptionBudget> InTheWay(IReadOnlyList<PodDisruptionBudget> matching)
    {
        PodDisruptionBudget[] exhausted = [.. matching.Where(b => (b.Status?.DisruptionsAllowed ?? 0) <= 0)];
        return exhausted.Length > 0 ? exhausted : matching;
    }

    /// <summary>No selector matches nothing. An empty one matches every pod in policy/v1, and none in v1beta1.</summary>
    internal static bool Protects(PodDisruptionBudget budget, IReadOnlyDictionary<string, string>? podLabels, bool isV1) =>
        BudgetRules.Selects(budget.Spec?.Selector, podLabels, isV1);

    // Shared by all who wait for it, so that no single one's cancellation may end it; the client's own timeout does.
    private async Task<IReadOnlyList<PodDisruptionBudget>> ListAsync(ResourceType<PodDisruptionBudget> type, string @namespace) =>
        (await client.ListAsync(type, new ListOptions { Namespace = @namespace, ResourceVersion = "0" }, CancellationToken.None)).Items;
}
