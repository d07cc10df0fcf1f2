using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Registries;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>
/// Debian's docker-registry, one that anybody may read and one with a password. Each test has repositories of its own in them.
/// </summary>
public sealed class RealRegistryFixture : IAsyncLifetime
{
    public RegistryServer? Open { get; private set; }

    public RegistryServer? Locked { get; private set; }

    public string WhyNot { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        (Open, WhyNot) = await RegistryServer.StartAsync(password: false, TestContext.Current.CancellationToken);
        if (Open is not null)
        {
            (Locked, WhyNot) = await RegistryServer.StartAsync(password: true, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (Open?.DisposeAsync() ?? default);
        await (Locked?.DisposeAsync() ?? default);
    }
}

/// <summary>
/// What a real registry answers to images made by skopeo and umoci, so that the scripts of the other tests are not our own idea of it.
/// </summary>
public sealed class RealRegistryTests(RealRegistryFixture fixture) : IClassFixture<RealRegistryFixture>
{
    [Fact]
    public async Task Several_architectures_one_index_and_for_each_the_digest_that_a_host_of_it_would_pull()
    {
        var registry = Open();
        var (amd64, arm64, index) = await PushMultiArchAsync(registry, "multi/edge", "42");

        var resolved = (await ResolveAsync(registry, "multi/edge:stable")).Image!;

        Assert.Equal((index, "42"), (resolved.Digest, resolved.Version));
        Assert.Equal([("linux/amd64", amd64), ("linux/arm64", arm64)], resolved.Platforms!.Select(p => (p.Platform, p.Digest)));
        foreach (var platform in resolved.Platforms!)
        {
            Assert.Equal(platform.Digest, await registry.Images.DigestForAsync("multi/edge", "stable", platform.Platform["linux/".Length..], Given.Cancel));
        }
    }

    [Fact]
    public async Task A_tag_that_is_set_anew_is_followed_and_one_that_is_deleted_keeps_the_last_good_digest()
    {
        var registry = Open();
        var first = await registry.Images.PushAsync("moving/edge", "stable", "42", cancellationToken: Given.Cancel);
        var image = Image(registry, "moving/edge:stable");
        image = await PassAsync(image);
        Assert.Equal((first, "42"), (image.Status!.Resolved!.Digest, image.Status.Resolved.Version));

        var second = await registry.Images.PushAsync("moving/edge", "stable", "43", cancellationToken: Given.Cancel);
        image = await PassAsync(image);
        Assert.Equal((second, "43"), (image.Status!.Resolved!.Digest, image.Status.Resolved.Version));
        Assert.Equal(first, Assert.Single(image.Status.History!).Digest);

        await registry.Content.DeleteAsync("moving/edge", second, Given.Cancel);
        image = await PassAsync(image);
        var ready = image.Status!.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((second, ConditionStatus.False, Reasons.RefNotFound), (image.Status.Resolved!.Digest, ready.Status, ready.Reason));
        Assert.Contains("404 Not Found: MANIFEST_UNKNOWN: manifest unknown", ready.Message, StringComparison.Ordinal);
        Assert.Contains("found before, stays", ready.Message, StringComparison.Ordinal);

        // And back again.
        var third = await registry.Images.PushAsync("moving/edge", "stable", "44", cancellationToken: Given.Cancel);
        image = await PassAsync(image);
        Assert.Equal(third, image.Status!.Resolved!.Digest);
        Assert.True(image.Status.Conditions.IsTrue(ConditionTypes.Ready));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signed_index_is_verified_by_the_tag_of_its_signature_or_by_the_tag_of_its_referrers(bool asReferrer)
    {
        var registry = Open();
        using var signer = new CosignSigner();
        var repository = asReferrer ? "referred/edge" : "signed/edge";
        var (_, _, index) = await PushMultiArchAsync(registry, repository, "42");
        await signer.SignAsync(registry, repository, index, Given.Cancel, asReferrer);

        var image = await PassAsync(Image(registry, $"{repository}:stable", signer.PublicKey));

        Assert.Equal(index, image.Status!.Resolved!.Digest);
        Assert.True(image.Status.Conditions.IsTrue(ConditionTypes.Verified));
        Assert.True(image.Status.Conditions.IsTrue(ConditionTypes.Ready));
    }

    [Fact]
    public async Task An_unsigned_image_has_no_digest_until_it_is_signed()
    {
        var registry = Open();
        using var signer = new CosignSigner();
        var digest = await registry.Images.PushAsync("late/edge", "stable", "42", cancellationToken: Given.Cancel);

        var image = await PassAsync(Image(registry, "late/edge:stable", signer.PublicKey));
        Assert.Null(image.Status!.Resolved);
        Assert.Equal(Reasons.NotSigned, image.Status.Conditions.Find(ConditionTypes.Verified)!.Reason);

        await signer.SignAsync(registry, "late/edge", digest, Given.Cancel);
        Assert.Equal(digest, (await PassAsync(image)).Status!.Resolved!.Digest);
    }

    public static TheoryData<string, string> Forgeries => new()
    {
        { "another key", "was made with another key" },
        { "another digest", "is on another digest" },
        { "another name", "was made for" },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_wrongly_signed_image_has_no_digest(string forgery, string why)
    {
        var registry = Open();
        using var signer = new CosignSigner();
        using var stranger = new CosignSigner();
        var repository = forgery.Replace(' ', '-') + "/edge";
        var digest = await registry.Images.PushAsync(repository, "stable", "42", cancellationToken: Given.Cancel);
        var payload = forgery switch
        {
            "another digest" => CosignSigner.Payload($"{registry.Host}/{repository}", "sha256:" + new string('a', 64)),
            "another name" => CosignSigner.Payload("quay.io/evil/edge", digest),
            _ => null,
        };
        await (forgery == "another key" ? stranger : signer).SignAsync(registry, repository, digest, Given.Cancel, payload: payload);

        var image = await PassAsync(Image(registry, $"{repository}:stable", signer.PublicKey));

        Assert.Null(image.Status!.Resolved);
        var verified = image.Status.Conditions.Find(ConditionTypes.Verified)!;
        Assert.Equal((ConditionStatus.False, Reasons.VerificationFailed), (verified.Status, verified.Reason));
        Assert.Contains(why, verified.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tag_that_moves_to_what_is_not_signed_keeps_the_signed_digest()
    {
        var registry = Open();
        using var signer = new CosignSigner();
        var good = await registry.Images.PushAsync("hijacked/edge", "stable", "42", cancellationToken: Given.Cancel);
        await signer.SignAsync(registry, "hijacked/edge", good, Given.Cancel);
        var image = await PassAsync(Image(registry, "hijacked/edge:stable", signer.PublicKey));

        var bad = await registry.Images.PushAsync("hijacked/edge", "stable", "666", cancellationToken: Given.Cancel);
        image = await PassAsync(image);

        Assert.Equal(good, image.Status!.Resolved!.Digest);
        Assert.True(image.Status.Conditions.IsTrue(ConditionTypes.Verified));
        Assert.Contains(bad, image.Status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_with_a_password_lets_the_pull_secret_in_and_nobody_else()
    {
        var registry = Locked();
        var digest = await registry.Images.PushAsync("locked/edge", "stable", "42", cancellationToken: Given.Cancel);
        var auth = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{RegistryServer.User}:{RegistryServer.Password}"));
        await using var api = ContainerRegistry.Secrets(new() { ["pull"] = new() { [".dockerconfigjson"] = $$$$"""{"auths":{"{{{{registry.Host}}}}/locked":{"auth":"{{{{auth}}}}"}}}""" } });
        var image = Image(registry, "locked/edge:stable");

        var nobody = await ContainerRegistry.Images().ResolveAsync(image, Given.Cancel);
        Assert.Equal(Reasons.AuthenticationFailed, nobody.Reason);
        Assert.Contains("401 Unauthorized: UNAUTHORIZED: authentication required", nobody.Message, StringComparison.Ordinal);

        var source = image.Spec.Container! with { PullSecretRef = new() { Namespace = "ostler-system", Name = "pull" } };
        Assert.Equal(digest, (await ContainerRegistry.Images(Given.Client(api)).ResolveAsync(image with { Spec = new() { Container = source } }, Given.Cancel)).Image?.Digest);
    }

    [Fact]
    public async Task It_is_asked_over_TLS_too()
    {
        var registry = Open();
        var digest = await registry.Images.PushAsync("tls/edge", "stable", "42", cancellationToken: Given.Cancel);
        await using var front = new TlsFront(registry.Address);
        var image = Image(registry, "x") with { Spec = new() { Container = new() { Image = $"{front.Address.Authority}/tls/edge:stable", CaBundle = front.Authority } } };

        Assert.Equal(digest, (await ContainerRegistry.Images().ResolveAsync(image, Given.Cancel)).Image?.Digest);
    }

    private static async Task<(string Amd64, string Arm64, string Index)> PushMultiArchAsync(RegistryServer registry, string repository, string version)
    {
        var amd64 = await registry.Images.PushAsync(repository, "amd64", version, "amd64", Given.Cancel);
        var arm64 = await registry.Images.PushAsync(repository, "arm64", version, "arm64", Given.Cancel);
        return (amd64, arm64, await registry.Content.PushIndexAsync(repository, "stable", new Dictionary<string, string> { ["amd64"] = amd64, ["arm64"] = arm64 }, Given.Cancel));
    }

    private static OSImage Image(RegistryServer registry, string name, string? key = null) => Given.Image() with
    {
        Spec = new()
        {
            Container = new()
            {
                Image = $"{registry.Host}/{name}",
                PlainHttp = true,
                Verification = key is null ? null : new() { Cosign = new() { PublicKey = key } },
            },
        },
    };

    private static Task<ResolveOutcome> ResolveAsync(RegistryServer registry, string name) => ContainerRegistry.Images().ResolveAsync(Image(registry, name), Given.Cancel);

    /// <summary>The image after one more pass of its controller.</summary>
    private static async Task<OSImage> PassAsync(OSImage image) =>
        image with { Status = OSImageStatusRules.Compute(image, await ContainerRegistry.Images().ResolveAsync(image, Given.Cancel), [], Given.Now) };

    private RegistryServer Open() => Server(fixture.Open);

    private RegistryServer Locked() => Server(fixture.Locked);

    private RegistryServer Server(RegistryServer? server)
    {
        Assert.SkipWhen(server is null, fixture.WhyNot);
        return server!;
    }
}
