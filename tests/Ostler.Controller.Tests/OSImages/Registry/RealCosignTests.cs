using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Registries;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>
/// What Debian's cosign 3.1 writes into Debian's docker-registry, which has no referrers API, with keys of each kind and in both formats.
/// </summary>
public sealed class RealCosignTests(RealRegistryFixture fixture) : IClassFixture<RealRegistryFixture>
{
    public static TheoryData<string, bool> Signatures => new()
    {
        { "p256", false }, { "p256", true }, { "p384", false }, { "p384", true }, { "p521", false }, { "p521", true },
        { "rsa2048", false }, { "rsa2048", true }, { "rsa3072", false }, { "rsa4096", false }, { "ed25519", false }, { "ed25519", true },
    };

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task An_image_that_cosign_3_signed_is_verified_and_with_another_key_it_is_not(string kind, bool legacy)
    {
        var repository = $"cosign/{kind}{(legacy ? "-legacy" : "")}";
        using var cosign = await CosignAsync(kind);
        using var other = await CosignAsync("p256");
        var (registry, digest) = await PushAsync(repository);

        Assert.Equal(Reasons.NotSigned, (await ResolveAsync(repository, cosign)).Reason);

        await cosign.SignAsync($"{registry.Host}/{repository}@{digest}", legacy, Given.Cancel);

        var outcome = await ResolveAsync(repository, cosign);
        Assert.Equal((digest, legacy ? SignatureFormats.Legacy : SignatureFormats.Bundle), (outcome.Image?.Digest, outcome.Image?.SignatureFormat));

        var wrong = await ResolveAsync(repository, other);
        Assert.Equal((null, Reasons.VerificationFailed), (wrong.Image, wrong.Reason));
        Assert.Contains($"the {SignatureFormats.Shown(legacy ? SignatureFormats.Legacy : SignatureFormats.Bundle)} was made with another key", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bundle_of_one_digest_under_the_tag_of_another_does_not_count()
    {
        using var cosign = await CosignAsync("p256");
        var (registry, first) = await PushAsync("cosign/moved", "41");
        await cosign.SignAsync($"{registry.Host}/cosign/moved@{first}", legacy: false, Given.Cancel);
        var (_, second) = await PushAsync("cosign/moved", "42");
        await registry.Content.CopyManifestAsync("cosign/moved", SigstoreBundle.TagOf(first), SigstoreBundle.TagOf(second), Given.Cancel);

        var outcome = await ResolveAsync("cosign/moved", cosign);

        Assert.Equal((null, Reasons.VerificationFailed), (outcome.Image, outcome.Reason));
        Assert.Contains($"the Sigstore bundle signs another digest, {first}", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attestation_of_cosign_is_no_signature()
    {
        using var cosign = await CosignAsync("p256");
        var (registry, digest) = await PushAsync("cosign/attested");
        await cosign.AttestAsync($"{registry.Host}/cosign/attested@{digest}", Given.Cancel);

        var outcome = await ResolveAsync("cosign/attested", cosign);
        Assert.Equal(Reasons.NotSigned, outcome.Reason);
        Assert.Contains("no signature, only an attestation", outcome.Message, StringComparison.Ordinal);

        await cosign.SignAsync($"{registry.Host}/cosign/attested@{digest}", legacy: false, Given.Cancel);
        Assert.Equal(digest, (await ResolveAsync("cosign/attested", cosign)).Image?.Digest);
    }

    private async Task<(RegistryServer Registry, string Digest)> PushAsync(string repository, string version = "42")
    {
        Assert.SkipWhen(fixture.Open is null, fixture.WhyNot);
        return (fixture.Open!, await fixture.Open!.Images.PushAsync(repository, "stable", version, cancellationToken: Given.Cancel));
    }

    private Task<ResolveOutcome> ResolveAsync(string repository, CosignTool cosign) => ContainerRegistry.Images().ResolveAsync(
        Given.Image() with
        {
            Spec = new()
            {
                Container = new()
                {
                    Image = $"{fixture.Open!.Host}/{repository}:stable",
                    PlainHttp = true,
                    Verification = new() { Cosign = new() { PublicKey = cosign.PublicKey } },
                },
            },
        },
        Given.Cancel);

    private async Task<CosignTool> CosignAsync(string kind)
    {
        Assert.SkipWhen(fixture.Open is null, fixture.WhyNot);
        var (cosign, whyNot) = await CosignTool.CreateAsync(kind, Given.Cancel);
        Assert.SkipWhen(cosign is null, whyNot);
        return cosign!;
    }
}
