using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Validation;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>
/// A registry whose content is a dictionary and whose misbehaviour is the script of a test: what <see cref="Answer"/> handles goes no
/// further.
/// </summary>
internal sealed class ContainerRegistry : IAsyncDisposable
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciImage = "application/vnd.oci.image.manifest.v1+json";

    private readonly Dictionary<string, (string Type, byte[] Body)> _content = [];
    private LoopbackHttp _http = null!;

    public static RegistryOptions Fast { get; } = new()
    {
        Random = () => 0.5,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        AttemptTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>True: the request is answered.</summary>
    public Func<HttpContext, Task<bool>> Answer { get; set; } = _ => Task.FromResult(false);

    /// <summary>Everything that was asked, with who asked it: <c>GET /v2/… Bearer x</c>.</summary>
    public List<string> Asked { get; } = [];

    public string Url => _http.Url;

    /// <summary>As it stands before an image's name.</summary>
    public string Host => new Uri(Url).Authority;

    public static async Task<ContainerRegistry> StartAsync()
    {
        var registry = new ContainerRegistry();
        registry._http = await LoopbackHttp.StartAsync(registry.HandleAsync);
        return registry;
    }

    /// <summary>The resolver under test, with a client of the API server for Secrets.</summary>
    public static ContainerImages Images(ApiClient? client = null, RegistryOptions? options = null) =>
        new(client ?? Given.Nowhere, ContainerImages.CreateHttpClient(), new(), options ?? Fast);

    /// <summary>An API server whose Secrets are these, by name; a value null is forbidden.</summary>
    public static Ostler.Testing.Scripted.ScriptedServer Secrets(Dictionary<string, Dictionary<string, string>?> secrets) => Given.Server((request, response) =>
    {
        var name = request.Path.Split('/')[^1];
        if (!secrets.TryGetValue(name, out var data))
        {
            return response.StatusAsync(404, "NotFound");
        }

        return data is null
            ? response.StatusAsync(403, "Forbidden", $"secrets \"{name}\" is forbidden")
            : response.JsonAsync(System.Text.Json.JsonSerializer.Serialize(new
            {
                apiVersion = "v1",
                kind = "Secret",
                metadata = new { name, @namespace = "ostler-system", uid = "u", annotations = new Dictionary<string, string> { [Ostler.Rollout.Validation.SecretUse.Mark] = "pull, verification" } },
                data = data.ToDictionary(d => d.Key, d => Convert.ToBase64String(Encoding.UTF8.GetBytes(d.Value))),
            }));
    });

    public OSImage Image(string pointer = ":stable", Func<ContainerSource, ContainerSource>? change = null, OSImageStatus? status = null)
    {
        var source = new ContainerSource { Image = $"{Host}/acme/edge{pointer}", PlainHttp = true };
        return Given.Image(status: status) with { Spec = new() { Container = change is null ? source : change(source) } };
    }

    public Task<ResolveOutcome> ResolveAsync(string pointer = ":stable", Func<ContainerSource, ContainerSource>? change = null, RegistryOptions? options = null, ApiClient? client = null) =>
        Images(client, options).ResolveAsync(Image(pointer, change), Given.Cancel);

    public static string DigestOf(byte[] body) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(body))}";

    public string Put(string kind, string name, string type, byte[] body)
    {
        _content[$"/v2/acme/edge/{kind}/{name}"] = (type, body);
        _content[$"/v2/acme/edge/{kind}/{DigestOf(body)}"] = (type, body);
        return DigestOf(body);
    }

    public void Remove(string tag) => _content.Remove($"/v2/acme/edge/manifests/{tag}");

    public byte[] Body(string kind, string name) => _content[$"/v2/acme/edge/{kind}/{name}"].Body;

    public string PutManifest(string tag, string json, string type = OciImage) => Put("manifests", tag, type, Encoding.UTF8.GetBytes(json));

    /// <summary>An image for one platform, with a config.</summary>
    public string PutImage(string tag, string architecture = "amd64", string version = "42", string extra = "")
    {
        var config = Encoding.UTF8.GetBytes($$$$"""{"architecture":"{{{{architecture}}}}","os":"linux","config":{"Labels":{"org.opencontainers.image.version":"{{{{version}}}}","containers.bootc":"1"}}}""");
        var digest = Put("blobs", "config", "application/octet-stream", config);
        return PutManifest(
            tag,
            $$$"""{"schemaVersion":2,"mediaType":"{{{OciImage}}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{{digest}}}","size":{{{config.Length}}}},"layers":[]{{{extra}}}}""");
    }

    public async ValueTask DisposeAsync() => await _http.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        lock (Asked)
        {
            Asked.Add($"{request.Method} {request.Path} {request.Headers.Authorization}".Trim());
        }

        if (await Answer(context))
        {
            return;
        }

        if (!_content.TryGetValue(request.Path.Value!, out var found))
        {
            context.Response.StatusCode = (int)HttpStatusCode.NotFound;
            await context.Response.WriteAsync("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}""");
            return;
        }

        context.Response.ContentType = found.Type;
        context.Response.ContentLength = found.Body.Length;
        context.Response.Headers["Docker-Content-Digest"] = DigestOf(found.Body);
        if (request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(found.Body);
        }
    }
}
