using Microsoft.AspNetCore.Http;
using Ostler.Api.Meta;
using Ostler.Controller.OSImages;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages;

public sealed class OstreeRepositoryTests
{
    private const string Commit = "b450cc5b7d514a164762adbcbf8396c66ed6e69b49deac6251426db9e1e44819";

    private static readonly OstreeRepositoryOptions Fast = new()
    {
        Random = () => 0.5,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        AttemptTimeout = TimeSpan.FromSeconds(30),
    };

    [Fact]
    public async Task A_ref_resolves_to_the_commit_in_its_file()
    {
        string? asked = null;
        await using var server = await LoopbackHttp.StartAsync(c =>
        {
            asked = c.Request.Path;
            return c.Response.WriteAsync(Commit + "\n");
        });

        var answer = await Repository().ResolveRefAsync(server.Url + "/repo/", "acme/stable/x86_64/edge", Cancel);

        Assert.Equal(Commit, answer.Value);
        Assert.Equal("/repo/refs/heads/acme/stable/x86_64/edge", asked);
    }

    public static TheoryData<int, string, string, string> Refusals => new()
    {
        { 404, "", Reasons.RefNotFound, "404 Not Found: check that the ref edge is published there" },
        { 403, "token expired", Reasons.ResolveFailed, "403 Forbidden: \"token expired\"" },
        { 200, "<html>Welcome to the captive portal</html>", Reasons.ResolveFailed, "begins with \"<html>Welcome" },
        { 200, "", Reasons.ResolveFailed, "not a commit of 64 hexadecimal digits" },
        { 200, Commit.ToUpperInvariant(), Reasons.ResolveFailed, "not a commit of 64 hexadecimal digits" },
        { 200, Commit + "\n" + Commit, Reasons.ResolveFailed, "not a commit of 64 hexadecimal digits" },
        { 500, "disk\nfull", Reasons.ResolveFailed, "500 Internal Server Error: \"disk full\"" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task What_is_no_commit_is_told_in_the_servers_own_words(int code, string body, string reason, string words)
    {
        await using var server = await LoopbackHttp.StartAsync(c =>
        {
            c.Response.StatusCode = code;
            return c.Response.WriteAsync(body);
        });

        var answer = await Repository().ResolveRefAsync(server.Url, "edge", Cancel);

        Assert.Null(answer.Value);
        Assert.Equal(reason, answer.Reason);
        Assert.Contains(words, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_fails_once_is_asked_again()
    {
        var calls = 0;
        await using var server = await LoopbackHttp.StartAsync(c =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                c.Response.StatusCode = 503;
                return Task.CompletedTask;
            }

            return c.Response.WriteAsync(Commit);
        });

        Assert.Equal(Commit, (await Repository().ResolveRefAsync(server.Url, "edge", Cancel)).Value);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_missing_ref_is_not_asked_for_again()
    {
        var calls = 0;
        await using var server = await LoopbackHttp.StartAsync(c =>
        {
            Interlocked.Increment(ref calls);
            c.Response.StatusCode = 404;
            return Task.CompletedTask;
        });

        await Repository().ResolveRefAsync(server.Url, "edge", Cancel);

        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Redirects_are_followed_but_not_in_circles()
    {
        await using var server = await LoopbackHttp.StartAsync(c =>
        {
            if (c.Request.Path == "/moved/refs/heads/edge")
            {
                c.Response.Redirect("/new");
                return Task.CompletedTask;
            }

            if (c.Request.Path == "/new")
            {
                return c.Response.WriteAsync(Commit);
            }

            c.Response.Redirect(c.Request.Path);
            return Task.CompletedTask;
        });
        var repository = Repository();

        Assert.Equal(Commit, (await repository.ResolveRefAsync(server.Url + "/moved", "edge", Cancel)).Value);
        var circle = await repository.ResolveRefAsync(server.Url + "/circle", "edge", Cancel);

        Assert.Null(circle.Value);
        Assert.Contains("302 Found: more than 5 redirects", circle.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        await using var server = await LoopbackHttp.StartAsync(c => Task.Delay(Timeout.Infinite, c.RequestAborted));

        var answer = await Repository(Fast with { AttemptTimeout = TimeSpan.FromMilliseconds(50), Retries = 1 })
            .ResolveRefAsync(server.Url, "edge", Cancel);

        Assert.Contains("no answer within 50ms", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stalls_within_its_body_is_given_up()
    {
        await using var server = await LoopbackHttp.StartAsync(async c =>
        {
            await c.Response.WriteAsync(Commit[..10]);
            await c.Response.Body.FlushAsync(c.RequestAborted);
            await Task.Delay(Timeout.Infinite, c.RequestAborted);
        });

        var answer = await Repository(Fast with { AttemptTimeout = TimeSpan.FromMilliseconds(50), Retries = 1 })
            .ResolveRefAsync(server.Url, "edge", Cancel);

        Assert.Null(answer.Value);
        Assert.Contains("no answer within 50ms", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_without_end_is_cut_off()
    {
        await using var server = await LoopbackHttp.StartAsync(async c =>
        {
            var block = new byte[64 * 1024];
            while (!c.RequestAborted.IsCancellationRequested)
            {
                await c.Response.Body.WriteAsync(block, c.RequestAborted);
            }
        });

        var answer = await Repository().ResolveRefAsync(server.Url, "edge", Cancel);

        Assert.Contains("larger than 1024 bytes", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_told_as_such()
    {
        string url;
        await using (var server = await LoopbackHttp.StartAsync(_ => Task.CompletedTask))
        {
            url = server.Url;
        }

        var answer = await Repository().ResolveRefAsync(url, "edge", Cancel);

        Assert.Equal(Reasons.ResolveFailed, answer.Reason);
        Assert.Contains("refused", answer.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_host_that_keeps_failing_is_left_alone_and_another_host_is_not()
    {
        var calls = 0;
        await using var broken = await LoopbackHttp.StartAsync(c =>
        {
            Interlocked.Increment(ref calls);
            c.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var healthy = await LoopbackHttp.StartAsync(c => c.Response.WriteAsync(Commit));
        var repository = Repository();

        for (var i = 0; i < 4; i++)
        {
            await repository.ResolveRefAsync(broken.Url, "edge", Cancel);
        }

        Assert.Equal(6, calls);
        Assert.Contains("not contacted for 30s", (await repository.ResolveRefAsync(broken.Url, "edge", Cancel)).Message, StringComparison.Ordinal);
        Assert.Equal(Commit, (await repository.ResolveRefAsync(healthy.Url, "edge", Cancel)).Value);
    }

    internal static OstreeRepository Repository(OstreeRepositoryOptions? options = null) =>
        new(OstreeRepository.CreateHttpClient(), new(), options ?? Fast);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
