using System.Text;
using Microsoft.AspNetCore.Http;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Registries;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>
/// Where registries keep signatures, and how those answer that lack a place: a signed image is found all the same, and an unsigned one is
/// called that.
/// </summary>
public sealed class SignaturePlacesTests : IAsyncLifetime
{
    private readonly CosignSigner _signer = new();
    private ContainerRegistry _registry = null!;
    private string _digest = null!;

    public async ValueTask InitializeAsync()
    {
        _registry = await ContainerRegistry.StartAsync();
        _digest = _registry.PutImage("stable");
    }

    public ValueTask DisposeAsync()
    {
        _signer.Dispose();
        return _registry.DisposeAsync();
    }

    /// <summary>
    /// What registries without the referrers API answer: Artifactory, Quay, Harbor 2.7, several, and one with a user interface.
    /// </summary>
    public static TheoryData<int, string, string> NoReferrersApi => new()
    {
        { 404, "", "404 Not Found" },
        { 406, "", "406 Not Acceptable" },
        { 400, """{"errors":[{"code":"MANIFEST_INVALID"}]}""", "400 Bad Request" },
        { 401, "", "401 Unauthorized" },
        { 403, "", "403 Forbidden" },
        { 405, "", "405 Method Not Allowed" },
        { 410, "", "410 Gone" },
        { 422, "", "422 Unprocessable Entity" },
        { 501, "", "501 Not Implemented" },
        { 200, "<html>registry</html>", "200 OK with text/html, which is not a list of referrers" },
        { 200, "", "200 OK with text/html, which is not a list of referrers" },
        { 200, "{}", "200 OK with text/html, which is not a list of referrers" },
    };

    [Theory]
    [MemberData(nameof(NoReferrersApi))]
    public async Task A_signature_under_the_stand_in_tag_is_found_whatever_the_referrers_API_answers(int status, string body, string answer)
    {
        _ = answer;
        AnswerFor("/referrers/", status, body);
        AttachBundle(SigstoreBundle.TagOf(_digest));

        var outcome = await ResolveAsync();

        Assert.Equal((_digest, SignatureFormats.Bundle), (outcome.Image?.Digest, outcome.Image?.SignatureFormat));
    }

