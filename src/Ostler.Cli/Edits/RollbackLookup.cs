using Ostler.Cli.Resources;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Edits;

/// <summary>Reads what rollback looks at.</summary>
internal static class RollbackLookup
{
    public static async Task<RollbackFacts> ReadAsync(ApiClient client, string name, CancellationToken cancellationToken)
    {
        var policy = await PolicyLookup.PolicyAsync(client, name, cancellationToken);
        var image = await PolicyLookup.ImageAsync(client, policy.Spec.ImageRef.Name, cancellationToken);
        var policies = (await client.ListAsync(OstlerResources.UpgradePolicies, ListOptions.All, cancellationToken)).Items;
        return new()
        {
            Policy = policy,
            Image = image,
            Systems = await NodeLookup.OfAsync(client, policy, cancellationToken),
            Others = [.. policies.Where(p => p.Metadata.Name != name && p.Metadata.DeletionTimestamp is null && p.Spec.ImageRef.Name == image.Metadata.Name).Select(p => p.Metadata.Name)],
        };
    }
}
