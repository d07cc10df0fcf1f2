using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Console;
using Ostler.Controller.Console.Live;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Tests.Console;

public sealed class ConsoleServerTests
{
    [Theory]
    [InlineData("/", "text/html", HttpStatusCode.OK)]
    [InlineData("/app.js", "text/javascript", HttpStatusCode.OK)]
    [InlineData("/console.css", "text/css", HttpStatusCode.OK)]
    [InlineData("/icon.svg", "image/svg+xml", HttpStatusCode.OK)]
    [InlineData("/api/nodes/a", "application/json", HttpStatusCode.NotFound)]
    [InlineData("/api/nodes/none", "application/json", HttpStatusCode.NotFound)]
    [InlineData("/../Program.cs", "application/json", HttpStatusCode.NotFound)]
    [InlineData("/api", "application/json", HttpStatusCode.NotFound)]
    public async Task Every_answer_carries_the_headers_that_keep_a_browser_in_check(string path, string type, HttpStatusCode status)
    {
        await using var console = await RunningConsole.StartAsync(others: (_, response) => response.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[]}"""));
        using var response = await console.GetAsync(path);

        Assert.Equal((path == "/api/nodes/a" ? HttpStatusCode.OK : status, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal(
            ["nosniff", "DENY", "no-referrer", "same-origin", "same-origin"],
            ((string[])["X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"]).Select(h => Assert.Single(response.Headers.GetValues(h))));
        Assert.False(response.Headers.Contains("Server"));
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    /// <summary>The policy forbids them, so that a page that has one would be broken.</summary>
    [Fact]
    public async Task The_page_has_nothing_inline_and_nothing_from_elsewhere()
    {
        await using var console = await RunningConsole.StartAsync();
        Assert.Equal(["/address.js", "/app.js", "/commands.js", "/console.css", "/dom.js", "/feed.js", "/fleet.js", "/icon.svg",
            "/images.js", "/index.html", "/node.js", "/policy.js", "/timeline.js", "/words.js"],
            ConsoleFiles.Paths.Order(StringComparer.Ordinal));
        foreach (var path in ConsoleFiles.Paths)
        {
            var text = (await console.Http.GetStringAsync(path, Given.Cancel)).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.DoesNotMatch("https?://|<style|\\sstyle=|\\son[a-z]+=\"|innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(|new Function", text);
        }
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        await using var console = await RunningConsole.StartAsync();
        using var first = await console.GetAsync("/app.js");
        using var second = await console.GetAsync("/app.js", ("If-None-Match", first.Headers.ETag!.ToString()));

        Assert.Equal((HttpStatusCode.NotModified, 0), (second.StatusCode, (await second.Content.ReadAsByteArrayAsync(Given.Cancel)).Length));
    }

    [Theory]
    [InlineData("evil.example", "", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example", "", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost:9999", "", HttpStatusCode.OK)]
    [InlineData("[::1]", "", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:8082", "", HttpStatusCode.OK)]
    [InlineData("ostler.example", "ostler.example", HttpStatusCode.OK)]
    [InlineData("other.example", "ostler.example", HttpStatusCode.MisdirectedRequest)]
    public async Task A_name_that_was_made_to_point_here_opens_nothing(string host, string allowed, HttpStatusCode status)
    {
        await using var console = await RunningConsole.StartAsync(new() { Hosts = allowed.Length > 0 ? [allowed] : [] });
        using var response = await console.GetAsync("/", ("Host", host));

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("POST", "same-origin", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "same-origin", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PATCH", "none", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("GET", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("GET", "same-origin", HttpStatusCode.OK)]
    public async Task It_reads_only_and_for_its_own_page_only(string method, string site, HttpStatusCode status)
    {
        await using var console = await RunningConsole.StartAsync();
        using var request = new HttpRequestMessage(new(method), "/app.js") { Headers = { { "Sec-Fetch-Site", site }, { "Sec-Fetch-Mode", "cors" } } };
        using var response = await console.Http.SendAsync(request, Given.Cancel);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task The_stream_begins_with_everything_and_goes_on_with_what_changed()
    {
        await using var console = await RunningConsole.StartAsync();
        using var response = await console.GetAsync("/api/fleet");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Given.Cancel));

        var first = await RunningConsole.NextAsync(reader);
        Assert.Equal(("text/event-stream", "event: fleet"), (response.Content.Headers.ContentType?.MediaType, first[0]));
        var data = JsonNode.Parse(first[1]["data: ".Length..])!;
        Assert.True((bool)data["changes"]!["full"]!);
        Assert.Equal("Staged", (string?)data["changes"]!["nodes"]![0]!["step"]);
        Assert.NotNull(data["contact"]);

        console.Api.Put(OstlerResources.NodeOSes, Given.NodeOS("a", status: new() { Step = NodeStep.Rebooting }));
        var second = await RunningConsole.NextAsync(reader);
        var changes = JsonNode.Parse(second[1]["data: ".Length..])!["changes"]!;
        Assert.Equal((false, 1, 0, "Rebooting"), ((bool)changes["full"]!, changes["nodes"]!.AsArray().Count, changes["policies"]!.AsArray().Count, (string?)changes["nodes"]![0]!["step"]));

        // Who comes back with what it has gets the difference, and an ID that is nobody's gets everything.
        console.Api.Put(CoreResources.Nodes, Given.Node("b"));
        await RunningConsole.NextAsync(reader);
        Assert.Equal((false, "b"), await ComesBackAsync(second[2]["id: ".Length..]));
        Assert.Equal((true, "a,b"), await ComesBackAsync("another-7"));

        async Task<(bool Full, string Nodes)> ComesBackAsync(string id)
        {
            using var again = await console.GetAsync("/api/fleet", ("Last-Event-ID", id));
            using var lines = new StreamReader(await again.Content.ReadAsStreamAsync(Given.Cancel));
            var json = JsonNode.Parse((await RunningConsole.NextAsync(lines))[1]["data: ".Length..])!["changes"]!;
            return ((bool)json["full"]!, string.Join(',', json["nodes"]!.AsArray().Select(n => (string)n!["name"]!).Order(StringComparer.Ordinal)));
        }
    }

    [Fact]
    public async Task A_line_break_in_a_message_makes_no_line_of_the_stream()
    {
        await using var console = await RunningConsole.StartAsync();
        console.Api.Put(OstlerResources.NodeOSes, Given.NodeOS("a", status: new() { LastError = new() { Reason = "X", Message = "one\n\nevent: fleet\r\ndata: {}\n\n\u2028<script>", At = Given.Now } }));
        using var response = await console.GetAsync("/api/fleet");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Given.Cancel));

        var lines = await RunningConsole.NextAsync(reader);

        Assert.Equal(["event", "data", "id"], lines.Select(l => l.Split(':')[0]));
        Assert.DoesNotContain("<script>", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quiet_stream_says_that_it_is_alive()
    {
        await using var console = await RunningConsole.StartAsync(new() { Beat = TimeSpan.FromMilliseconds(300) });
        using var response = await console.GetAsync("/api/fleet");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Given.Cancel));
        await RunningConsole.NextAsync(reader);

        Assert.Equal("event: beat", (await RunningConsole.NextAsync(reader))[0]);
    }

    [Fact]
    public async Task No_more_pages_than_may_be_are_open_at_once()
    {
        await using var console = await RunningConsole.StartAsync(new() { MaxViewers = 1 });
        using var first = await console.GetAsync("/api/fleet");
        using var reader = new StreamReader(await first.Content.ReadAsStreamAsync(Given.Cancel));
        await RunningConsole.NextAsync(reader);

        using var second = await console.GetAsync("/api/fleet");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "30"), (second.StatusCode, second.Headers.RetryAfter?.ToString()));
        Assert.Equal("TooManyViewers", (string?)JsonNode.Parse(await second.Content.ReadAsStringAsync(Given.Cancel))!["reason"]);
    }

    [Fact]
    public async Task A_console_that_nobody_looks_at_watches_nothing_and_one_that_was_left_ends_its_watches()
    {
        var time = new FakeTimeProvider(Given.Now);
        await using var source = new FleetSource(() => new(Given.Nowhere, time, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, () => 0.5), time);
        Assert.False(source.IsRunning);

        var (one, two) = (source.Open(), source.Open());
        Assert.Same(one.Caches, two.Caches);
        one.Dispose();
        one.Dispose();
        time.Advance(FleetSource.Idle * 2);
        Assert.True(source.IsRunning);

        two.Dispose();
        time.Advance(FleetSource.Idle / 2);
        using (var back = source.Open())
        {
            Assert.Same(two.Caches, back.Caches);
            time.Advance(FleetSource.Idle);
            Assert.True(source.IsRunning);
        }

        time.Advance(FleetSource.Idle);
        Assert.False(source.IsRunning);
    }

    [Fact]
    public async Task An_API_server_that_says_no_leaves_the_history_without_Events_and_says_so()
    {
        await using var console = await RunningConsole.StartAsync(others: (_, response) => response.StatusAsync(403, "Forbidden", "events is forbidden"));
        var history = JsonNode.Parse(await console.Http.GetStringAsync("/api/nodes/a", Given.Cancel))!;

        Assert.Contains("events is forbidden", (string?)history["eventsProblem"], StringComparison.Ordinal);
        Assert.Equal("Staged", (string?)history["row"]!["step"]);
    }
}
