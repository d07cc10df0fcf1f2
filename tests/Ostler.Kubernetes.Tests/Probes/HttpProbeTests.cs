using System.Text;
using Ostler.Kubernetes.Probes;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Probes;

public sealed class HttpProbeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_is_given_back_whatever_it_says()
    {
        await using var server = Serving(503, "out of service");

        var answer = await new HttpProbe(server.Address).SendAsync(Cancel);

        Assert.Equal((503, "out of service", false), (answer.Code, Encoding.UTF8.GetString(answer.Body), answer.IsCut));
        var request = Assert.Single(server.Received);
        Assert.Equal(("GET", "ostler-health-check", "close", null), (request.Method, request.Header("user-agent"), request.Header("connection"), request.Header("authorization")));
    }

    [Theory]
    [InlineData(1024, 1024, false)]
    [InlineData(1025, 1024, true)]
    [InlineData(100_000, 1024, true)]
    public async Task No_more_of_a_body_is_read_than_was_asked_for(int size, int kept, bool isCut)
    {
        await using var server = Serving(200, new string('x', size));

        var answer = await new HttpProbe(server.Address) { MaxBytes = 1024 }.SendAsync(Cancel);

        Assert.Equal((kept, isCut), (answer.Body.Length, answer.IsCut));
    }

    [Fact]
    public async Task A_form_is_posted_with_the_token()
    {
        await using var server = Serving(200, "ok");

        await new HttpProbe(server.Address) { Form = new Dictionary<string, string> { ["query"] = "up{a=\"b\"} == 1" }, BearerToken = "secret" }.SendAsync(Cancel);

        var request = Assert.Single(server.Received);
        Assert.Equal(("POST", "query=up%7Ba%3D%22b%22%7D+%3D%3D+1", "Bearer secret"), (request.Method, request.BodyText, request.Header("authorization")));
    }

    [Fact]
    public async Task Redirects_are_followed_but_not_for_ever()
    {
        await using var once = new ScriptedServer((request, response, _) => request.Path == "/there"
            ? response.WholeAsync(200, "text/plain", "arrived"u8.ToArray())
            : response.WholeAsync(302, "text/plain", [], new Dictionary<string, string> { ["Location"] = "/there" }));
        await using var always = new ScriptedServer((_, response, _) =>
            response.WholeAsync(302, "text/plain", [], new Dictionary<string, string> { ["Location"] = "/again" }));

        Assert.Equal("arrived", Encoding.UTF8.GetString((await new HttpProbe(once.Address).SendAsync(Cancel)).Body));
        Assert.Equal(302, (await new HttpProbe(once.Address) { MaxRedirects = 0 }.SendAsync(Cancel)).Code);
        Assert.Equal(302, (await new HttpProbe(always.Address).SendAsync(Cancel)).Code);
        Assert.Equal(6, always.Received.Count);
    }

    [Fact]
    public async Task A_redirect_from_https_to_http_is_not_followed()
    {
        await using var plain = Serving(200, "in the clear");
        await using var server = new ScriptedServer((_, response, _) =>
            response.WholeAsync(302, "text/plain", [], new Dictionary<string, string> { ["Location"] = plain.Address.AbsoluteUri }));
        await using var front = new TlsFront(server);

        var answer = await new HttpProbe(front.Address) { Tls = new() { Authorities = front.Authority } }.SendAsync(Cancel);

        Assert.Equal(302, answer.Code);
        Assert.Empty(plain.Received);
    }

    public static TheoryData<string, string> Distrusted => new()
    {
        { "no authority", "not signed by a trusted authority" },
        { "another authority", "not signed by one of the given authorities" },
        { "another name", "is not for db.acme.example but for CN=scripted" },
        { "no PEM", "the certificate authorities contain no certificate" },
        { "broken PEM", "the certificates of the authorities cannot be read" },
    };

    [Theory]
    [MemberData(nameof(Distrusted))]
    public async Task A_server_is_not_asked_that_is_not_trusted(string what, string words)
    {
        await using var server = Serving(200, "ok");
        await using var front = new TlsFront(server);
        var tls = what switch
        {
            "no authority" => new HttpProbeTls(),
            "another authority" => new() { Authorities = TlsFront.AnotherAuthority() },
            "another name" => new() { Authorities = front.Authority, ServerName = "db.acme.example" },
            "no PEM" => new() { Authorities = "trust me" },
            _ => new() { Authorities = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" },
        };

        var failure = await Assert.ThrowsAsync<HttpProbeException>(() => new HttpProbe(front.Address) { Tls = tls, BearerToken = "secret" }.SendAsync(Cancel));

        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Received);
    }

    [Theory]
    [InlineData("its authority", null, false)]
    [InlineData("its authority", "localhost", false)]
    [InlineData(null, null, true)]
    [InlineData(null, "db.acme.example", true)]
    public async Task A_server_is_asked_that_is_trusted(string? authority, string? name, bool insecure)
    {
        await using var server = Serving(200, "ok");
        await using var front = new TlsFront(server);
        var tls = new HttpProbeTls { Authorities = authority is null ? null : front.Authority, ServerName = name, Insecure = insecure };

        Assert.Equal(200, (await new HttpProbe(front.Address) { Tls = tls }.SendAsync(Cancel)).Code);
    }

    [Fact]
    public async Task Nobody_listening_and_an_answer_that_breaks_off_are_told_by_their_causes()
    {
        await using var server = new ScriptedServer(async (_, response, _) =>
        {
            await response.WriteAsync("half of");
            response.Reset();
        });
        var broken = await Assert.ThrowsAsync<HttpProbeException>(() => new HttpProbe(server.Address).SendAsync(Cancel));
        Assert.DoesNotContain("see inner exception", broken.Message, StringComparison.OrdinalIgnoreCase);

        await server.StopAsync();
        var refused = await Assert.ThrowsAsync<HttpProbeException>(() => new HttpProbe(server.Address).SendAsync(Cancel));
        Assert.Contains("refused", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_when_the_caller_says_so()
    {
        await using var server = new ScriptedServer((_, _, hangUp) => Task.Delay(Timeout.Infinite, hangUp));
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var sent = new HttpProbe(server.Address).SendAsync(timeout.Token);
        await server.NextRequestAsync(Cancel);
        await timeout.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
    }

    private static ScriptedServer Serving(int code, string body) =>
        new((_, response, _) => response.WholeAsync(code, "text/plain", Encoding.UTF8.GetBytes(body)));
}
