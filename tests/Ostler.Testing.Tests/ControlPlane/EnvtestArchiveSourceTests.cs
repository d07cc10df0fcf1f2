using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class EnvtestArchiveSourceTests : IDisposable
{
    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("ostler-envtest-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ClusterRequest ApiServerOnly => new(
        new() { Components = ControlPlaneComponents.ApiServer, Progress = _ => { } },
        name => name == "XDG_CACHE_HOME" ? _cache.FullName : null);

    [Fact]
    public async Task A_verified_archive_is_unpacked_into_the_cache_and_downloaded_once()
    {
        var archive = Archive();
        var site = new Site(Index(archive), archive);
        var source = new EnvtestArchiveSource(() => site);

        var first = await source.OfferAsync(ApiServerOnly, allowPreparation: true, Token);
        var second = await source.OfferAsync(ApiServerOnly, allowPreparation: true, Token);

        Assert.Null(first.WhyNot);
        Assert.Contains("1.36.2", first.Description, StringComparison.Ordinal);
        Assert.Null(second.WhyNot);
        Assert.Equal(1, site.Downloads);
        Assert.Equal(["etcd", "kube-apiserver", "kubectl"], Unpacked().Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task An_archive_with_another_checksum_is_refused_and_nothing_stays()
    {
        var source = new EnvtestArchiveSource(() => new Site(Index(Encoding.ASCII.GetBytes("another archive")), Archive()));

        var answer = await source.OfferAsync(ApiServerOnly, allowPreparation: true, Token);

        Assert.Contains("SHA-512", answer.WhyNot, StringComparison.Ordinal);
        Assert.Empty(Unpacked());
    }

    [Fact]
    public async Task An_index_without_the_version_is_a_reason_and_not_a_crash()
    {
        var source = new EnvtestArchiveSource(() => new Site("releases:\n  v1.28.0: {}\n", []));

        var answer = await source.OfferAsync(ApiServerOnly, allowPreparation: true, Token);

        Assert.Contains("the index has no envtest-v1.36.2", answer.WhyNot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_network_the_next_source_is_asked()
    {
        var source = new EnvtestArchiveSource(() => new Site(null, []));

        var answer = await source.OfferAsync(ApiServerOnly, allowPreparation: true, Token);

        Assert.Contains("download failed", answer.WhyNot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_downloaded_when_controllers_are_needed_because_the_archive_has_none()
    {
        var site = new Site(null, []);
        var request = ApiServerOnly with { Options = new() { Progress = _ => { } } };

        var answer = await new EnvtestArchiveSource(() => site).OfferAsync(request, allowPreparation: true, Token);

        Assert.Contains("no kube-controller-manager", answer.WhyNot, StringComparison.Ordinal);
        Assert.Equal(0, site.Requests);
    }

    public void Dispose() => _cache.Delete(recursive: true);

    private IEnumerable<string> Unpacked() => Directory.EnumerateFiles(_cache.FullName, "*", SearchOption.AllDirectories);

    private static string FileName => $"envtest-v1.36.2-linux-{(RuntimeInformation.OSArchitecture == Architecture.X64 ? "amd64" : "arm64")}.tar.gz";

    /// <summary>The form of the published index: a version, a file, its hash and its address.</summary>
    private static string Index(byte[] archive) => $"""
        releases:
          v1.36.2:
            {FileName}:
              hash: {Convert.ToHexStringLower(SHA512.HashData(archive))}
              selfLink: https://example.test/{FileName}
        """;

    private static byte[] Archive()
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(new GZipStream(bytes, CompressionMode.Compress)))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "controller-tools/envtest/"));
            foreach (var program in (string[])["kube-apiserver", "kubectl", "etcd"])
            {
                var script = Encoding.ASCII.GetBytes("#!/bin/sh\necho Kubernetes v1.36.2\n");
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "controller-tools/envtest/" + program) { DataStream = new MemoryStream(script) });
            }
        }

        return bytes.ToArray();
    }

    private sealed class Site(string? index, byte[] archive) : HttpMessageHandler
    {
        public int Requests { get; private set; }

        public int Downloads { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            if (index is null)
            {
                throw new HttpRequestException("no route to host");
            }

            if (request.RequestUri == EnvtestArchiveSource.Index)
            {
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(index) });
            }

            Downloads++;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(archive) });
        }
    }
}
