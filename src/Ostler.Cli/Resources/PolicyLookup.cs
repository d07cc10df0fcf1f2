using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Resources;

/// <summary>Reads what a command line names.</summary>
internal static class PolicyLookup
{
    private const int MostNames = 10;

    public static async Task<UpgradePolicy> PolicyAsync(ApiClient client, string name, CancellationToken cancellationToken) =>
        await client.GetAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(name), cancellationToken) ?? throw await NotFoundAsync(client, name, cancellationToken);

    public static async Task<OSImage> ImageAsync(ApiClient client, string name, CancellationToken cancellationToken)
    {
        if (await client.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(name), cancellationToken) is { } image)
        {
            return image;
        }

        var names = (await client.ListAsync(OstlerResources.OSImages, ListOptions.All, cancellationToken)).Items.Select(i => i.Metadata.Name);
        throw new CommandException(Missing("OSImage", name, names));
    }

    /// <summary>That there is no such policy, and which there are.</summary>
    public static async Task<CommandException> NotFoundAsync(ApiClient client, string name, CancellationToken cancellationToken)
    {
        // Of a cluster without the CRDs this says so instead.
        var names = (await client.ListAsync(OstlerResources.UpgradePolicies, ListOptions.All, cancellationToken)).Items.Select(p => p.Metadata.Name);
        return new(Missing("UpgradePolicy", name, names));
    }

    internal static string Missing(string kind, string name, IEnumerable<string> others)
    {
        var names = others.Order(StringComparer.Ordinal).ToArray();
        return names.Length == 0
            ? $"{kind} {name} does not exist, and there is no other. Create one first (config/samples has examples)."
            : $"{kind} {name} does not exist. Existing: {MessageText.List(names, MostNames)}.";
    }
}
