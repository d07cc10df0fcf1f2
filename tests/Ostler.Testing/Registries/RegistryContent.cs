using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ostler.Testing.Registries;

/// <summary>Puts content into a registry by the distribution API, byte by byte as the test wants it.</summary>
public sealed class RegistryContent : IDisposable
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciImage = "application/vnd.oci.image.manifest.v1+json";

    private readonly HttpClient _http;

    public RegistryContent(Uri address, bool password)
    {
        _http = new() { BaseAddress = address };
        if (password)
        {
            _http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{RegistryServer.User}:{RegistryServer.Password}")));
        }
    }

    public static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    /// <summary>The digest that a tag points at.</summary>
    public async Task<string> DigestOfAsync(string repository, string tag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"v2/{repository}/manifests/{tag}");
        request.Headers.Accept.Add(new(OciImage));
        request.Headers.Accept.Add(new(OciIndex));
        using var answer = (await _http.SendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
        return answer.Headers.GetValues("Docker-Content-Digest").Single();
    }

    public async Task<string> PushBlobAsync(string repository, byte[] content, CancellationToken cancellationToken)
    {
        var digest = Digest(content);
        using var begun = (await _http.PostAsync(new Uri($"v2/{repository}/blobs/uploads/", UriKind.Relative), null, cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
        var location = begun.Headers.Location!.ToString();
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new("application/octet-stream");
        var to = $"{location}{(location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={digest}";
        using var done = (await _http.PutAsync(new Uri(to, UriKind.RelativeOrAbsolute), body, cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
        return digest;
    }

    public async Task<string> PushManifestAsync(string repository, string tag, string mediaType, JsonObject manifest, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        using var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var answer = await _http.PutAsync(new Uri($"v2/{repository}/manifests/{tag}", UriKind.Relative), body, cancellationToken).ConfigureAwait(false);
        return answer.IsSuccessStatusCode
            ? Digest(bytes)
            : throw new InvalidOperationException(await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Joins manifests that were pushed to one index.</summary>
    public async Task<string> PushIndexAsync(string repository, string tag, IReadOnlyDictionary<string, string> digestByArchitecture, CancellationToken cancellationToken)
    {
        var entries = new JsonArray();
        foreach (var (architecture, digest) in digestByArchitecture)
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, $"v2/{repository}/manifests/{digest}");
            request.Headers.Accept.Add(new(OciImage));
            using var answer = (await _http.SendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
            entries.Add(new JsonObject
            {
                ["mediaType"] = OciImage,
                ["digest"] = digest,
                ["size"] = answer.Content.Headers.ContentLength,
                ["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = architecture },
            });
        }

        return await PushManifestAsync(
            repository, tag, OciIndex, new() { ["schemaVersion"] = 2, ["mediaType"] = OciIndex, ["manifests"] = entries }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a manifest another tag as well.</summary>
    public async Task CopyManifestAsync(string repository, string from, string to, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v2/{repository}/manifests/{from}");
        request.Headers.Accept.Add(new(OciImage));
        request.Headers.Accept.Add(new(OciIndex));
        using var found = (await _http.SendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
        using var body = new ByteArrayContent(await found.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        body.Headers.ContentType = found.Content.Headers.ContentType;
        using var answer = (await _http.PutAsync(new Uri($"v2/{repository}/manifests/{to}", UriKind.Relative), body, cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
    }

    /// <summary>Deletes a manifest, and with it every tag that points at it.</summary>
    public async Task DeleteAsync(string repository, string digest, CancellationToken cancellationToken)
    {
        using var answer = (await _http.DeleteAsync(new Uri($"v2/{repository}/manifests/{digest}", UriKind.Relative), cancellationToken).ConfigureAwait(false)).EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();
}
