using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Fleet;

/// <summary>Installs Ostler as a user would, from the repository's <c>config</c> folder, but without its pods.</summary>
public static class Installation
{
    /// <summary>Where the service accounts are.</summary>
    public const string Namespace = "ostler-system";

    /// <summary>The CRDs, the namespace and the roles.</summary>
    public static async Task ApplyAsync(TestCluster cluster, ApiClient api, string config, CancellationToken cancellationToken)
    {
        await cluster.InstallCustomResourcesAsync(Path.Combine(config, "crd"), cancellationToken);
        foreach (var folder in (string[])["namespace", "rbac"])
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(config, folder), "*.yaml").Order(StringComparer.Ordinal))
            {
                await Manifests.ApplyFileAsync(api, file, cancellationToken);
            }
        }
    }
}
