using System.Text;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Registries;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>Signatures as a registry with the API of OCI 1.1 gives them, and as a hostile one does. Fails closed.</summary>
public sealed class SignatureTests : IAsyncLifetime
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signature_is_found_by_its_tag_and_as_a_referrer(bool asReferrer)
    {
        Attach(Payload(), asReferrer: asReferrer);

        var outcome = await ResolveAsync();

        Assert.Equal(_digest, outcome.Image?.Digest);
        Assert.Equal(outcome.Key, outcome.Image!.VerifiedWith);
    }

    [Fact]
    public async Task Without_one_the_digest_is_as_good_as_not_there()
    {
        var outcome = await ResolveAsync();

        Assert.Equal((null, Reasons.NotSigned), (outcome.Image, outcome.Reason));
        Assert.Contains($"{_registry.Host}/acme/edge@{_digest} has no signature", outcome.Message, StringComparison.Ordinal);
        Assert.NotNull(outcome.Key);
    }

    [Fact]
    public async Task One_good_signature_among_bad_ones_is_enough()
    {
        using var other = new CosignSigner();
        Attach(Payload(), signature: other.Sign(Payload()));
        Attach(Payload(), asReferrer: true);

        Assert.Equal(_digest, (await ResolveAsync()).Image?.Digest);
    }

    [Fact]
    public async Task A_signature_of_another_image_does_not_count_here()
    {
        Attach(CosignSigner.Payload($"{_registry.Host}/acme/edge", "sha256:" + new string('a', 64)));

        var outcome = await ResolveAsync();

        Assert.Equal((null, Reasons.VerificationFailed), (outcome.Image, outcome.Reason));
        Assert.Contains("is on another digest", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("No node gets it", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copied_image_counts_under_the_name_that_was_allowed()
    {
        Attach(CosignSigner.Payload("quay.io/acme/edge", _digest));

        Assert.Contains("signedRepositories", (await ResolveAsync()).Message, StringComparison.Ordinal);
        Assert.Equal(_digest, (await ResolveAsync(repositories: ["quay.io/acme/edge"])).Image?.Digest);
    }

    [Fact]
    public async Task A_payload_that_is_too_large_or_gone_does_not_count()
    {
        Attach(Payload(), withoutPayload: true);
        var gone = await ResolveAsync();
        Assert.Equal(Reasons.VerificationFailed, gone.Reason);
        Assert.Contains("a payload that is not available", gone.Message, StringComparison.Ordinal);

        Attach(Payload());
        Assert.Contains("larger than 16 bytes", (await ResolveAsync(options: ContainerRegistry.Fast with { MaxPayloadBytes = 16 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whether_it_is_signed_is_not_known_while_the_registry_fails_and_that_is_not_called_unsigned()
    {
        _registry.Answer = c =>
        {
            var fails = c.Request.Path.Value!.Contains(".sig", StringComparison.Ordinal);
            c.Response.StatusCode = fails ? 503 : 200;
            return Task.FromResult(fails);
        };

        var outcome = await ResolveAsync();

        Assert.Equal((null, Reasons.ResolveFailed), (outcome.Image, outcome.Reason));
        Assert.Contains("is signed is unknown", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_full_of_signatures_is_not_read_to_its_end()
    {
        using var other = new CosignSigner();
        var layers = new StringBuilder();
        var payload = Payload();
        _registry.Put("blobs", "payload", "application/octet-stream", payload);
        for (var i = 0; i < 200; i++)
        {
            layers.Append(i == 0 ? "" : ",").Append(Layer(payload, other.Sign(payload)));
        }

        _registry.PutManifest(CosignSignature.TagOf(_digest), Manifest(layers.ToString()));

        var outcome = await ResolveAsync(options: ContainerRegistry.Fast with { MaxSignatures = 5 });

        Assert.Contains("has 5 signatures, none of which is valid", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(5, _registry.Asked.Count(a => a.Contains("/blobs/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Another_key_makes_what_is_known_be_verified_again()
    {
        using var other = new CosignSigner();
        Attach(Payload());
        await using var api = ContainerRegistry.Secrets(new() { ["one"] = new() { ["cosign.pub"] = _signer.PublicKey }, ["two"] = new() { ["cosign.pub"] = other.PublicKey } });
        var images = ContainerRegistry.Images(Given.Client(api));
        OSImage With(string secret, OSImageStatus? status) => _registry.Image(
            status: status, change: s => s with { Verification = new() { Cosign = new() { PublicKeySecretRef = new() { Namespace = "ostler-system", Name = secret } } } });

        var first = await images.ResolveAsync(With("one", null), Given.Cancel);
        var status = OSImageStatusRules.Compute(With("one", null), first, [], Given.Now);
        _registry.Asked.Clear();
        Assert.Equal(_digest, (await images.ResolveAsync(With("one", status), Given.Cancel)).Image?.Digest);
        Assert.Single(_registry.Asked);

        // The same generation: it is the Secret's contents that changed.
        var second = await images.ResolveAsync(With("two", status), Given.Cancel);

        Assert.Equal((null, Reasons.VerificationFailed), (second.Image, second.Reason));
        var after = OSImageStatusRules.Compute(With("two", status), second, [], Given.Now);
        Assert.Equal(ConditionStatus.False, after.Conditions.Find(ConditionTypes.Verified)!.Status);

        // Not even when the former key comes back is the old word taken for it.
        _registry.Asked.Clear();
        Assert.Equal(_digest, (await images.ResolveAsync(With("one", after), Given.Cancel)).Image?.Digest);
        Assert.Contains(_registry.Asked, a => a.Contains(".sig", StringComparison.Ordinal));
    }

    private byte[] Payload() => CosignSigner.Payload($"{_registry.Host}/acme/edge", _digest);

    private void Attach(byte[] payload, string? signature = null, bool asReferrer = false, bool withoutPayload = false)
    {
        if (!withoutPayload)
        {
            _registry.Put("blobs", "payload", "application/octet-stream", payload);
        }

        var manifest = Manifest(Layer(payload, signature ?? _signer.Sign(payload)));
        var digest = _registry.PutManifest(asReferrer ? "attached" : CosignSignature.TagOf(_digest), manifest);
        if (asReferrer)
        {
            _registry.Put("referrers", _digest, ContainerRegistry.OciIndex, Encoding.UTF8.GetBytes(
                $$$"""{"schemaVersion":2,"mediaType":"{{{ContainerRegistry.OciIndex}}}","manifests":[{"mediaType":"{{{ContainerRegistry.OciImage}}}","digest":"{{{digest}}}","size":1,"artifactType":"{{{CosignSigner.ArtifactType}}}"}]}"""));
        }
    }

    private static string Layer(byte[] payload, string signature) =>
        $$$"""{"mediaType":"{{{CosignSigner.PayloadType}}}","digest":"{{{ContainerRegistry.DigestOf(payload)}}}","size":1,"annotations":{"dev.cosignproject.cosign/signature":"{{{signature}}}"}}""";

    private static string Manifest(string layers) =>
        $$$"""{"schemaVersion":2,"mediaType":"{{{ContainerRegistry.OciImage}}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:x","size":1},"layers":[{{{layers}}}]}""";

    private Task<ResolveOutcome> ResolveAsync(RegistryOptions? options = null, IReadOnlyList<string>? repositories = null) => _registry.ResolveAsync(
        options: options,
        change: s => s with { Verification = new() { Cosign = new() { PublicKey = _signer.PublicKey, SignedRepositories = repositories } } });
}
