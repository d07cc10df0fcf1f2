using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class DebianBuildSourceTests : IDisposable
{
    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("ostler-builds-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_several_builds_the_oldest_version_is_taken()
    {
        Build("1.32.3");
        Build("1.20.2");
        Build(".build-x7Gh2k");

        Assert.EndsWith("Kubernetes 1.20.2", (await OfferAsync()).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_that_lacks_a_program_is_passed_over()
    {
        Build("1.20.2", "kube-apiserver", "etcd");
        Build("1.32.3");

        Assert.EndsWith("Kubernetes 1.32.3", (await OfferAsync()).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_can_be_asked_for()
    {
        Build("1.20.2");
        Build("1.32.3");

        Assert.EndsWith("Kubernetes 1.32.3", (await OfferAsync("1.32.3")).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_built_as_long_as_other_sources_may_have_something()
    {
        var answer = await OfferAsync();

        Assert.Contains("nothing built", answer.WhyNot, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_cache.FullName));
    }

    [Fact]
    public void Before_a_build_the_user_reads_how_to_avoid_it()
    {
        var text = string.Join('\n', DebianBuildSource.Announcement(_cache.FullName));

        Assert.Contains("about 10 minutes", text, StringComparison.Ordinal);
        Assert.All((string[])["KUBEBUILDER_ASSETS", "envtest", "kind", "OSTLER_TEST_KUBECONFIG"], way => Assert.Contains(way, text, StringComparison.Ordinal));
    }

    public void Dispose() => _cache.Delete(recursive: true);

    private Task<SourceAnswer> OfferAsync(string? version = null)
    {
        var request = new ClusterRequest(new() { Progress = _ => { } }, name => name switch
        {
            "XDG_CACHE_HOME" => _cache.FullName,
            DebianBuildSource.VersionVariable => version,
            _ => null,
        });
        return new DebianBuildSource().OfferAsync(request, allowPreparation: false, Token);
    }

    private void Build(string version, params string[] programs)
    {
        var folder = Path.Combine(_cache.FullName, "ostler", "kubernetes", version);
        Directory.CreateDirectory(folder);
        foreach (var program in programs is [] ? ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"] : programs)
        {
            var path = Path.Combine(folder, program);
            File.WriteAllText(path, $"#!/bin/sh\necho Kubernetes v{version}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
