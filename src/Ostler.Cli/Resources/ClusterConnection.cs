using Ostler.Cli.Hosting;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;

namespace Ostler.Cli.Resources;

/// <summary>Finds the cluster as kubectl does.</summary>
internal static class ClusterConnection
{
    /// <summary>Who the edits are from, in managedFields.</summary>
    private const string FieldManager = "kubectl-ostler";

    /// <param name="kubeconfig">Default: KUBECONFIG, then ~/.kube/config, then the service account of the pod.</param>
    /// <param name="context">Default: the current one.</param>
    public static ApiClient Open(string? kubeconfig, string? context)
    {
        var options = new ApiClientOptions { FieldManager = FieldManager };
        if (kubeconfig is not null && !File.Exists(kubeconfig))
        {
            throw new CommandException($"The kubeconfig {kubeconfig} does not exist. Use --kubeconfig to name another.");
        }

        var named = kubeconfig is not null || context is not null || Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } || File.Exists(DefaultPath());
        if (!named && !InClusterClient.IsAvailable())
        {
            throw new CommandException($"No kubeconfig found. Set KUBECONFIG, create ~/.kube/config, or use --kubeconfig.");
        }

        try
        {
            return named ? KubeconfigClient.Create(kubeconfig, context, options, FieldManager) : KubeconfigClient.CreateDefault(options, FieldManager);
        }
        catch (Exception e)
        {
            // Of the library that reads it: no such context, no credentials, no YAML, no certificate.
            throw new CommandException($"The kubeconfig cannot be used: {e.Message.TrimEnd('.', ' ')}. Correct it, or name another with --kubeconfig or --context.");
        }
    }

    private static string DefaultPath() => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
}
