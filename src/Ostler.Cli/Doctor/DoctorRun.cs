using System.Text.Json.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Doctor;

/// <summary>Reads what the checks look at, and runs them.</summary>
internal static class DoctorRun
{
    public static IReadOnlyList<Finding> Look(ClusterFacts facts, IReadOnlyDictionary<string, JsonObject> shipped) =>
    [
        .. DefinitionCheck.Look(facts.Definitions, shipped), .. facts.Unread, .. AgentCheck.Controller(facts), .. AgentCheck.Agents(facts), .. AgentCheck.Cordons(facts),
        .. PolicyCheck.Look(facts), .. ImageCheck.Look(facts), .. DriftCheck.Look(facts), .. BudgetCheck.Look(facts),
    ];

    public static async Task<ClusterFacts> ReadAsync(ApiClient client, string @namespace, IEnumerable<string> definitions, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var name in definitions)
        {
            if (await client.GetAsync(CoreResources.Definitions, NamespacedName.ClusterScoped(name), cancellationToken) is { } definition)
            {
                found[name] = definition;
            }
        }

        var unread = new List<Finding>();
        var facts = new ClusterFacts
        {
            Now = now,
            Namespace = @namespace,
            Definitions = found,
            Unread = unread,
            Nodes = await ListAsync(CoreResources.Nodes),
            Systems = await ListAsync(OstlerResources.NodeOSes),
            Policies = await ListAsync(OstlerResources.UpgradePolicies),
            Images = await ListAsync(OstlerResources.OSImages),
            Lease = await LeaseAsync(),
        };
        var (budgets, isV1) = await BudgetsAsync();
        var pods = new List<Pod>();

        // One that allows nothing may be in the way, and so may several together.
        foreach (var space in budgets.GroupBy(b => b.Metadata.Namespace).Where(g => g.Count() > 1 || g.Any(b => b.Status is not { DisruptionsAllowed: > 0 })).Select(g => g.Key))
        {
            pods.AddRange((await client.ListAsync(CoreResources.Pods, new() { Namespace = space }, cancellationToken)).Items);
        }

        var asks = facts.Policies.Any(p => p.Spec.Drain.Rules?.Any(r => r.NamespaceSelector is not null) == true);
        var spaces = asks && pods.Count > 0 ? await ListAsync(CoreResources.Namespaces) : null;
        return facts with
        {
            Budgets = budgets,
            BudgetsAreV1 = isV1,
            Pods = pods,
            NamespaceLabels = spaces?.ToDictionary(n => n.Metadata.Name, n => n.Metadata.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal),
        };

        async Task<IReadOnlyList<T>> ListAsync<T>(ResourceType<T> type) where T : class
        {
            try
            {
                return (await client.ListAsync(type, ListOptions.All, cancellationToken)).Items;
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // Not installed, as the check of the definitions says.
                return [];
            }
            catch (ApiException e) when (e.IsForbidden)
            {
                unread.Add(new(Severity.Warning, type.QualifiedName, $"they cannot be read: {e.Message}.", "request the right to list them, or use another --context"));
                return [];
            }
        }

        async Task<(IReadOnlyList<PodDisruptionBudget> Budgets, bool IsV1)> BudgetsAsync()
        {
            try
            {
                return ((await client.ListAsync(CoreResources.Budgets, ListOptions.All, cancellationToken)).Items, true);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                return (await ListAsync(CoreResources.BudgetsV1Beta1), false);
            }
            catch (ApiException e) when (e.IsForbidden)
            {
                unread.Add(new(Severity.Warning, "poddisruptionbudgets.policy", $"they cannot be read: {e.Message}.", "request the right to list them, or use another --context"));
                return ([], true);
            }
        }

        async Task<Lease?> LeaseAsync()
        {
            try
            {
                return await client.GetAsync(CoreResources.Leases, new NamespacedName(@namespace, "ostler-controller"), cancellationToken);
            }
            catch (ApiException e) when (e.IsForbidden)
            {
                unread.Add(new(Severity.Note, "Lease", $"it cannot be read: {e.Message}."));
                return null;
            }
        }
    }
}
