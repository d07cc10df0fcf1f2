using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.Cli.Tests.Cluster;

/// <summary>A real API server with our CRDs, and no controller: what stands in status is written by the tests.</summary>
public sealed class CliCluster : ControlPlaneFixture
{
    // A controller manager would call nodes that send no heartbeat NotReady.
    protected override TestClusterOptions Options => new() { Components = ControlPlaneComponents.ApiServer };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.InstallCustomResourcesAsync(Path.Combine(Repository.Root, "config", "crd"), TestContext.Current.CancellationToken);
    }
}
