using System.Text.Json.Nodes;
using Ostler.Testing.Hosts;

namespace Ostler.Testing.Registries;

/// <summary>Images as people make them: by umoci, with a file, an architecture and labels; pushed by skopeo.</summary>
public sealed class ImageTools(DirectoryInfo folder, RegistryServer server, bool password)
{
    private int _made;

    /// <summary>Makes a bootable image for one platform and pushes it.</summary>
    /// <returns>The digest of its manifest.</returns>
    public async Task<string> PushAsync(string repository, string tag, string version, string architecture = "amd64", CancellationToken cancellationToken = default)
    {
        var layout = Path.Combine(folder.FullName, $"{Interlocked.Increment(ref _made)}");
        var release = Path.Combine(folder.FullName, "os-release");
        await File.WriteAllTextAsync(release, $"ID=edge\nVERSION_ID={version}\n", cancellationToken).ConfigureAwait(false);
        await RunAsync(cancellationToken, "umoci", "init", "--layout", layout).ConfigureAwait(false);
        await RunAsync(cancellationToken, "umoci", "new", "--image", $"{layout}:image").ConfigureAwait(false);
        await RunAsync(
            cancellationToken, "umoci", "config", "--image", $"{layout}:image", "--os", "linux", "--architecture", architecture, "--config.label",
            $"org.opencontainers.image.version={version}", "--config.label", "containers.bootc=1").ConfigureAwait(false);
        await RunAsync(cancellationToken, "umoci", "insert", "--rootless", "--image", $"{layout}:image", release, "/usr/lib/os-release").ConfigureAwait(false);
        string[] login = password ? ["--dest-creds", $"{RegistryServer.User}:{RegistryServer.Password}"] : [];
        await RunAsync(
            cancellationToken,
            ["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", .. login, $"oci:{layout}:image", $"docker://{server.Host}/{repository}:{tag}"])
            .ConfigureAwait(false);
        return await server.Content.DigestOfAsync(repository, tag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// What skopeo, on behalf of a host of that architecture, takes the image to be: the digest of the manifest that it would pull.
    /// </summary>
    public async Task<string> DigestForAsync(string repository, string tag, string architecture, CancellationToken cancellationToken)
    {
        string[] login = password ? ["--creds", $"{RegistryServer.User}:{RegistryServer.Password}"] : [];
        var copy = Path.Combine(folder.FullName, $"{Interlocked.Increment(ref _made)}");
        await RunAsync(
            cancellationToken,
            ["skopeo", "copy", "--quiet", "--insecure-policy", "--override-os", "linux", "--override-arch", architecture, "--src-tls-verify=false", .. login.Select(l => l == "--creds" ? "--src-creds" : l), $"docker://{server.Host}/{repository}:{tag}", $"oci:{copy}:image"])
            .ConfigureAwait(false);
        var index = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(copy, "index.json"), cancellationToken).ConfigureAwait(false))!;
        return (string)index["manifests"]![0]!["digest"]!;
    }

    private static async Task RunAsync(CancellationToken cancellationToken, params string[] argv) => (await HostCommand.RunAsync(argv, cancellationToken).ConfigureAwait(false)).EnsureSuccess();
}
