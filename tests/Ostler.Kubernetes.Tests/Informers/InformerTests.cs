using Ostler.Kubernetes.Informers;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;
using k8s.Models;
using static Ostler.Kubernetes.Tests.Support.NodeJson;

namespace Ostler.Kubernetes.Tests.Informers;

public sealed class InformerTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_watch_starts_at_the_version_of_the_list_and_asks_for_bookmarks()
    {
        await using var harness = InformerHarness.Started(Script.Of([Script.Json(List("10", Node("a", "5")))], []));

        var list = await harness.NextRequestAsync();
        var watch = await harness.NextRequestAsync();

        Assert.Equal("/api/v1/nodes", list.Path);
        Assert.Equal("250", list.Query("limit"));
        Assert.Null(list.Query("resourceVersion"));
        Assert.True(watch.IsWatch);
        Assert.Equal("10", watch.Query("resourceVersion"));
        Assert.Equal("true", watch.Query("allowWatchBookmarks"));
        // The server must end a quiet watch before the informer takes it for dead.
        Assert.InRange(int.Parse(watch.Query("timeoutSeconds")!, System.Globalization.CultureInfo.InvariantCulture), 180, 270);
        Assert.Equal("a@5", harness.Cached());
    }

    [Fact]
    public async Task Selectors_and_namespace_are_sent_with_lists_and_watches()
    {
        await using var harness = InformerHarness.Started(
            Script.Of([Script.Json(List("10"))], []),
            new InformerOptions<V1Node> { LabelSelector = "a=b,c!=d", FieldSelector = "metadata.name=x" });

        foreach (var request in new[] { await harness.NextRequestAsync(), await harness.NextRequestAsync() })
        {
            Assert.Equal("a=b,c!=d", request.Query("labelSelector"));
            Assert.Equal("metadata.name=x", request.Query("fieldSelector"));
        }
    }

    [Fact]
    public async Task Changes_of_the_watch_reach_cache_and_handlers_in_order()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5")))],
            [Script.Open(Added(Node("b", "11")), Modified(Node("a", "12")), Deleted(Node("b", "13")))]));

        Assert.Equal("Added a@5", await harness.NextEventAsync());
        Assert.Equal("Added b@11", await harness.NextEventAsync());
        Assert.Equal("Updated a@12", await harness.NextEventAsync());
        Assert.Equal("Deleted b@13", await harness.NextEventAsync());
        Assert.Equal("a@12", harness.Cached());
    }

    [Fact]
    public async Task A_deletion_missed_before_a_410_in_mid_stream_is_seen_after_the_relist()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"), Node("b", "6"))), Script.Json(List("20", Node("a", "11"), Node("c", "15")))],
            [Script.Open(Modified(Node("a", "11")), Gone())]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal(
            ["Added a@5", "Added b@6", "Updated a@11", "Added c@15", "Deleted b@6"],
            [await harness.NextEventAsync(), await harness.NextEventAsync(), await harness.NextEventAsync(), await harness.NextEventAsync(), await harness.NextEventAsync()]);
        Assert.Null(harness.Server.Received[2].Query("resourceVersion"));
    }

    [Fact]
    public async Task A_410_that_refuses_the_watch_leads_to_a_relist()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"))), Script.Json(List("20"))],
            [Script.Status(410, "Expired")]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal("Added a@5", await harness.NextEventAsync());
        Assert.Equal("Deleted a@5", await harness.NextEventAsync());
    }

    [Theory]
    [InlineData("{\"type\":\"MODIFIED\",\"obj", Label = "half a line")]
    [InlineData("<html>bad gateway</html>", Label = "no JSON")]
    [InlineData("{\"type\":\"MODIFIED\"}", Label = "no object")]
    [InlineData("{\"type\":\"SOMETHING\",\"object\":{\"metadata\":{\"name\":\"a\"}}}", Label = "an unknown type")]
    [InlineData("{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Node\"}}", Label = "an object without metadata")]
    [InlineData("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}", Label = "a bookmark with a number")]
    [InlineData("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"yesterday\"}}}", Label = "a date that is none")]
    public async Task An_unparsable_line_leads_to_a_relist_for_what_it_said_is_lost(string line)
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"))), Script.Json(List("20"))],
            [Script.Open(line)]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal("Added a@5", await harness.NextEventAsync());
        Assert.Equal("Deleted a@5", await harness.NextEventAsync());
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_given_up_and_everything_listed_again()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"))), Script.Json(List("20"))],
            [Script.Open(Bookmark("11"))]));
        Assert.Equal("Added a@5", await harness.NextEventAsync());
        // Armed when the watch began, and again by the bookmark.
        await harness.Time.WaitedForAsync(Silence);
        await harness.Time.PassAsync(Silence);
        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal("Deleted a@5", await harness.NextEventAsync());
    }

    [Fact]
    public async Task A_bookmark_is_a_sign_of_life()
    {
        var proceed = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5")))],
            [async (request, response, token) =>
            {
                await response.WriteLineAsync(Bookmark("11"));
                await proceed.Task.WaitAsync(token);
                await response.WriteLineAsync(Bookmark("12"));
                await Script.Silence(request, response, token);
            }]));
        await harness.Time.WaitedForAsync(Silence);
        await harness.Time.WaitedForAsync(Silence);
        harness.Time.Advance(Silence - TimeSpan.FromSeconds(1));
        proceed.SetResult();
        await harness.Time.WaitedForAsync(Silence);

        harness.Time.Advance(Silence - TimeSpan.FromSeconds(1));

        Assert.Equal(2, harness.Server.Received.Count);
        Assert.Equal("a@5", harness.Cached());
    }

    [Fact]
    public async Task Bookmarks_advance_the_version_from_which_the_watch_goes_on()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10")), Script.Json(List("78"))],
            [Script.Lines(Bookmark("77"))]));
        Assert.Equal("10", (await harness.NextWatchAsync()).Query("resourceVersion"));

        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal("77", (await harness.NextWatchAsync()).Query("resourceVersion"));
    }

    [Fact]
    public async Task Transform_runs_on_everything_that_enters_the_cache()
    {
        await using var harness = InformerHarness.Started(
            Script.Of([Script.Json(List("10", Node("a", "5", zone: "x")))], [Script.Open(Added(Node("b", "11", zone: "x")))]),
            new InformerOptions<V1Node>
            {
                Transform = node =>
                {
                    node.Metadata.Labels = null;
                    return node;
                },
            });
        await harness.NextEventAsync();
        await harness.NextEventAsync();

        harness.Informer.Absorb(NodeJson.Object("c", "12", zone: "x"));

        Assert.Equal("a@5 b@11 c@12", harness.Cached());
        Assert.All(harness.Informer.Lister.List(), node => Assert.Null(node.Metadata.Labels));
    }

    [Fact]
    public async Task A_handler_that_fails_stops_neither_the_others_nor_the_informer()
    {
        await using var harness = new InformerHarness(Script.Of([Script.Json(List("10", Node("a", "5")))], [Script.Open(Added(Node("b", "11")))]));
        harness.Informer.AddHandler(_ => throw new InvalidOperationException("no"));
        var heard = new List<string>();
        harness.Informer.AddHandler(change => heard.Add(change.Object.Metadata.Name));
        harness.Start();

        await harness.NextEventAsync();
        await harness.NextEventAsync();
        await harness.NextWatchAsync();
        harness.Informer.Absorb(NodeJson.Object("c", "12"));

        Assert.Equal(["a", "b", "c"], heard);
    }

    [Fact]
    public async Task A_handler_that_comes_late_hears_of_everything_that_is_there()
    {
        await using var harness = InformerHarness.Started(Script.Of([Script.Json(List("10", Node("a", "5"), Node("b", "6")))], []));
        await harness.SyncedAsync();
        var heard = new List<string>();

        harness.Informer.AddHandler(change => heard.Add($"{change.Type} {change.Object.Metadata.Name}"));

        Assert.Equal(["Added a", "Added b"], heard.Order());
    }

    [Fact]
    public async Task The_clock_of_the_last_contact_moves_with_bookmarks()
    {
        var proceed = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10"))],
            [async (request, response, token) =>
            {
                await response.WriteLineAsync(Bookmark("11"));
                await proceed.Task.WaitAsync(token);
                await response.WriteLineAsync(Bookmark("12"));
                await response.WriteLineAsync(Added(Node("a", "13")));
                await Script.Silence(request, response, token);
            }]));
        await harness.Time.WaitedForAsync(Silence);
        await harness.Time.WaitedForAsync(Silence);
        var before = harness.Informer.LastContact;
        harness.Time.Advance(TimeSpan.FromMinutes(1));

        proceed.SetResult();
        await harness.NextEventAsync();

        Assert.Equal(before + TimeSpan.FromMinutes(1), harness.Informer.LastContact);
    }

    [Fact]
    public async Task An_informer_runs_once()
    {
        await using var harness = InformerHarness.Started(Script.Of([], []));

        await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Informer.RunAsync(Within.Deadline));
    }
}
