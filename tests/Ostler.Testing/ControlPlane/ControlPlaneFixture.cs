using Xunit;

namespace Ostler.Testing.ControlPlane;

/// <summary>One cluster for all tests of an assembly or of a collection. Tests share it, and so take a namespace
/// (<see cref="TestCluster.CreateNamespaceAsync"/>) and names (<see cref="TestCluster.UniqueName"/>) of their own.</summary>
/// <example><c>[assembly: AssemblyFixture(typeof(ControlPlaneFixture))]</c></example>
/// <remarks>Without any source of a cluster the tests fail. They do not skip: a run in which nothing was tested would look green.</remarks>
public class ControlPlaneFixture : IAsyncLifetime
{
    private TestCluster? cluster;

    public TestCluster Cluster => cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    /// <summary>What the cluster is started with; a derived fixture may ask for less or for other timings.</summary>
    protected virtual TestClusterOptions Options => new();

    public virtual async ValueTask InitializeAsync() =>
        cluster = await TestCluster.StartAsync(Options, TestContext.Current.CancellationToken).ConfigureAwait(false);

    public virtual async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
        }

        GC.SuppressFinalize(this);
    }
}
