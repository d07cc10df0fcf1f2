using Ostler.Cli.Edits;
using Ostler.Kubernetes;

namespace Ostler.Cli.Resources;

/// <summary>Reads what rollback looks at.</summary>
internal static class RollbackLookup
{
    public static async Task<RollbackFacts> ReadAsync(ApiClient client, string name, CancellationToken cancel)
    {
        var policy = await PolicyLookup.PolicyAsync(client, name, cancel);
        var image = await PolicyLookup.ImageAsync(client, policy.Spec.ImageRef.Name, cancel);
        var policies = (await client.ListAsync(ClusterResources.UpgradePolicies, ListOptions.All, cancel)).Items;
        var nodes = (await client.ListAsync(ClusterResources.Nodes, ListOptions.All, cancel)).Items.Where(n => policy.Spec.NodeSelector.Matches(n.Metadata.Labels)).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        var systems = (await client.ListAsync(ClusterResources.NodeOSes, ListOptions.All, cancel)).Items.Where(s => nodes.Contains(s.Metadata.Name)).ToArray();
        return new()
        {
            Policy = policy,
            Image = image,
            Systems = systems,
            Others = [.. policies.Where(p => p.Metadata.Name != name && p.Metadata.DeletionTimestamp is null && p.Spec.ImageRef.Name == image.Metadata.Name).Select(p => p.Metadata.Name)],
        };
    }
}
