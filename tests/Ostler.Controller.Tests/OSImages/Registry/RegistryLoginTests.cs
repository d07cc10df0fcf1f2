using Microsoft.AspNetCore.Http;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>Who one is to a registry, and who must not learn it.</summary>
public sealed class RegistryLoginTests : IAsyncLifetime
{
    private static readonly string Basic = "Basic " + Convert.ToBase64String("edge:s3cret"u8.ToArray());

    private ContainerRegistry _registry = null!;
    private ContainerRegistry _other = null!;
    private string _digest = null!;

    public async ValueTask InitializeAsync()
    {
        _registry = await ContainerRegistry.StartAsync();
        _other = await ContainerRegistry.StartAsync();
        _digest = _registry.PutImage("stable");
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task A_token_is_fetched_without_a_name_where_anybody_may_read()
    {
        string? query = null;
        TokenServer(c =>
        {
            query = c.Request.QueryString.Value;
            return Task.CompletedTask;
        });

        Assert.Equal(_digest, (await _registry.ResolveAsync()).Image?.Digest);
        Assert.Equal("?scope=repository%3Aacme%2Fedge%3Apull&service=registry.example", query);
        Assert.Equal("GET /token", Assert.Single(_other.Asked));
    }

    [Fact]
    public async Task A_token_is_fetched_with_the_pull_secret_and_only_the_token_server_sees_its_password()
    {
        TokenServer(_ => Task.CompletedTask);

        Assert.Equal(_digest, (await ResolveAsync(Secret(_registry.Host))).Image?.Digest);

        Assert.Equal("GET /token " + Basic, Assert.Single(_other.Asked));
        Assert.All(_registry.Asked, asked => Assert.DoesNotContain("Basic", asked, StringComparison.Ordinal));
        Assert.Equal("GET /v2/acme/edge/manifests/stable Bearer t0ken", _registry.Asked[1]);
    }

    [Fact]
    public async Task An_identity_token_is_exchanged_by_a_form()
    {
        string? form = null;
        TokenServer(async c => form = await new StreamReader(c.Request.Body).ReadToEndAsync(Given.Cancel), oauth: true);

        Assert.Equal(_digest, (await ResolveAsync(new() { [".dockerconfigjson"] = $$$$"""{"auths":{"{{{{_registry.Host}}}}":{"identitytoken":"r3fresh"}}}""" })).Image?.Digest);
        Assert.Contains("grant_type=refresh_token", form, StringComparison.Ordinal);
        Assert.Contains("refresh_token=r3fresh", form, StringComparison.Ordinal);
        Assert.Equal("POST /token", Assert.Single(_other.Asked));
    }

    [Theory]
    [InlineData(".dockerconfigjson")]
    [InlineData(".dockercfg")]
    public async Task Name_and_password_go_to_the_registry_when_it_asks_for_them(string key)
    {
        Wants(Basic, "Basic realm=\"r\"");
        var secret = key == ".dockercfg" ? new Dictionary<string, string> { [key] = Auths(_registry.Host) } : Secret(_registry.Host);

        Assert.Equal(_digest, (await ResolveAsync(secret)).Image?.Digest);
        Assert.Equal("GET /v2/acme/edge/manifests/stable", _registry.Asked[0]);
        Assert.Equal("GET /v2/acme/edge/manifests/stable " + Basic, _registry.Asked[1]);
    }

    [Fact]
    public async Task A_secret_for_another_registry_is_not_sent_and_that_is_said()
    {
        Wants(Basic, "Basic realm=\"r\"");

        var outcome = await ResolveAsync(Secret("quay.io"));

        Assert.Equal((null, Reasons.AuthenticationFailed), (outcome.Image, outcome.Reason));
        Assert.Contains($"UNAUTHORIZED: authentication required: the Secret ostler-system/pull has no entry for {_registry.Host}/acme/edge", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(["GET /v2/acme/edge/manifests/stable"], _registry.Asked);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_it()
    {
        Wants("Basic other", "Basic realm=\"r\"");

        var outcome = await ResolveAsync(Secret(_registry.Host));

        Assert.Equal(Reasons.AuthenticationFailed, outcome.Reason);
        Assert.Contains("the credential of edge in the Secret ostler-system/pull was refused", outcome.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(2, _registry.Asked.Count);
    }

    [Theory]
    [InlineData("""{"auths":{"https://index.docker.io/v1/":{},"HOST":{"auth":"ZWRnZTpzM2NyZXQ="}},"credsStore":"osxkeychain"}""")]
    [InlineData("""{"auths":{"harbor.internal":{"username":"","password":"","auth":""},"HOST":{"auth":"ZWRnZTpzM2NyZXQ="}}}""")]
    [InlineData("""{"auths":{"harbor.internal":{"auth":"!!!"},"quay.io":"text","ghcr.io":null,"HOST":{"auth":"ZWRnZTpzM2NyZXQ="}}}""")]
    public async Task An_entry_of_no_use_does_not_spoil_the_others(string json)
    {
        Wants(Basic, "Basic realm=\"r\"");

        Assert.Equal(_digest, (await ResolveAsync(new() { [".dockerconfigjson"] = json.Replace("HOST", _registry.Host, StringComparison.Ordinal) })).Image?.Digest);
    }

    [Fact]
    public async Task A_malformed_entry_for_the_registry_itself_is_named()
    {
        Wants(Basic, "Basic realm=\"r\"");

        var outcome = await ResolveAsync(new() { [".dockerconfigjson"] = $$$$"""{"auths":{"{{{{_registry.Host}}}}":{"auth":"s3cret"}}}""" });

        Assert.Equal(Reasons.AuthenticationFailed, outcome.Reason);
        Assert.Contains($"the entry for {_registry.Host} in the Secret ostler-system/pull is not user:password in base64", outcome.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", outcome.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"token":"","access_token":"t0ken"}""")]
    [InlineData("""{"token":null,"access_token":"t0ken"}""")]
    [InlineData("""{"token":"t0ken","access_token":""}""")]
    public async Task A_token_is_found_under_either_name_though_the_other_is_empty(string json)
    {
        TokenServer(_ => Task.CompletedTask, json: json);

        Assert.Equal(_digest, (await _registry.ResolveAsync()).Image?.Digest);
    }

    [Fact]
    public async Task A_challenge_with_empty_parameters_is_answered_as_one_without_them()
    {
        string? query = null;
        TokenServer(c =>
        {
            query = c.Request.QueryString.Value;
            return Task.CompletedTask;
        });
        Wants("Bearer t0ken", $"Bearer realm=\"{_other.Url}/token\",service=\"\",scope=\"\"");

        Assert.Equal(_digest, (await _registry.ResolveAsync()).Image?.Digest);
        Assert.Equal("?scope=repository%3Aacme%2Fedge%3Apull", query);
    }

    [Fact]
    public async Task Name_and_password_go_to_a_registry_that_refuses_without_a_challenge()
    {
        Wants(Basic, "");

        Assert.Equal(_digest, (await ResolveAsync(Secret(_registry.Host))).Image?.Digest);
    }

    [Fact]
    public async Task Nobody_logged_in_is_told_where_to_name_a_Secret()
    {
        Wants(Basic, "Basic realm=\"r\"");

        Assert.Contains("spec.container.pullSecretRef", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_to_another_host_takes_no_credentials_along_and_one_within_does()
    {
        Wants(Basic, "Basic realm=\"r\"", c =>
        {
            if (c.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
            {
                c.Response.Redirect(_other.Url + c.Request.Path + "?signature=secret");
                return true;
            }

            if (c.Request.Path.Value.EndsWith("/stable", StringComparison.Ordinal))
            {
                c.Response.StatusCode = 307;
                c.Response.Headers.Location = "/v2/acme/edge/manifests/moved";
                return true;
            }

            return false;
        });
        _registry.PutImage("moved");
        _other.PutImage("stable");

        Assert.Equal(_digest, (await ResolveAsync(Secret(_registry.Host))).Image?.Digest);
        Assert.Contains("GET /v2/acme/edge/manifests/moved " + Basic, _registry.Asked);
        Assert.DoesNotContain(_other.Asked, a => a.Contains("Basic", StringComparison.Ordinal));
        Assert.Single(_other.Asked);
    }

    [Fact]
    public async Task Redirects_in_circles_end()
    {
        _registry.Answer = c =>
        {
            c.Response.Redirect(c.Request.Path);
            return Task.FromResult(true);
        };

        Assert.Contains("more than 5 redirects", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);
        Assert.Equal(6, _registry.Asked.Count);
    }

    [Fact]
    public async Task TLS_with_an_authority_of_ones_own_is_trusted_when_that_is_given_and_never_left_for_plain_HTTP()
    {
        await using var front = new TlsFront(new Uri(_registry.Url));
        ContainerSource Secured(ContainerSource s) => s with { Image = $"{front.Address.Authority}/acme/edge:stable", PlainHttp = false };

        var unknown = await _registry.ResolveAsync(change: Secured, options: ContainerRegistry.Fast with { Retries = 1 });
        Assert.Equal(Reasons.ResolveFailed, unknown.Reason);
        Assert.Contains("spec.container.caBundle", unknown.Message, StringComparison.Ordinal);
        Assert.Empty(_registry.Asked);

        Assert.Equal(_digest, (await _registry.ResolveAsync(change: s => Secured(s) with { CaBundle = front.Authority })).Image?.Digest);
        await using var api = ContainerRegistry.Secrets(new() { ["ca"] = new() { ["ca.crt"] = front.Authority }, ["other"] = new() { ["ca.crt"] = TlsFront.AnotherAuthority() } });
        Assert.Equal(_digest, (await _registry.ResolveAsync(change: s => Secured(s) with { CaSecretRef = Named("ca") }, client: Given.Client(api))).Image?.Digest);
        Assert.Null((await _registry.ResolveAsync(change: s => Secured(s) with { CaSecretRef = Named("other") }, client: Given.Client(api))).Image);

        _registry.Answer = c =>
        {
            c.Response.Redirect(_other.Url + c.Request.Path);
            return Task.FromResult(true);
        };
        Assert.Contains("from https to http", (await _registry.ResolveAsync(change: s => Secured(s) with { CaBundle = front.Authority })).Message, StringComparison.Ordinal);
        Assert.Empty(_other.Asked);
    }

    [Fact]
    public async Task A_token_server_without_TLS_is_not_trusted_by_a_registry_with_it()
    {
        await using var front = new TlsFront(new Uri(_registry.Url));
        TokenServer(_ => Task.CompletedTask);

        var outcome = await _registry.ResolveAsync(change: s => s with { Image = $"{front.Address.Authority}/acme/edge:stable", PlainHttp = false, CaBundle = front.Authority });

        Assert.Equal(Reasons.AuthenticationFailed, outcome.Reason);
        Assert.Contains("which is not https", outcome.Message, StringComparison.Ordinal);
        Assert.Empty(_other.Asked);
    }

    [Theory]
    [InlineData("missing", "does not exist")]
    [InlineData("forbidden", "the controller may not read")]
    [InlineData("empty", "has no key .dockercfg and no key .dockerconfigjson")]
    [InlineData("broken", "is not the JSON that kubectl create secret docker-registry writes")]
    public async Task A_Secret_that_cannot_be_read_is_told_by_name_and_field_and_nothing_is_asked(string secret, string why)
    {
        await using var api = ContainerRegistry.Secrets(new()
        {
            ["forbidden"] = null,
            ["empty"] = new() { ["x"] = "y" },
            ["broken"] = new() { [".dockerconfigjson"] = "s3cret" },
        });

        var outcome = await _registry.ResolveAsync(change: s => s with { PullSecretRef = Named(secret) }, client: Given.Client(api));

        Assert.Equal((null, Reasons.SecretNotReadable), (outcome.Image, outcome.Reason));
        Assert.Contains(why, outcome.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"ostler-system/{secret} (spec.container.pullSecretRef)", outcome.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", outcome.Message, StringComparison.Ordinal);
        Assert.Empty(_registry.Asked);
    }

    private static SecretReference Named(string name) => new() { Namespace = "ostler-system", Name = name };

    private static string Auths(string host) => $$$"""{"{{{host}}}":{"auth":"{{{Convert.ToBase64String("edge:s3cret"u8.ToArray())}}}"}}""";

    private static Dictionary<string, string> Secret(string host) => new() { [".dockerconfigjson"] = $$$"""{"auths":{{{Auths(host)}}}}""" };

    private async Task<ResolveOutcome> ResolveAsync(Dictionary<string, string> secret)
    {
        await using var api = ContainerRegistry.Secrets(new() { ["pull"] = secret });
        return await _registry.ResolveAsync(change: s => s with { PullSecretRef = Named("pull") }, client: Given.Client(api));
    }

    private void Wants(string authorization, string challenge, Func<HttpContext, bool>? then = null) => _registry.Answer = async c =>
    {
        if (c.Request.Headers.Authorization == authorization)
        {
            return then?.Invoke(c) == true;
        }

        c.Response.StatusCode = 401;
        c.Response.Headers.WWWAuthenticate = challenge;
        await c.Response.WriteAsync("""{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""");
        return true;
    };

    private void TokenServer(Func<HttpContext, Task> asked, bool oauth = false, string? json = null)
    {
        Wants("Bearer t0ken", $"Bearer realm=\"{_other.Url}/token\",service=\"registry.example\",scope=\"repository:acme/edge:pull\"");
        _other.Answer = async c =>
        {
            await asked(c);
            await c.Response.WriteAsync(json ?? (oauth ? """{"access_token":"t0ken"}""" : """{"token":"t0ken","expires_in":300}"""));
            return true;
        };
    }
}
