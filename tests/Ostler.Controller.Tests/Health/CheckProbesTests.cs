using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Checks;
using Ostler.Testing.Scripted;
using Ostler.Testing.Waiting;

namespace Ostler.Controller.Tests.Health;

public sealed class CheckProbesTests
{
    private const string One = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1,"1"]}]}}""";

    private static readonly SecretReference Secret = new() { Namespace = "ostler-system", Name = "monitoring" };

    [Fact]
    public async Task A_url_is_asked_for_the_node_and_judged_by_its_answer()
    {
        await using var server = new ScriptedServer((request, response, _) =>
            response.WholeAsync(request.Path == "/n1.acme.example" ? 200 : 500, "text/plain", "starting up"u8.ToArray()));
        var url = $"http://{{address}}:{server.Address.Port}";

        Assert.Equal(CheckOutcome.Passed, (await MakeAsync(Http($"{url}/{{node}}"))).Outcome);
        var no = await MakeAsync(Http($"{url}/other?token=private"));
        Assert.Equal((CheckOutcome.False, $"GET {server.Address}other answers 500 Scripted: \"starting up\""), (no.Outcome, no.Message));
    }

    [Fact]
    public async Task What_cannot_be_asked_is_an_error_with_its_cause()
    {
        await using var server = new ScriptedServer((_, response, _) =>
        {
            response.Reset();
            return Task.CompletedTask;
        });
        var reset = await MakeAsync(Http(server.Address.AbsoluteUri));
        await server.StopAsync();
        var refused = await MakeAsync(Http(server.Address.AbsoluteUri));

        Assert.Equal([CheckOutcome.Error, CheckOutcome.Error], [reset.Outcome, refused.Outcome]);
        Assert.Contains("refused", refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith(server.Address.AbsoluteUri, refused.Message, StringComparison.Ordinal);

        var homeless = await MakeAsync(Http("http://{address}/"), Subject() with { Address = null });
        Assert.Equal((CheckOutcome.Error, true), (homeless.Outcome, homeless.Message.Contains("no InternalIP", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_authority_may_come_from_a_Secret()
    {
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(200, "text/plain", []));
        await using var front = new TlsFront(server);
        await using var api = Secrets(new() { ["ca.crt"] = front.Authority });
        using var client = Given.Client(api);

        Assert.Equal(CheckOutcome.Error, (await MakeAsync(Http(front.Address.AbsoluteUri))).Outcome);
        Assert.Equal(CheckOutcome.Passed, (await MakeAsync(Http(front.Address.AbsoluteUri, new() { CaSecretRef = Secret }), client: client)).Outcome);
        Assert.Equal("/api/v1/namespaces/ostler-system/secrets/monitoring", Assert.Single(api.Received).Path);
    }

    [Fact]
    public async Task Prometheus_is_asked_over_tls_with_the_token_and_the_nodes_name_in_the_query()
    {
        await using var server = new ScriptedServer((request, response, _) => request.Header("authorization") == "Bearer s3cret"
            ? response.JsonAsync(One)
            : response.WholeAsync(401, "text/plain", "who are you?"u8.ToArray()));
        await using var front = new TlsFront(server);
        await using var api = Secrets(new() { ["token"] = "s3cret\n" });
        using var client = Given.Client(api);
        var check = Ask(front.Address + "prefix/", "up{instance=\"{node}\"}") with { Timeout = new Duration(TimeSpan.FromSeconds(7.5)) };
        check = check with { Prometheus = check.Prometheus! with { Tls = new() { CaBundle = front.Authority } } };

        var without = await MakeAsync(check, client: client);
        var with = await MakeAsync(check with { Prometheus = check.Prometheus with { BearerTokenSecretRef = Secret } }, client: client);

        Assert.Equal((CheckOutcome.Error, $"{front.Address.Authority}: answers 401: \"who are you?\"; see bearerTokenSecretRef"), (without.Outcome, without.Message));
        Assert.Equal((CheckOutcome.Passed, $"{front.Address.Authority}: 1 sample, wanted: other than 0"), (with.Outcome, with.Message));
        Assert.All(server.Received, r => Assert.Equal(("POST", "/prefix/api/v1/query", "query=up%7Binstance%3D%22n1.acme.example%22%7D&timeout=7.5"), (r.Method, r.Path, r.BodyText)));
        Assert.DoesNotContain("s3cret", without.Message + with.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prometheus_gets_headers_and_parameters_of_the_check()
    {
        await using var server = new ScriptedServer((_, response, _) => response.JsonAsync(One));
        var check = Ask(server.Address.AbsoluteUri, "up");
        check = check with
        {
            Prometheus = check.Prometheus! with
            {
                Headers = [new() { Name = "X-Scope-OrgID", Value = "team-a|team-b" }],
                Parameters = [new() { Name = "partial_response", Value = "false" }, new() { Name = "storeMatch[]", Value = "{region=\"a&b\"}" }],
            },
        };

        Assert.Equal(CheckOutcome.Passed, (await MakeAsync(check)).Outcome);

        var request = Assert.Single(server.Received);
        Assert.Equal(("team-a|team-b", "false", "{region=\"a&b\"}"), (request.Header("x-scope-orgid"), request.Query("partial_response"), request.Query("storeMatch[]")));
        Assert.Equal("query=up&timeout=10", request.BodyText);
    }

    [Theory]
    [InlineData("Authorization", "Bearer x")]
    [InlineData("host", "elsewhere")]
    [InlineData("Content-Length", "0")]
    [InlineData("X-Tenant", "a\r\nAuthorization: Bearer x")]
    public async Task A_header_that_may_not_be_set_is_never_sent_even_if_validation_was_passed_over(string name, string value)
    {
        await using var server = new ScriptedServer((_, response, _) => response.JsonAsync(One));
        var check = Ask(server.Address.AbsoluteUri, "up");

        var finding = await MakeAsync(check with { Prometheus = check.Prometheus! with { Headers = [new() { Name = name, Value = value }] } });

        Assert.Equal(CheckOutcome.Error, finding.Outcome);
        Assert.Empty(server.Received);
    }

    [Fact]
    public async Task A_token_is_not_sent_to_a_server_that_nobody_vouches_for()
    {
        await using var server = new ScriptedServer((_, response, _) => response.JsonAsync(One));
        await using var front = new TlsFront(server);
        await using var api = Secrets(new() { ["token"] = "s3cret" });
        using var client = Given.Client(api);
        var check = Ask(front.Address.AbsoluteUri, "up");

        var finding = await MakeAsync(check with { Prometheus = check.Prometheus! with { BearerTokenSecretRef = Secret, Tls = new() { InsecureSkipVerify = true } } }, client: client);

        Assert.StartsWith("tls.insecureSkipVerify must not be set with bearerTokenSecretRef", finding.Message, StringComparison.Ordinal);
        Assert.Empty(server.Received);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/", "169.254.169.254 is a link-local or cloud metadata address")]
    [InlineData("http://[fd00:ec2::254]/", "fd00:ec2::254 is a link-local or cloud metadata address")]
    [InlineData("http://0xA9FEA9FE/", "169.254.169.254 is a link-local or cloud metadata address")]
    public async Task Link_local_addresses_are_refused(string url, string message)
    {
        Assert.Contains(message, (await MakeAsync(Http(url))).Message, StringComparison.Ordinal);
        Assert.Contains(message, (await MakeAsync(Ask(url, "up"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_to_a_link_local_address_is_refused()
    {
        await using var server = new ScriptedServer((_, response, _) =>
            response.WholeAsync(302, "text/plain", [], new Dictionary<string, string> { ["Location"] = "http://169.254.169.254/latest/meta-data/" }));

        var finding = await MakeAsync(Http(server.Address.AbsoluteUri));

        Assert.Equal((CheckOutcome.Error, true), (finding.Outcome, finding.Message.Contains("169.254.169.254 is a link-local", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_token_goes_nowhere_else()
    {
        await using var elsewhere = new ScriptedServer((_, response, _) => response.JsonAsync(One));
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(307, "text/plain", [], new Dictionary<string, string> { ["Location"] = elsewhere.Address.AbsoluteUri }));

        var finding = await MakeAsync(Ask(server.Address.AbsoluteUri, "up"));

        Assert.Equal(CheckOutcome.Error, finding.Outcome);
        Assert.Contains("redirects are not followed", finding.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Received);
    }

    [Fact]
    public async Task An_endless_answer_is_not_read_to_its_end()
    {
        await using var server = new ScriptedServer(async (_, response, hangUp) =>
        {
            var line = new string('x', 64 * 1024);
            while (!hangUp.IsCancellationRequested)
            {
                await response.WriteAsync(line);
            }
        });

        Assert.Contains("longer than 1 MiB", (await MakeAsync(Ask(server.Address.AbsoluteUri, "up"))).Message, StringComparison.Ordinal);
    }

    public static TheoryData<int, string, string> NoSecret => new()
    {
        { 404, "{}", "the Secret ostler-system/monitoring does not exist" },
        { 403, "{}", "the controller may not read the Secret ostler-system/monitoring: grant get on secrets with the Role ostler-health-checks" },
        { 500, "{}", "the Secret ostler-system/monitoring cannot be read: " },
        { 200, """{"metadata":{"name":"monitoring","labels":{"ostler.dev/use":"health-check"}}}""", "the Secret ostler-system/monitoring has no key token" },
        { 200, """{"metadata":{"name":"monitoring","labels":{"ostler.dev/use":"health-check"}},"data":{"token":""}}""", "the Secret ostler-system/monitoring has no key token" },
        { 200, """{"metadata":{"name":"monitoring","labels":{"ostler.dev/use":"health-check"}},"data":{"token":"%%%"}}""", "the key token of the Secret ostler-system/monitoring cannot be read" },
        { 200, """{"metadata":{"name":"monitoring","labels":{"ostler.dev/use":"health-check"}},"data":{"token":"YQpi"}}""", "the key token of the Secret ostler-system/monitoring is not a token" },
        { 200, "<html>", "the Secret ostler-system/monitoring cannot be read: " },
        { 200, """{"metadata":{"name":"monitoring"},"data":{"token":"YWJj"}}""", "the Secret ostler-system/monitoring is not marked for use by Ostler, but is used for health-check. If that is intended, run: kubectl -n ostler-system label secret monitoring ostler.dev/use=health-check" },
        { 200, """{"metadata":{"name":"monitoring","labels":{"ostler.dev/use":"pull"}},"data":{"token":"YWJj"}}""", "the Secret ostler-system/monitoring is marked ostler.dev/use: pull, but is used for health-check." },
        {
            200, """{"metadata":{"name":"monitoring","labels":{"ostler.dev/use":"health-check"}},"type":"kubernetes.io/service-account-token","data":{"token":"YWJj"}}""",
            "the Secret ostler-system/monitoring is a service account token, which Ostler never uses"
        },
    };

    [Theory]
    [MemberData(nameof(NoSecret))]
    public async Task Without_its_token_Prometheus_is_not_asked(int code, string body, string message)
    {
        await using var prometheus = new ScriptedServer((_, response, _) => response.JsonAsync(One));
        await using var api = new ScriptedServer((_, response, _) => response.JsonAsync(body, code));
        using var client = Given.Client(api);
        var check = Ask(prometheus.Address.AbsoluteUri, "up");

        var finding = await MakeAsync(check with { Prometheus = check.Prometheus! with { BearerTokenSecretRef = Secret } }, client: client);

        Assert.Equal(CheckOutcome.Error, finding.Outcome);
        Assert.StartsWith(message, finding.Message, StringComparison.Ordinal);
        Assert.Empty(prometheus.Received);
    }

    [Fact]
    public async Task Pods_are_compared_with_those_of_before_as_soon_as_they_are_known()
    {
        var clock = new TestClock(Given.Now);
        var pods = new Pods();
        var check = new HealthCheck { Name = "cni", Pods = new() { Selector = new() } };
        var subject = Subject() with { ReadyBefore = [new() { Check = "cni", Total = 1, Pods = [new() { Namespace = "kube-system", Name = "cni-a" }] }] };
        var made = new CheckProbes(Given.Nowhere, pods, clock).MakeAsync(subject, check, Given.Cancel);
        await clock.WaitedForAsync(TimeSpan.FromSeconds(1));
        Assert.False(made.IsCompleted);

        pods.Known = [new() { Namespace = "kube-system", Name = "cni-a", Uid = "1", Ready = true }];
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(CheckFinding.Pass("1 Ready again"), await made);
        pods.Known = [];
        Assert.Equal(CheckOutcome.Missing, (await new CheckProbes(Given.Nowhere, pods, clock).MakeAsync(subject, check, Given.Cancel)).Outcome);
    }

    [Fact]
    public async Task Every_kind_of_the_controllers_has_a_runner_and_no_other_passes()
    {
        await using var api = new ScriptedServer((_, response, _) => response.JsonAsync("{}", 404));
        using var client = Given.Client(api);
        foreach (var kind in CheckSamples.Kinds)
        {
            var check = CheckSamples.Valid(kind);
            check = check.Http is { } http ? check with { Http = http with { From = HttpCheckOrigin.Controller } } : check;

            var finding = await MakeAsync(check, client: client);

            var isOurs = CheckKinds.RunnerOf(check) == CheckRunner.Controller;
            Assert.True(isOurs || finding == CheckFinding.Error($"the controller does not run {kind} checks"), $"{kind}: {finding}");
            Assert.False(isOurs && finding.Message.Contains("does not run", StringComparison.Ordinal), $"{kind}: {finding}");
        }
    }

    [Theory]
    [InlineData("""{"name": "tls", "certificate": {"secret": "x"}}""", "this controller does not know the kind certificate. Upgrade Ostler")]
    [InlineData("""{"name": "tls"}""", "it sets no kind that this controller knows. Upgrade Ostler")]
    public async Task A_check_of_no_known_kind_is_an_error_that_says_what_to_do(string json, string words)
    {
        var finding = await MakeAsync(JsonSerializer.Deserialize(json, OstlerJson.Default.HealthCheck)!);

        Assert.Equal(CheckOutcome.Error, finding.Outcome);
        Assert.StartsWith(words, finding.Message, StringComparison.Ordinal);
    }

    private static Task<CheckFinding> MakeAsync(HealthCheck check, CheckSubject? subject = null, ApiClient? client = null) =>
        new CheckProbes(client ?? Given.Nowhere, new Pods { Known = [] }, new FakeTimeProvider(Given.Now)).MakeAsync(subject ?? Subject(), check, Given.Cancel);

    private static CheckSubject Subject() => new() { Node = "n1.acme.example", Epoch = new("uid", 1, "boot-1"), Address = "127.0.0.1", Checks = [] };

    private static HealthCheck Http(string url, CheckTls? tls = null) =>
        new() { Name = "web", Http = new() { Url = url, From = HttpCheckOrigin.Controller, Tls = tls } };

    private static HealthCheck Ask(string url, string query) => new() { Name = "metrics", Prometheus = new() { Url = url, Query = query } };

    private static ScriptedServer Secrets(Dictionary<string, string> data) => new((_, response, _) => response.JsonAsync(
        $$$"""{"metadata":{"namespace":"ostler-system","name":"monitoring","labels":{"ostler.dev/use":"health-check"}},"data":{{{{string.Join(',', data.Select(d => $"\"{d.Key}\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(d.Value))}\""))}}}}}"""));

    private sealed class Pods : IDrainingPods
    {
        public IReadOnlyList<PodFacts>? Known { get; set; }

        public IReadOnlyList<PodFacts>? PodsOf(string node) => Known;

        public void Retain(string policy, IReadOnlyCollection<string> nodes)
        {
        }
    }
}