    [Theory]
    [MemberData(nameof(NoReferrersApi))]
    public async Task An_unsigned_image_is_called_unsigned_with_what_each_place_answered(int status, string body, string answer)
    {
        AnswerFor("/referrers/", status, body);

        var outcome = await ResolveAsync();

        Assert.Equal((null, Reasons.NotSigned), (outcome.Image, outcome.Reason));
        var hex = _digest[7..19];
        Assert.Contains(
            $"Searched at {_registry.Host}: tag sha256-{hex}….sig (404 Not Found), referrers API ({answer}), tag sha256-{hex}… (404 Not Found).",
            outcome.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pullSecretRef", outcome.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(408)]
    public async Task A_place_that_fails_is_passed_over_when_another_has_the_signature_and_leaves_it_unknown_otherwise(int status)
    {
        AnswerFor("/referrers/", status, "");

        var unknown = await ResolveAsync();
        Assert.Equal((null, Reasons.ResolveFailed), (unknown.Image, unknown.Reason));
        Assert.Contains("is signed is unknown", unknown.Message, StringComparison.Ordinal);
        Assert.Contains($"referrers API ({status} ", unknown.Message, StringComparison.Ordinal);

        AttachBundle(SigstoreBundle.TagOf(_digest));
        Assert.Equal(_digest, (await ResolveAsync()).Image?.Digest);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task A_bundle_is_found_whatever_the_registry_answers_for_the_legacy_tag(int status)
    {
        AnswerFor(".sig", status, "");
        AttachReferrer(AttachBundle("bundle"), SigstoreBundles.MediaType);

        Assert.Equal(_digest, (await ResolveAsync()).Image?.Digest);
    }

    [Fact]
    public async Task The_stand_in_tag_is_asked_although_the_referrers_API_answers_with_an_empty_list()
    {
        _registry.Put("referrers", _digest, ContainerRegistry.OciIndex, """{"schemaVersion":2,"manifests":[]}"""u8.ToArray());
        var bundle = AttachBundle("bundle");
        _registry.PutManifest(SigstoreBundle.TagOf(_digest), Index(Entry(bundle, SigstoreBundles.MediaType)), ContainerRegistry.OciIndex);

        Assert.Equal(_digest, (await ResolveAsync()).Image?.Digest);
    }

    /// <summary>cosign 3 itself gives the artifact type of its index entries as that of the empty config; others leave it out.</summary>
    [Theory]
    [InlineData("application/vnd.dev.sigstore.bundle.v0.3+json")]
    [InlineData("application/vnd.oci.empty.v1+json")]
    [InlineData("application/vnd.oci.image.config.v1+json")]
    [InlineData("application/x-something-else")]
    [InlineData(null)]
    public async Task A_bundle_is_found_whatever_the_list_says_that_it_is(string? artifactType)
    {
        AttachReferrer(AttachBundle("bundle"), artifactType);

        Assert.Equal(_digest, (await ResolveAsync()).Image?.Digest);
    }

    [Fact]
    public async Task A_list_of_referrers_is_read_page_by_page_on_the_same_registry_only()
    {
        var bundle = AttachBundle("bundle");
        var pages = 0;
        var next = "/v2/acme/edge/referrers/" + _digest + "?page=2";
        _registry.Answer = async c =>
        {
            if (!c.Request.Path.Value!.Contains("/referrers/", StringComparison.Ordinal))
            {
                return false;
            }

            pages++;
            c.Response.ContentType = ContainerRegistry.OciIndex;
            c.Response.Headers.Link = $"<{next}>; rel=\"next\"";
            await c.Response.WriteAsync(c.Request.Query.ContainsKey("page") ? Index(Entry(bundle, SigstoreBundles.MediaType)) : Index());
            return true;
        };

        Assert.Equal(_digest, (await ResolveAsync()).Image?.Digest);
        Assert.Equal(2, pages);

        next = "http://127.0.0.1:1/v2/acme/edge/referrers/x";
        Assert.Equal(Reasons.NotSigned, (await ResolveAsync()).Reason);

        next = "/v2/acme/edge/referrers/" + _digest;
        pages = 0;
        Assert.Equal(Reasons.NotSigned, (await ResolveAsync()).Reason);
        Assert.Equal(8, pages);
    }

    [Fact]
    public async Task An_attestation_alone_is_no_signature_and_that_is_said()
    {
        AttachBundle(SigstoreBundle.TagOf(_digest), SigstoreBundles.Statement(_digest, "https://slsa.dev/provenance/v1"));

        var outcome = await ResolveAsync();

        Assert.Equal((null, Reasons.NotSigned), (outcome.Image, outcome.Reason));
        Assert.Contains("no signature, only an attestation of the type \"https://slsa.dev/provenance/v1\"", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bundle_legacy_wrong_key_wrong_digest_and_unsigned_are_told_apart()
    {
        Assert.Equal(Reasons.NotSigned, (await ResolveAsync()).Reason);

        using var other = new CosignSigner();
        AttachBundle(SigstoreBundle.TagOf(_digest), signer: other);
        var wrongKey = await ResolveAsync();
        Assert.Equal(Reasons.VerificationFailed, wrongKey.Reason);
        Assert.Contains("the Sigstore bundle was made with another key", wrongKey.Message, StringComparison.Ordinal);

        AttachBundle(SigstoreBundle.TagOf(_digest), SigstoreBundles.Statement("sha256:" + new string('b', 64)));
        var wrongDigest = await ResolveAsync();
        Assert.Equal(Reasons.VerificationFailed, wrongDigest.Reason);
        Assert.Contains("the Sigstore bundle signs another digest, sha256:bbbb", wrongDigest.Message, StringComparison.Ordinal);

        AttachBundle(SigstoreBundle.TagOf(_digest));
        var image = _registry.Image(change: WithKey);
        var bundle = await ContainerRegistry.Images().ResolveAsync(image, Given.Cancel);
        Assert.Equal(SignatureFormats.Bundle, bundle.Image?.SignatureFormat);
        var verified = OSImageStatusRules.Compute(image, bundle, [], Given.Now).Conditions.Find(ConditionTypes.Verified)!;
        Assert.Contains("(Sigstore bundle)", verified.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_full_of_referrers_is_not_read_to_its_end()
    {
        var manifests = Enumerable.Range(0, 300).Select(i => Entry(_registry.PutManifest("x" + i, Manifest($"{{\"size\":{i}}}")), null));
        _registry.PutManifest(SigstoreBundle.TagOf(_digest), Index([.. manifests]), ContainerRegistry.OciIndex);
        _registry.Asked.Clear();

        Assert.Equal(Reasons.NotSigned, (await ResolveAsync(ContainerRegistry.Fast with { MaxReferrers = 20 })).Reason);
        Assert.InRange(_registry.Asked.Count, 20, 25);
    }

    private void AnswerFor(string part, int status, string body) => _registry.Answer = async c =>
    {
        if (!c.Request.Path.Value!.Contains(part, StringComparison.Ordinal))
        {
            return false;
        }

        c.Response.StatusCode = status;
        c.Response.ContentType = status == 200 ? "text/html" : "application/json";
        await c.Response.WriteAsync(body);
        return true;
    };

    private string AttachBundle(string tag, string? statement = null, CosignSigner? signer = null)
    {
        var bundle = Encoding.UTF8.GetBytes(SigstoreBundles.Bundle(statement ?? SigstoreBundles.Statement(_digest), (signer ?? _signer).SignBytes));
        var blob = _registry.Put("blobs", "bundle", "application/octet-stream", bundle);
        return _registry.PutManifest(tag, Manifest($$"""{"mediaType":"{{SigstoreBundles.MediaType}}","digest":"{{blob}}","size":{{bundle.Length}}}"""));
    }

    private void AttachReferrer(string digest, string? artifactType) =>
        _registry.Put("referrers", _digest, ContainerRegistry.OciIndex, Encoding.UTF8.GetBytes(Index(Entry(digest, artifactType))));

    private static string Entry(string digest, string? artifactType) =>
        $$"""{"mediaType":"{{ContainerRegistry.OciImage}}","digest":"{{digest}}","size":1{{(artifactType is null ? "" : $",\"artifactType\":\"{artifactType}\"")}}}""";

    private static string Index(params string[] entries) =>
        $$"""{"schemaVersion":2,"mediaType":"{{ContainerRegistry.OciIndex}}","manifests":[{{string.Join(',', entries)}}]}""";

    private static string Manifest(string layer) =>
        $$$"""{"schemaVersion":2,"mediaType":"{{{ContainerRegistry.OciImage}}}","artifactType":"{{{SigstoreBundles.MediaType}}}","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:x","size":2},"layers":[{{{layer}}}]}""";

    private ContainerSource WithKey(ContainerSource source) => source with { Verification = new() { Cosign = new() { PublicKey = _signer.PublicKey } } };

    private Task<ResolveOutcome> ResolveAsync(Ostler.Controller.OSImages.Registry.RegistryOptions? options = null) => _registry.ResolveAsync(options: options, change: WithKey);
}
