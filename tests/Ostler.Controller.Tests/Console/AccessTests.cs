using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Ostler.Controller.Console;
using Ostler.Controller.Console.Access;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Console;

/// <summary>Who may look, when the console is on the network.</summary>
public sealed class AccessTests
{
    private static readonly ConsoleSettings OnTheNetwork = new() { Address = new(IPAddress.Any, 0) };

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized, "TokenMissing")]
    [InlineData("Basic YTpi", HttpStatusCode.Unauthorized, "TokenMissing")]
    [InlineData("Bearer expired", HttpStatusCode.Unauthorized, "TokenRefused")]
    [InlineData("Bearer nobody", HttpStatusCode.Forbidden, "Forbidden")]
    [InlineData("Bearer half", HttpStatusCode.Forbidden, "Forbidden")]
    [InlineData("Bearer broken", HttpStatusCode.ServiceUnavailable, "ReviewFailed")]
    [InlineData("Bearer good", HttpStatusCode.OK, null)]
    public async Task On_the_network_the_API_server_says_who_may_look(string? authorization, HttpStatusCode status, string? reason)
    {
        await using var console = await RunningConsole.StartAsync(OnTheNetwork, ReviewAsync);
        foreach (var path in (string[])["/api/fleet", "/api/nodes/a"])
        {
            using var response = await console.GetAsync(path, authorization is null ? [] : [("Authorization", authorization)]);
            Assert.Equal((status, status == HttpStatusCode.Unauthorized), (response.StatusCode, response.Headers.WwwAuthenticate.Count > 0));
            if (reason is not null)
            {
                Assert.Equal(reason, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(Given.Cancel))!["reason"]);
            }
        }

        // The page itself holds nothing, and it is where one signs in.
        using var page = await console.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Theory]
    [InlineData(true, "jane")]
    [InlineData(false, null)]
    public async Task The_stream_begins_with_cluster_version_and_signed_in_user(bool tokens, string? user)
    {
        await using var console = await RunningConsole.StartAsync(new() { Tokens = tokens, ClusterName = "prod-west" }, ReviewAsync);
        using var response = await console.GetAsync("/api/fleet", tokens ? [("Authorization", "Bearer good")] : []);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Given.Cancel));

        var about = JsonNode.Parse((await RunningConsole.NextAsync(reader))[1]["data: ".Length..])!["about"]!;

        Assert.Equal(("prod-west", user, "https://ostler.dev/docs"),
            ((string?)about["cluster"], (string?)about["user"], (string?)about["docs"]));
        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", (string?)about["version"]);

        // Once is enough: what follows is the fleet.
        console.Api.Put(CoreResources.Nodes, Given.Node("b"));
        Assert.DoesNotContain("about", (await RunningConsole.NextAsync(reader))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_the_cluster_is_read_for_who_may_not_look()
    {
        await using var console = await RunningConsole.StartAsync(OnTheNetwork, ReviewAsync);
        using var response = await console.GetAsync("/api/fleet", ("Authorization", "Bearer nobody"));

        Assert.False(console.Server.Source.IsRunning);
        Assert.DoesNotContain(console.Api.Server.Received, r => r.Method == "GET");
    }

    [Fact]
    public async Task Of_who_may_not_list_Events_the_rest_is_shown()
    {
        await using var console = await RunningConsole.StartAsync(OnTheNetwork, ReviewAsync);
        using var response = await console.GetAsync("/api/nodes/a", ("Authorization", "Bearer noevents"));

        Assert.Contains("may not list Events", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(Given.Cancel))!["eventsProblem"], StringComparison.Ordinal);
        Assert.DoesNotContain(console.Api.Server.Received, r => r.Path.Contains("/events", StringComparison.Ordinal));
    }

    [Fact]
    public async Task On_loopback_a_token_is_asked_for_when_that_is_wanted()
    {
        await using var console = await RunningConsole.StartAsync(new() { Tokens = true }, ReviewAsync);
        using var response = await console.GetAsync("/api/fleet");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task An_answer_is_remembered_for_a_while_and_a_refusal_for_a_shorter_one()
    {
        var time = new FakeTimeProvider(Given.Now);
        await using var server = Given.Server(ReviewAsync);
        using var client = Given.Client(server);
        using var reviews = new AccessReviews(client, time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        Assert.Null((await reviews.AskAsync("Bearer good", Given.Cancel)).Refused);
        Assert.Null((await reviews.AskAsync("Bearer good", Given.Cancel)).Refused);
        Assert.Equal(1, Asked());
        time.Advance(AccessReviews.AllowedFor);
        await reviews.AskAsync("Bearer good", Given.Cancel);
        Assert.Equal(2, Asked());

        Assert.Equal(401, (await reviews.AskAsync("Bearer expired", Given.Cancel)).Refused?.Status);
        time.Advance(AccessReviews.RefusedFor / 2);
        await reviews.AskAsync("Bearer expired", Given.Cancel);
        Assert.Equal(3, Asked());
        time.Advance(AccessReviews.RefusedFor / 2);
        await reviews.AskAsync("Bearer expired", Given.Cancel);
        Assert.Equal(4, Asked());

        // What failed is not an answer.
        await reviews.AskAsync("Bearer broken", Given.Cancel);
        await reviews.AskAsync("Bearer broken", Given.Cancel);
        Assert.Equal(6, Asked());

        int Asked() => server.Received.Count(r => r.Path.EndsWith("/tokenreviews", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_guesses_tokens_fills_no_memory()
    {
        await using var server = Given.Server(ReviewAsync);
        using var client = Given.Client(server);
        using var reviews = new AccessReviews(client, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        for (var i = 0; i < AccessReviews.MaxRemembered + 20; i++)
        {
            await reviews.AskAsync($"Bearer guess-{i}", Given.Cancel);
        }

        Assert.InRange(reviews.Remembering, 1, AccessReviews.MaxRemembered);
    }

    [Fact]
    public async Task A_stream_ends_when_its_viewer_may_look_no_more()
    {
        var allowed = true;
        await using var console = await RunningConsole.StartAsync(
            OnTheNetwork with { Beat = TimeSpan.FromMilliseconds(200) },
            (request, response) => allowed || !request.Path.EndsWith("/tokenreviews", StringComparison.Ordinal) ? ReviewAsync(request, response) : response.JsonAsync("""{"status":{"authenticated":false}}"""),
            new FastTime());
        using var stream = await console.GetAsync("/api/fleet", ("Authorization", "Bearer good"));
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Given.Cancel));
        Assert.Equal("event: fleet", (await RunningConsole.NextAsync(reader))[0]);
        allowed = false;

        string[] last;
        do
        {
            last = await RunningConsole.NextAsync(reader);
        }
        while (last.Length > 0);
    }

    [Fact]
    public async Task No_token_comes_into_the_log()
    {
        var log = new RecordedLog();
        await using var console = await RunningConsole.StartAsync(OnTheNetwork, ReviewAsync, loggers: log);
        foreach (var token in (string[])["good", "expired", "nobody", "broken"])
        {
            using var response = await console.GetAsync("/api/nodes/a", ("Authorization", $"Bearer {token}-secret-part"));
        }

        Assert.Contains("jane opened the console", log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-part", log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-part", new TokenReviewSpec { Token = "secret-part" }.ToString(), StringComparison.Ordinal);
    }

    /// <summary>What an API server says of a few tokens.</summary>
    private static Task ReviewAsync(ScriptedRequest request, ScriptedResponse response)
    {
        if (request.Path == "/apis/authentication.k8s.io/v1/tokenreviews")
        {
            var token = (string)request.BodyJson!["spec"]!["token"]!;
            return token.Split('-')[0] switch
            {
                "broken" => response.StatusAsync(500, "InternalError", "etcd is away"),
                "good" or "nobody" or "half" or "noevents" => response.JsonAsync($$"""{"status":{"authenticated":true,"user":{"username":"{{(token.StartsWith("good", StringComparison.Ordinal) ? "jane" : token.Split('-')[0])}}","groups":["g"],"extra":{"a":["b"]} } } }"""),
                _ => response.JsonAsync("""{"status":{"authenticated":false}}"""),
            };
        }

        if (request.Path == "/apis/authorization.k8s.io/v1/subjectaccessreviews")
        {
            var spec = request.BodyJson!["spec"]!;
            Assert.Equal(("list", "g", "b"), ((string?)spec["resourceAttributes"]!["verb"], (string?)spec["groups"]![0], (string?)spec["extra"]!["a"]![0]));
            var resource = (string?)spec["resourceAttributes"]!["resource"];
            var allowed = (string?)spec["user"] switch
            {
                "jane" => true,
                "half" => resource == "nodes",
                "noevents" => resource != "events",
                _ => false,
            };
            return response.JsonAsync(allowed ? """{"status":{"allowed":true}}""" : """{"status":{"allowed":false}}""");
        }

        return response.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[]}""");
    }

    /// <summary>A minute in a fifth of a second, for what is remembered; timers are as ever.</summary>
    private sealed class FastTime : TimeProvider
    {
        public override long GetTimestamp() => base.GetTimestamp() * 300;
    }

    private sealed class RecordedLog : ILoggerFactory, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public string Text => string.Join('\n', _lines);

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _lines.Enqueue($"{formatter(state, exception)} {exception} {state}");

        public void Dispose()
        {
        }
    }
}
