using Ostler.Testing.ControlPlane;
using k8s;
using k8s.Models;

namespace Ostler.Testing.Tests.ControlPlane;

/// <summary>With a cluster of its own: the shared one must not go away under other tests.</summary>
public sealed class ApiServerRestartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restarted_API_server_has_the_same_address_and_the_same_data(bool graceful)
    {
        await using var cluster = await TestCluster.StartAsync(new() { Components = ControlPlaneComponents.ApiServer }, Token);
        Assert.SkipUnless(cluster.Capabilities.CanRestartApiServer, cluster.Description);
        await using var ns = await cluster.CreateNamespaceAsync(cancellationToken: Token);
        var written = await cluster.Admin.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new() { Name = "kept" } }, ns.Name, cancellationToken: Token);
        var address = cluster.Server;

        await cluster.StopApiServerAsync(graceful, Token);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => cluster.Admin.CoreV1.ReadNamespacedConfigMapAsync("kept", ns.Name, cancellationToken: Token));
        await cluster.StartApiServerAsync(Token);
        var read = await cluster.Admin.CoreV1.ReadNamespacedConfigMapAsync("kept", ns.Name, cancellationToken: Token);

        Assert.Equal(address, cluster.Server);
        Assert.Equal(written.Metadata.Uid, read.Metadata.Uid);
        Assert.Equal(written.Metadata.ResourceVersion, read.Metadata.ResourceVersion);
    }
}
