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
        return new()
        {
            Policy = policy,
            Image = image,
            Systems = await NodeLookup.OfAsync(client, policy, cancel),
            Others = [.. policies.Where(p => p.Metadata.Name != name && p.Metadata.DeletionTimestamp is null && p.Spec.ImageRef.Name == image.Metadata.Name).Select(p => p.Metadata.Name)],
        };
    }
}
