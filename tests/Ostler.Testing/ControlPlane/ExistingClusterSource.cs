namespace Ostler.Testing.ControlPlane;

/// <summary>A cluster that somebody runs, named by <c>OSTLER_TEST_KUBECONFIG</c>; its current context is used.</summary>
/// <remarks>A variable of our own, never KUBECONFIG: tests drain nodes, and nobody shall find out from their production cluster.</remarks>
internal sealed class ExistingClusterSource : IClusterSource
{
    public const string Variable = "OSTLER_TEST_KUBECONFIG";

    public string Name => Variable;

    public Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken)
    {
        if (request.Environment(Variable) is not { Length: > 0 } path)
        {
            return Task.FromResult(SourceAnswer.No("not set"));
        }

        // Somebody named a cluster: to take another one because of a typing error would be a surprise.
        if (!File.Exists(path))
        {
            throw new ClusterStartException($"{Variable} names {path}, which does not exist.");
        }

        return Task.FromResult(SourceAnswer.Cluster(
            $"the existing cluster of {path}",
            async (_, token) => new ExistingCluster(await File.ReadAllTextAsync(path, token).ConfigureAwait(false)),
            isShared: true,
            components: ControlPlaneComponents.All));
    }

    private sealed class ExistingCluster(string kubeconfig) : IRunningCluster
    {
        public string AdminKubeconfig => kubeconfig;

        public bool CanRestartApiServer => false;

        public CertificateAuthority? Authority => null;

        public Task StopApiServerAsync(bool graceful, CancellationToken cancellationToken) => throw new NotSupportedException(
            "The API server of an existing cluster is not ours to stop; check Capabilities.CanRestartApiServer first.");

        public Task StartApiServerAsync(CancellationToken cancellationToken) => StopApiServerAsync(false, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
