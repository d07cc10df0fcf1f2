using System.Text;

namespace Ostler.Testing.ControlPlane;

/// <summary>Asks the sources in order; what is on the machine already comes before what must be fetched or built.</summary>
internal static class ClusterSources
{
    public static IReadOnlyList<IClusterSource> InOrder { get; } =
    [
        new ExistingClusterSource(),
        new AssetsFolderSource(),
        new K3sSource(),
        new EnvtestArchiveSource(),
        new DebianBuildSource(),
    ];

    /// <exception cref="ClusterStartException">No source has what is asked for; the message holds the reason of each.</exception>
    public static async Task<SourceAnswer> FindAsync(
        IReadOnlyList<IClusterSource> sources, ClusterRequest request, CancellationToken cancellationToken)
    {
        var reasons = new StringBuilder();
        foreach (var allowPreparation in (bool[])[false, true])
        {
            reasons.Clear();
            foreach (var source in sources)
            {
                var answer = await source.OfferAsync(request, allowPreparation, cancellationToken).ConfigureAwait(false);
                if (answer.WhyNot is null)
                {
                    return answer;
                }

                reasons.Append("\n  - ").Append(source.Name).Append(": ").Append(answer.WhyNot);
            }
        }

        throw new ClusterStartException(
            $"No Kubernetes cluster for the tests (needed besides the API server: {request.Options.Components}). Tried in this order:{reasons}\n"
            + $"Set {AssetsFolderSource.Variable} to a directory with kube-apiserver, etcd, kube-controller-manager and kube-scheduler, "
            + $"or {ExistingClusterSource.Variable} to the kubeconfig of a cluster that tests may use.");
    }
}
