using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Ostler.FakeHostTools.Tools;

/// <summary>
/// Fetches a container image: its manifest from the registry, over real HTTP and checked against its digest; what real layers would hold,
/// from the OSTree repository that the image's annotation points into. As the real importer does, it makes a commit of its own that notes
/// which manifest it came from.
/// </summary>
internal static class ImagePull
{
    /// <summary>The commit that a test's registry says the image's layers hold.</summary>
    private const string CommitAnnotation = "dev.ostler.lab.commit";

    /// <summary>The host's own remote stands for the registry's blobs, so that faults of one host's downloads hit these, too.</summary>
    private const string Remote = "lab";

    /// <param name="image"><c>HOST/NAME@sha256:…</c> or <c>HOST/NAME:TAG</c>.</param>
    /// <param name="mustBeSigned">By the host's policy, which then must not accept anything.</param>
    /// <returns>The commit to deploy, and the digest that it was made of.</returns>
    public static (string Commit, string Digest, string? Version) Pull(string image, bool mustBeSigned)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var rest = image[(slash + 1)..];
        var at = rest.IndexOf('@', StringComparison.Ordinal) is >= 0 and var sign ? sign : rest.LastIndexOf(':');
        var (name, reference) = at < 0 ? (rest, "latest") : (rest[..at], rest[(at + 1)..]);
        var manifest = Fetch(image[..slash], name, reference);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(manifest));
        if (reference.StartsWith("sha256:", StringComparison.Ordinal) && reference != digest)
        {
            throw new ToolException($"Creating importer: failed to invoke method OpenImage: manifest of {image} does not match provided manifest digest {reference}");
        }

        ContainersPolicy.Check(image[..slash], name, digest, mustBeSigned, path => FetchIfThere(image[..slash], name, path));
        var annotations = JsonNode.Parse(manifest)!["annotations"]!;
        var layers = (string)annotations[CommitAnnotation]!;
        var version = (string?)annotations["org.opencontainers.image.version"];
        Console.WriteLine("layers already present: 0; layers needed: 1 (1.0 MB)");
        Ostree.Run("Importing: Unencapsulating base: Layer " + digest, Ostree.Repository, "pull", Remote, layers);
        return (Merge(layers, digest, version), digest, version);
    }

    private static byte[] Fetch(string host, string name, string reference)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}/v2/{name}/manifests/{reference}");
        request.Headers.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
        try
        {
            using var response = client.Send(request);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => response.Content.ReadAsByteArrayAsync().Result,
                HttpStatusCode.NotFound => throw new ToolException($"Creating importer: failed to invoke method OpenImage: reading manifest {reference} in {host}/{name}: manifest unknown"),
                var status => throw new ToolException($"Creating importer: failed to invoke method OpenImage: reading manifest {reference} in {host}/{name}: received unexpected HTTP status: {(int)status}"),
            };
        }
        catch (HttpRequestException failure)
        {
            throw new ToolException($"Creating importer: failed to invoke method OpenImage: pinging container registry {host}: Get \"http://{host}/v2/\": dial tcp: {failure.Message}");
        }
    }

    private static byte[]? FetchIfThere(string host, string name, string path)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}/v2/{name}/{path}");
        using var response = client.Send(request);
        return response.StatusCode == HttpStatusCode.OK ? response.Content.ReadAsByteArrayAsync().Result : null;
    }

    /// <summary>The same image gives the same commit, on every host and each time.</summary>
    private static string Merge(string layers, string digest, string? version)
    {
        string[] metadata = version is null ? [] : ["--add-metadata-string=version=" + version];
        return Ostree.Run(
            "Importing",
            [
                Ostree.Repository, "commit", "--branch=ostree/container/image/" + digest.Replace(':', '_'), "--tree=ref=" + layers, "--parent=none",
                "--subject=" + digest, "--timestamp=@1767225600", "--add-metadata-string=ostree.manifest-digest=" + digest, .. metadata,
            ]).Trim();
    }
}
