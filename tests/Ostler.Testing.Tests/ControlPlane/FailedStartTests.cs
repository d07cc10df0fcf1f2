using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class FailedStartTests(ControlPlaneFixture fixture)
{
    [Fact]
    public async Task A_component_that_does_not_start_is_named_with_the_end_of_its_log_which_is_kept()
    {
        Assert.SkipUnless(fixture.Cluster.Capabilities.CanRestartApiServer, "the components are not ours");
        var options = new TestClusterOptions { Components = ControlPlaneComponents.ApiServer, ApiServerArguments = ["--no-such-flag"] };

        var error = await Assert.ThrowsAsync<ClusterStartException>(() => TestCluster.StartAsync(options, TestContext.Current.CancellationToken));

        Assert.StartsWith("kube-apiserver ended while starting", error.Message, StringComparison.Ordinal);
        Assert.Contains("unknown flag: --no-such-flag", error.Message, StringComparison.Ordinal);
        var kept = Directory.EnumerateDirectories(RunFolder.Root).Single(folder => error.Message.Contains($"kept in {folder}.", StringComparison.Ordinal));
        Assert.Contains("unknown flag", await File.ReadAllTextAsync(Path.Combine(kept, "kube-apiserver.log"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(kept, "pki")));
        Directory.Delete(kept, recursive: true);
    }
}
