using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class ClusterSourcesTests
{
    private static readonly ClusterRequest Anything = new(new() { Progress = _ => { } }, _ => null);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_source_that_has_a_cluster_is_taken()
    {
        var answer = await ClusterSources.FindAsync([new Source("a"), new Source("b", ready: true), new Source("c", ready: true)], Anything, Token);

        Assert.Equal("b", answer.Description);
    }

    [Fact]
    public async Task What_is_on_the_machine_comes_before_what_must_be_downloaded()
    {
        var download = new Source("download", afterPreparation: true);

        var answer = await ClusterSources.FindAsync([download, new Source("built", ready: true)], Anything, Token);

        Assert.Equal("built", answer.Description);
        Assert.False(download.Prepared);
    }

    [Fact]
    public async Task Something_is_prepared_when_nothing_is_there()
    {
        var answer = await ClusterSources.FindAsync([new Source("a"), new Source("download", afterPreparation: true), new Source("build", afterPreparation: true)], Anything, Token);

        Assert.Equal("download", answer.Description);
    }

    [Fact]
    public async Task Without_any_cluster_the_error_holds_the_reason_of_every_source_and_what_to_do()
    {
        var error = await Assert.ThrowsAsync<ClusterStartException>(() => ClusterSources.FindAsync([new Source("a"), new Source("b")], Anything, Token));

        Assert.Contains("a: a has none", error.Message, StringComparison.Ordinal);
        Assert.Contains("b: b has none", error.Message, StringComparison.Ordinal);
        Assert.Contains("KUBEBUILDER_ASSETS", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_is_the_documented_one() => Assert.Equal(
        ["OSTLER_TEST_KUBECONFIG", "KUBEBUILDER_ASSETS", "k3s in Docker", "envtest archive", "Debian source package"],
        ClusterSources.InOrder.Select(s => s.Name));

    [Fact]
    public async Task A_named_kubeconfig_that_does_not_exist_is_an_error_and_not_another_cluster()
    {
        var request = Anything with { Environment = name => name == ExistingClusterSource.Variable ? "/nowhere/config" : null };

        var error = await Assert.ThrowsAsync<ClusterStartException>(() => new ExistingClusterSource().OfferAsync(request, false, Token));

        Assert.Contains("/nowhere/config", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_assets_folder_without_a_controller_manager_is_passed_over_when_one_is_needed()
    {
        var folder = Directory.CreateTempSubdirectory("ostler-assets-");
        try
        {
            foreach (var program in (string[])["etcd", "kube-apiserver"])
            {
                WriteScript(Path.Combine(folder.FullName, program), "echo Kubernetes v1.36.2");
            }

            var request = Anything with { Environment = name => name == AssetsFolderSource.Variable ? folder.FullName : null };
            var complete = await new AssetsFolderSource().OfferAsync(request, false, Token);
            var alone = await new AssetsFolderSource().OfferAsync(
                request with { Options = request.Options with { Components = ControlPlaneComponents.ApiServer } }, false, Token);

            Assert.Contains("lacks kube-controller-manager, kube-scheduler", complete.WhyNot, StringComparison.Ordinal);
            Assert.Null(alone.WhyNot);
            Assert.Contains("Kubernetes 1.36.2", alone.Description, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_Docker_host_where_nobody_listens_is_noticed_at_once()
    {
        var request = Anything with { Environment = name => name == "DOCKER_HOST" ? "unix:///nowhere/docker.sock" : null };

        var answer = await new K3sSource().OfferAsync(request, false, Token);

        Assert.Contains("no Docker engine answers", answer.WhyNot, StringComparison.Ordinal);
    }

    private static void WriteScript(string path, string line)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{line}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private sealed class Source(string name, bool ready = false, bool afterPreparation = false) : IClusterSource
    {
        public string Name => name;

        public bool Prepared { get; private set; }

        public Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken)
        {
            Prepared |= allowPreparation;
            return Task.FromResult(ready || (afterPreparation && allowPreparation)
                ? SourceAnswer.Cluster(name, (_, _) => throw new NotSupportedException("Not to be started."))
                : SourceAnswer.No($"{name} has none"));
        }
    }
}
