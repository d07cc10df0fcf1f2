using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Resources;

/// <summary>Reads what is recorded of nodes.</summary>
internal static class NodeLookup
{
    /// <summary>The NodeOSes of the nodes that a policy selects; without one, all.</summary>
    public static async Task<IReadOnlyList<NodeOS>> OfAsync(ApiClient client, UpgradePolicy? policy, CancellationToken cancellationToken)
    {
        var systems = (await client.ListAsync(OstlerResources.NodeOSes, ListOptions.All, cancellationToken)).Items;
        if (policy is null)
        {
            return systems;
        }

        var selected = (await client.ListAsync(CoreResources.Nodes, ListOptions.All, cancellationToken)).Items.Where(n => policy.Spec.NodeSelector.Matches(n.Metadata.Labels)).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        return [.. systems.Where(s => selected.Contains(s.Metadata.Name))];
    }

    /// <summary>The NodeOS of one node, which the policy, if one is named, must select.</summary>
    public static async Task<NodeOS> OneAsync(ApiClient client, string name, string? policy, CancellationToken cancellationToken)
    {
        var systems = await OfAsync(client, policy is null ? null : await PolicyLookup.PolicyAsync(client, policy, cancellationToken), cancellationToken);
        return systems.FirstOrDefault(s => s.Metadata.Name == name)
            ?? throw new CommandException(PolicyLookup.Missing(nameof(NodeOS), policy is null ? name : $"{name} of a node that {policy} selects", systems.Select(s => s.Metadata.Name)));
    }
}
