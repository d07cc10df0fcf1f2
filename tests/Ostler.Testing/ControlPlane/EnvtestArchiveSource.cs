using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using YamlDotNet.RepresentationModel;

namespace Ostler.Testing.ControlPlane;

/// <summary>The archive that the controller-tools project publishes for envtest: etcd, kube-apiserver and kubectl.</summary>
/// <remarks>It holds neither controller manager nor scheduler. So it serves tests of the API alone (schemas, admission, RBAC,
/// patches), and refuses the others: without the two, no pod is ever scheduled and no node ever becomes NotReady.</remarks>
internal sealed class EnvtestArchiveSource(Func<HttpMessageHandler>? handler = null) : IClusterSource
{
    /// <summary>The newest that Ostler supports, so that a machine with a network tests the ceiling.</summary>
    public static readonly KubernetesVersion Version = new(1, 36, 2);

    /// <summary>Lists every archive with its address and SHA-512.</summary>
    public static readonly Uri Index = new("https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml");

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);
    private static readonly string[] Programs = ["etcd", "kube-apiserver", "kubectl"];

    public string Name => "envtest archive";

    private static string Platform => "linux-" + RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Ppc64le => "ppc64le",
        var other => other.ToString().ToLowerInvariant(),
    };

    public async Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken)
    {
        if (request.Options.Components != ControlPlaneComponents.ApiServer)
        {
            return SourceAnswer.No("it has no kube-controller-manager and no kube-scheduler, and these are asked for");
        }

        if (!OperatingSystem.IsLinux())
        {
            return SourceAnswer.No("only the archives for Linux are used");
        }

        // Apart from the builds, whose folder is searched for complete control planes.
        var folder = Path.Combine(Path.GetDirectoryName(request.CacheFolder)!, "envtest", Version.ToString());
        if (!Directory.Exists(folder) && allowPreparation)
        {
            try
            {
                request.Options.Progress($"downloading the envtest archive of Kubernetes {Version}");
                await DownloadAsync(folder, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return SourceAnswer.No($"download failed: {e.Message}");
            }
        }

        if (!Directory.Exists(folder))
        {
            return SourceAnswer.No($"not in {folder}");
        }

        var (binaries, missing) = await ControlPlaneBinaries.FindAsync(folder, request.Options, cancellationToken).ConfigureAwait(false);
        return binaries is null ? SourceAnswer.No(missing) : SourceAnswer.Local($"envtest archive in {folder}", binaries, request.Options);
    }

    private async Task DownloadAsync(string folder, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(handler?.Invoke() ?? new SocketsHttpHandler { ConnectTimeout = ConnectTimeout })
        {
            Timeout = TimeSpan.FromMinutes(10),
        };
        var (address, sha512) = Find(await http.GetStringAsync(Index, cancellationToken).ConfigureAwait(false));
        var archive = await http.GetByteArrayAsync(address, cancellationToken).ConfigureAwait(false);
        var actual = Convert.ToHexStringLower(SHA512.HashData(archive));
        if (!actual.Equals(sha512, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException($"{address} has SHA-512 {actual}, and the index says {sha512}");
        }

        // Unpacked beside its place and renamed: the folder is complete or not there.
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        var staged = $"{folder}.{ProcessIdentity.Current}";
        Directory.CreateDirectory(staged);
        try
        {
            await UnpackAsync(archive, staged, cancellationToken).ConfigureAwait(false);
            Directory.Move(staged, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process was faster, with the same content.
        }
        finally
        {
            if (Directory.Exists(staged))
            {
                Directory.Delete(staged, recursive: true);
            }
        }
    }

    /// <summary>The entry <c>releases: {v1.36.2: {envtest-v1.36.2-linux-amd64.tar.gz: {hash, selfLink}}}</c>.</summary>
    private static (Uri Address, string Sha512) Find(string index)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(index));
        var name = $"envtest-v{Version}-{Platform}.tar.gz";
        YamlNode node = yaml.Documents[0].RootNode;
        foreach (var key in (string[])["releases", $"v{Version}", name])
        {
            node = node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out var child)
                ? child
                : throw new InvalidDataException($"the index has no {name} (looked for \"{key}\")");
        }

        return (new(node["selfLink"].ToString()), node["hash"].ToString());
    }

    /// <summary>The archive holds <c>controller-tools/envtest/&lt;program&gt;</c>; only the names count.</summary>
    private static async Task UnpackAsync(byte[] archive, string folder, CancellationToken cancellationToken)
    {
        using var gzip = new GZipStream(new MemoryStream(archive), CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken).ConfigureAwait(false) is { } entry)
        {
            var name = Path.GetFileName(entry.Name);
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && Programs.Contains(name))
            {
                var path = Path.Combine(folder, name);
                await entry.ExtractToFileAsync(path, overwrite: true, cancellationToken).ConfigureAwait(false);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
                }
            }
        }
    }
}
