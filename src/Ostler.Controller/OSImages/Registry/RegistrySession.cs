using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostler.Api.Meta;
using Ostler.Api.Shared;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Content whose digest was computed from the very bytes.</summary>
internal sealed record RegistryContent(string Digest, byte[] Body, string? ContentType);

/// <summary>
/// Reads one repository of one registry, for one try to resolve an image. Whether and how the registry wants to be convinced is told by its
/// first 401; the token is kept for the rest of the session.
/// </summary>
internal sealed class RegistrySession(
    RegistryEndpoint endpoint, RegistryCredential? credential, string credentialHint, RegistryExchange exchange, RegistryOptions options)
{
    private AuthenticationHeaderValue? _authorization;

    public RegistryEndpoint Endpoint => endpoint;

    /// <summary>The digest that a tag points at, without its content; null when the registry does not say.</summary>
    /// <exception cref="RegistryException">There is no such tag, or no answer.</exception>
    public async Task<string?> HeadAsync(string pointer, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(HttpMethod.Head, endpoint.Manifest(pointer), OciManifest.MediaTypes, 0, cancellationToken);
        return answer.Headers.Digest is { } digest && ImageName.IsDigest(digest) ? digest : null;
    }

    /// <summary>A manifest by tag or digest.</summary>
    /// <exception cref="RegistryException">There is none, it is too large, or not what was asked for.</exception>
    public Task<RegistryContent> ManifestAsync(string pointer, CancellationToken cancellationToken) =>
        ContentAsync(endpoint.Manifest(pointer), pointer, OciManifest.MediaTypes, options.MaxManifestBytes, cancellationToken);

    /// <summary>A blob by its digest.</summary>
    public Task<RegistryContent> BlobAsync(string digest, int maxBytes, CancellationToken cancellationToken) =>
        ContentAsync(endpoint.Blob(digest), digest, [], maxBytes, cancellationToken);

    /// <summary>One page of the list of what refers to a digest, and where the next one is; null: there is none.</summary>
    /// <exception cref="RegistryException">The registry has no such API, or did not answer.</exception>
    public async Task<(OciManifest Index, Uri? Next)> ReferrersAsync(Uri page, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(HttpMethod.Get, page, [OciManifest.OciIndex], options.MaxManifestBytes, cancellationToken);
        var body = answer.Body ?? throw new RegistryException(Reasons.ResolveFailed, RegistryErrorText.Larger(answer.Words, options.MaxManifestBytes));
        if (!OciManifest.TryRead(body, answer.Headers.ContentType, out var index, out var problem) || !index.IsIndex)
        {
            // A user interface that answers for every path, for one.
            var what = $"200 OK with {RegistryErrorText.Safe(answer.Headers.ContentType ?? "no media type")}, which is not a list of referrers";
            throw new RegistryException(Reasons.ResolveFailed, $"{answer.Words}: {problem ?? "it is not an index"}.") { Status = HttpStatusCode.OK, Answer = what };
        }

        // The token is for this registry alone.
        return Uri.TryCreate(page, answer.Headers.Next, out var next) && next.GetLeftPart(UriPartial.Authority) == page.GetLeftPart(UriPartial.Authority)
            ? (index, next)
            : (index, null);
    }

    /// <exception cref="RegistryException">It is no manifest.</exception>
    public static OciManifest Read(RegistryContent content, Uri from) => OciManifest.TryRead(content.Body, content.ContentType, out var manifest, out var problem)
        ? manifest
        : throw new RegistryException(Reasons.ResolveFailed, $"{from}: {problem}.") { Status = HttpStatusCode.OK, Answer = "200 OK, but no manifest" };

    private async Task<RegistryContent> ContentAsync(Uri uri, string pointer, IReadOnlyList<string> accept, int maxBytes, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(HttpMethod.Get, uri, accept, maxBytes, cancellationToken);
        var body = answer.Body ?? throw new RegistryException(Reasons.ResolveFailed, RegistryErrorText.Larger(answer.Words, maxBytes));

        // Never the registry's word for it: this digest is what nodes are told to boot.
        var digest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(body))}";
        // Of a tag, the registry's digest only shows what was cut off on the way; one of another algorithm shows nothing.
        var expected = ImageName.IsDigest(pointer) ? pointer : ImageName.IsDigest(answer.Headers.Digest) ? answer.Headers.Digest : null;
        return expected is null || expected == digest
            ? new(digest, body, answer.Headers.ContentType)
            : throw new RegistryException(
                Reasons.ResolveFailed, $"{answer.Words}, but what was sent has the digest {digest} and not {RegistryErrorText.Safe(expected)}: it was truncated or changed in transit.");
    }

    private async Task<RegistryAnswer> AskAsync(HttpMethod method, Uri uri, IReadOnlyList<string> accept, int maxBytes, CancellationToken cancellationToken)
    {
        var answer = await exchange.SendAsync(() => Request(method, uri, accept), maxBytes, cancellationToken);
        if (answer.Code == HttpStatusCode.Unauthorized && await ConvinceAsync(answer, cancellationToken))
        {
            answer = await exchange.SendAsync(() => Request(method, uri, accept), maxBytes, cancellationToken);
        }

        return answer.Code switch
        {
            HttpStatusCode.Unauthorized => throw new RegistryException(Reasons.AuthenticationFailed, $"{answer.Words}: {credentialHint}")
            {
                Status = answer.Code,
                Answer = "401 Unauthorized",
            },
            HttpStatusCode.NotFound => throw new RegistryException(Reasons.RefNotFound, answer.Words) { Status = answer.Code, Answer = "404 Not Found" },
            _ => answer,
        };
    }

    private HttpRequestMessage Request(HttpMethod method, Uri uri, IReadOnlyList<string> accept)
    {
        var request = new HttpRequestMessage(method, uri);
        request.Headers.Authorization = _authorization;
        foreach (var type in accept)
        {
            request.Headers.Accept.Add(new(type));
        }

        return request;
    }

    /// <summary>Whether another try with what was found out may go better.</summary>
    private async Task<bool> ConvinceAsync(RegistryAnswer refused, CancellationToken cancellationToken)
    {
        var former = _authorization;
        if (refused.Headers.Challenges.FirstOrDefault(c => c.Is("Bearer")) is { Realm.Length: > 0 } bearer)
        {
            _authorization = new("Bearer", await TokenAsync(bearer, refused.Words, cancellationToken));
        }
        else if ((refused.Headers.Challenges.Count == 0 || refused.Headers.Challenges.Any(c => c.Is("Basic"))) && credential is { IdentityToken: null })
        {
            _authorization = Basic(credential);
        }

        return _authorization is not null && !_authorization.Equals(former);
    }

    /// <summary>
    /// A token as Docker's registries give it: for a name and a password, for a refresh token, or for nobody in particular.
    /// </summary>
    private async Task<string> TokenAsync(AuthChallenge challenge, string words, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(challenge.Realm, UriKind.Absolute, out var realm)
            || !(realm.Scheme == Uri.UriSchemeHttps || (realm.Scheme == Uri.UriSchemeHttp && endpoint.Base.Scheme == Uri.UriSchemeHttp)))
        {
            throw new RegistryException(Reasons.AuthenticationFailed, $"{words}: its token server is \"{RegistryErrorText.Safe(challenge.Realm!)}\", which is not https.");
        }

        var answer = await exchange.SendAsync(() => TokenRequest(realm, challenge), options.MaxTokenBytes, cancellationToken);
        if (answer.Code != HttpStatusCode.OK)
        {
            throw new RegistryException(Reasons.AuthenticationFailed, $"{answer.Words}: {credentialHint}");
        }

        try
        {
            var token = JsonSerializer.Deserialize(answer.Body ?? [], RegistryJson.Default.RegistryToken);
            // Either name may hold it, and some servers send the other one empty.
            string?[] texts = [token?.Token, token?.AccessToken];
            return texts.FirstOrDefault(t => !string.IsNullOrWhiteSpace(t)) is { } text && !text.Any(char.IsControl)
                ? text
                : throw new RegistryException(Reasons.AuthenticationFailed, $"{answer.Words}, but without a token.");
        }
        catch (JsonException)
        {
            throw new RegistryException(Reasons.AuthenticationFailed, $"{answer.Words}, but the answer is not a token in JSON.");
        }
    }

    private HttpRequestMessage TokenRequest(Uri realm, AuthChallenge challenge)
    {
        var fields = new List<KeyValuePair<string, string>> { new("scope", challenge.Scope is { Length: > 0 } scope ? scope : endpoint.Scope) };
        if (challenge.Service is { Length: > 0 } service)
        {
            fields.Add(new("service", service));
        }

        if (credential?.IdentityToken is { } refresh)
        {
            fields.AddRange([new("grant_type", "refresh_token"), new("refresh_token", refresh), new("client_id", "ostler")]);
            return new(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(fields) };
        }

        var query = string.Join('&', fields.Select(f => $"{f.Key}={Uri.EscapeDataString(f.Value)}"));
        var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = realm.Query is { Length: > 1 } own ? $"{own[1..]}&{query}" : query }.Uri);
        request.Headers.Authorization = credential is null ? null : Basic(credential);
        return request;
    }

    private static AuthenticationHeaderValue Basic(RegistryCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}")));
}
