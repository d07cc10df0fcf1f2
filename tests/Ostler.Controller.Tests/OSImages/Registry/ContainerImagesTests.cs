using Microsoft.AspNetCore.Http;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.OSImages;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>What becomes of what registries send, and of how they fail.</summary>
public sealed class ContainerImagesTests : IAsyncLifetime
{
    private ContainerRegistry _registry = null!;

    public async ValueTask InitializeAsync() => _registry = await ContainerRegistry.StartAsync();

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Fact]
    public async Task A_tag_resolves_to_the_digest_of_what_was_received_with_version_platform_and_labels()
    {
        var digest = _registry.PutImage("stable");

        var outcome = await _registry.ResolveAsync();

        var resolved = outcome.Image!;
        Assert.Equal((Reasons.Resolved, digest, "42"), (outcome.Reason, resolved.Digest, resolved.Version));
        Assert.Equal($"{_registry.Host}/acme/edge:stable", resolved.Reference);
        Assert.Equal([new PlatformManifest { Platform = "linux/amd64", Digest = digest }], resolved.Platforms);
        Assert.Equal("1", resolved.Labels!["containers.bootc"]);
        Assert.Null(resolved.VerifiedWith);
    }

    [Fact]
    public async Task An_index_resolves_to_its_own_digest_and_the_manifest_of_each_platform()
    {
        var amd64 = _registry.PutImage("a", "amd64");
        var arm64 = _registry.PutImage("b", "arm64");
        var index = PutIndex("stable", (amd64, "amd64"), (arm64, "arm64"), ("sha256:" + new string('0', 64), "unknown"));

        var resolved = (await _registry.ResolveAsync()).Image!;

        Assert.Equal(index, resolved.Digest);
        Assert.Equal([("linux/amd64", amd64), ("linux/arm64", arm64)], resolved.Platforms!.Select(p => (p.Platform, p.Digest)));
        Assert.Equal("42", resolved.Version);
    }

    [Fact]
    public async Task A_tag_that_has_not_moved_costs_one_HEAD_and_one_that_has_is_fetched()
    {
        var old = _registry.PutImage("stable");
        var images = ContainerRegistry.Images();
        var image = _registry.Image();
        var first = await images.ResolveAsync(image, Given.Cancel);
        image = image with { Status = OSImageStatusRules.Compute(image, first, [], Given.Now) };
        _registry.Asked.Clear();

        var same = await images.ResolveAsync(image, Given.Cancel);
        Assert.Equal(old, same.Image!.Digest);
        Assert.Equal(["HEAD /v2/acme/edge/manifests/stable"], _registry.Asked);

        var moved = _registry.PutImage("stable", version: "43");
        var next = await images.ResolveAsync(image, Given.Cancel);
        Assert.Equal((moved, "43"), (next.Image!.Digest, next.Image.Version));

        _registry.Remove("stable");
        var gone = await images.ResolveAsync(image, Given.Cancel);
        Assert.Equal((null, Reasons.RefNotFound), (gone.Image, gone.Reason));
        Assert.Contains("/v2/acme/edge/manifests/stable: 404 Not Found: MANIFEST_UNKNOWN: manifest unknown", gone.Message, StringComparison.Ordinal);
        var status = OSImageStatusRules.Compute(image, gone, [], Given.Now);
        Assert.Equal(old, status.Resolved!.Digest);
        Assert.Contains("found before, stays", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_pinned_and_known_needs_no_registry_and_a_changed_spec_does()
    {
        var digest = _registry.PutImage("stable");
        var images = ContainerRegistry.Images();
        var image = _registry.Image("@" + digest);
        var first = await images.ResolveAsync(image, Given.Cancel);
        Assert.Equal(Reasons.Pinned, first.Reason);
        image = image with { Status = OSImageStatusRules.Compute(image, first, [], Given.Now) };
        _registry.Asked.Clear();

        Assert.Equal(digest, (await images.ResolveAsync(image, Given.Cancel)).Image!.Digest);
        Assert.Empty(_registry.Asked);

        await images.ResolveAsync(image with { Metadata = image.Metadata with { Generation = 2 } }, Given.Cancel);
        Assert.NotEmpty(_registry.Asked);
    }

    [Fact]
    public async Task Bytes_that_do_not_have_the_digest_that_they_were_asked_for_by_are_refused()
    {
        _registry.PutImage("stable");

        var outcome = await _registry.ResolveAsync("@sha256:" + new string('a', 64));
        Assert.Equal(Reasons.RefNotFound, outcome.Reason);

        _registry.Put("manifests", "sha256:" + new string('a', 64), ContainerRegistry.OciImage, "{\"schemaVersion\":2}"u8.ToArray());
        outcome = await _registry.ResolveAsync("@sha256:" + new string('a', 64));
        Assert.Null(outcome.Image);
        Assert.Contains("was truncated or changed in transit", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_digest_that_the_registry_claims_and_the_bytes_do_not_have_is_refused()
    {
        _registry.PutImage("stable");
        _registry.Answer = async c =>
        {
            if (!c.Request.Path.Value!.EndsWith("/stable", StringComparison.Ordinal))
            {
                return false;
            }

            c.Response.Headers["Docker-Content-Digest"] = "sha256:" + new string('f', 64);
            await c.Response.WriteAsync("{\"schemaVersion\":2}");
            return true;
        };

        Assert.Contains("was truncated or changed", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_that_was_changed_is_refused()
    {
        var digest = _registry.PutImage("stable");
        _registry.Answer = async c =>
        {
            if (!c.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
            {
                return false;
            }

            await c.Response.WriteAsync("{\"architecture\":\"amd64\",\"os\":\"linux\"}");
            return true;
        };

        var outcome = await _registry.ResolveAsync("@" + digest);
        Assert.Null(outcome.Image);
        Assert.Contains("/blobs/", outcome.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Malformed => new()
    {
        { "<html>portal</html>", "text/html", "not a manifest" },
        { "{\"schemaVersion\":2,\"manifests\":[null,{\"digest\":null,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},{\"platform\":null}]}", ContainerRegistry.OciIndex, "without an image for Linux" },
        { "{\"schemaVersion\":2,\"config\":{\"mediaType\":null,\"digest\":null},\"layers\":[null]}", ContainerRegistry.OciImage, "no container image there" },
        { "{\"schemaVersion\":1,\"name\":\"x\"}", "application/vnd.docker.distribution.manifest.v1+prettyjws", "schemaVersion is 1" },
        { "{\"schemaVersion\":2,\"manifests\":[]}", ContainerRegistry.OciIndex, "without an image for Linux" },
        { "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", ContainerRegistry.OciIndex, "at once" },
        { "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\",\"digest\":\"sha256:x\"},\"layers\":[]}", ContainerRegistry.OciImage, "no container image there, but \"application/vnd.cncf.helm" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public async Task What_is_no_image_is_refused(string body, string type, string why)
    {
        _registry.PutManifest("stable", body, type);

        var outcome = await _registry.ResolveAsync();

        Assert.Equal((null, Reasons.ResolveFailed), (outcome.Image, outcome.Reason));
        Assert.Contains(why, outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_without_end_is_cut_off()
    {
        _registry.Answer = async c =>
        {
            var block = new byte[64 * 1024];
            while (!c.RequestAborted.IsCancellationRequested)
            {
                await c.Response.Body.WriteAsync(block, c.RequestAborted);
            }

            return true;
        };

        var outcome = await _registry.ResolveAsync(options: ContainerRegistry.Fast with { MaxManifestBytes = 100_000 });

        Assert.Contains("larger than 100000 bytes", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_stalls_is_given_up_and_told_so()
    {
        _registry.Answer = async c =>
        {
            await Task.Delay(Timeout.Infinite, c.RequestAborted);
            return true;
        };

        var outcome = await _registry.ResolveAsync(options: ContainerRegistry.Fast with { AttemptTimeout = TimeSpan.FromMilliseconds(50), Retries = 1 });

        Assert.Contains("no answer within 50ms", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_asked_for_one_image_has_a_time_of_its_own()
    {
        _registry.Answer = async c =>
        {
            await Task.Delay(Timeout.Infinite, c.RequestAborted);
            return true;
        };

        var outcome = await _registry.ResolveAsync(options: ContainerRegistry.Fast with { Timeout = TimeSpan.FromMilliseconds(50) });

        Assert.Contains("could not be resolved within 50ms", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_fails_once_is_asked_again()
    {
        var digest = _registry.PutImage("stable");
        _registry.Answer = Once(502);
        Assert.Equal(digest, (await _registry.ResolveAsync()).Image?.Digest);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("900", false)]
    public async Task A_registry_that_wants_to_be_left_alone_is_waited_for_or_left_alone(string retryAfter, bool waited)
    {
        var digest = _registry.PutImage("stable");
        var limits = waited ? 1 : int.MaxValue;
        _registry.Answer = async c =>
        {
            if (limits-- <= 0)
            {
                return false;
            }

            c.Response.StatusCode = 429;
            c.Response.Headers.RetryAfter = retryAfter;
            await c.Response.WriteAsync("""{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}""");
            return true;
        };

        var outcome = await _registry.ResolveAsync();

        Assert.Equal(waited ? digest : null, outcome.Image?.Digest);
        if (!waited)
        {
            Assert.Equal(TimeSpan.FromMinutes(15), outcome.RetryAfter);
            Assert.Contains("429 Too Many Requests: TOOMANYREQUESTS: You have reached your pull rate limit.; asked to retry after 15m.", outcome.Message, StringComparison.Ordinal);
            Assert.Single(_registry.Asked);
        }
    }

    [Fact]
    public async Task Errors_of_any_form_are_told()
    {
        foreach (var (body, words) in new[] { ("{\"errors\":[null,{\"code\":null,\"message\":\"m\"}]}", "404 Not Found: : m"), ("{\"errors\":3}", "\"{\"errors\":3}\""), ("", "404 Not Found") })
        {
            _registry.Answer = async c =>
            {
                c.Response.StatusCode = 404;
                await c.Response.WriteAsync(body);
                return true;
            };

            Assert.Contains(words, (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_version_of_a_former_spec_does_not_outlive_a_failed_try()
    {
        _registry.PutImage("stable");
        var images = ContainerRegistry.Images();
        var image = _registry.Image();
        var named = image with { Spec = image.Spec with { Version = "mine" } };
        named = named with { Status = OSImageStatusRules.Compute(named, await images.ResolveAsync(named, Given.Cancel), [], Given.Now) };
        Assert.Equal("mine", named.Status.Resolved!.Version);

        var changed = named with { Spec = image.Spec, Metadata = named.Metadata with { Generation = 2 } };
        changed = changed with { Status = OSImageStatusRules.Compute(changed, new(null, Reasons.ResolveFailed, "503"), [], Given.Now) };

        Assert.Equal("42", (await images.ResolveAsync(changed, Given.Cancel)).Image!.Version);
    }

    private static Func<HttpContext, Task<bool>> Once(int code)
    {
        var calls = 0;
        return c =>
        {
            if (Interlocked.Increment(ref calls) > 1)
            {
                return Task.FromResult(false);
            }

            c.Response.StatusCode = code;
            return Task.FromResult(true);
        };
    }

    private string PutIndex(string tag, params (string Digest, string Architecture)[] entries) => _registry.PutManifest(
        tag,
        $$$"""{"schemaVersion":2,"mediaType":"{{{ContainerRegistry.OciIndex}}}","manifests":[{{{string.Join(',', entries.Select(e =>
            $$$"""{"mediaType":"{{{ContainerRegistry.OciImage}}}","digest":"{{{e.Digest}}}","size":1,"platform":{"os":"linux","architecture":"{{{e.Architecture}}}"}}"""))}}}]}""",
        ContainerRegistry.OciIndex);
}
