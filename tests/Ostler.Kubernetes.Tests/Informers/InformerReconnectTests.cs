using Ostler.Kubernetes.Informers;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;
using k8s.Models;
using static Ostler.Kubernetes.Tests.Support.NodeJson;

namespace Ostler.Kubernetes.Tests.Informers;

/// <summary>Connections that break, servers that are away, overloaded, or come back with an older state.</summary>
public sealed class InformerReconnectTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_deletion_missed_while_disconnected_is_seen_because_the_watch_goes_on_where_it_stopped()
    {
        var breakOff = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"), Node("b", "6"))), Script.Json(List("14", Node("a", "12")))],
            [Script.BrokenOff(breakOff.Task, Modified(Node("a", "12"))), Script.Open(Deleted(Node("b", "14")))]));
        Assert.Equal("Added a@5", await harness.NextEventAsync());
        Assert.Equal("Added b@6", await harness.NextEventAsync());
        Assert.Equal("Updated a@12", await harness.NextEventAsync());
        Assert.Equal("10", (await harness.NextWatchAsync()).Query("resourceVersion"));

        breakOff.SetResult();
        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal("12", (await harness.NextWatchAsync()).Query("resourceVersion"));
        Assert.Equal("Deleted b@14", await harness.NextEventAsync());
    }

    [Fact]
    public async Task A_deletion_missed_while_disconnected_is_seen_after_relist()
    {
        var breakOff = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"), Node("b", "6"))), Script.Json(List("29")), Script.Json(List("30", Node("a", "5")))],
            [Script.BrokenOff(breakOff.Task), Script.Status(410, "Expired")]));
        await harness.SyncedAsync();
        await harness.NextWatchAsync();
        harness.PendingEvents();

        breakOff.SetResult();
        await harness.Time.PassAsync(InformerHarness.FirstPause);
        await harness.Time.PassAsync(InformerHarness.SecondPause);

        Assert.Equal("Deleted b@6", await harness.NextEventAsync());
    }

    [Fact]
    public async Task A_server_restart_is_survived_without_a_list_and_without_hammering()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"))), Script.Json(List("12", Node("a", "12")))],
            [Script.Open(Modified(Node("a", "12"))), Script.Open(Modified(Node("a", "13")))]));
        Assert.Equal("Added a@5", await harness.NextEventAsync());
        Assert.Equal("Updated a@12", await harness.NextEventAsync());

        await harness.Server.StopAsync();
        await harness.Time.PassAsync(InformerHarness.FirstPause);
        await harness.Time.PassAsync(InformerHarness.SecondPause);
        await harness.Time.WaitedForAsync(InformerHarness.ThirdPause);
        harness.Server.Start();
        harness.Time.Advance(InformerHarness.ThirdPause);

        Assert.Equal("Updated a@13", await harness.NextEventAsync());
        Assert.Equal(["250", null, "1", null], harness.Server.Received.Select(r => r.Query("limit")));
        Assert.Equal("12", harness.Server.Received[^1].Query("resourceVersion"));
    }

    [Fact]
    public async Task Failing_lists_are_retried_ever_more_slowly_and_at_most_every_half_minute()
    {
        var forbidden = Enumerable.Repeat(Script.Status(403, "Forbidden"), 8).ToArray();
        await using var harness = InformerHarness.Started(Script.Of([.. forbidden, Script.Json(List("10", Node("a", "5")))], []));

        foreach (var seconds in new[] { 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30 })
        {
            Assert.False(harness.Informer.HasSynced);
            await harness.Time.PassAsync(TimeSpan.FromSeconds(seconds));
        }

        await harness.SyncedAsync();
        Assert.Equal("a@5", harness.Cached());
    }

    [Fact]
    public async Task A_server_that_asks_to_wait_is_obeyed()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10")), Script.Json(List("10"))],
            [Script.Status(429, "TooManyRequests", new Dictionary<string, string> { ["Retry-After"] = "20" })]));

        // With a tenth of it for jitter, so that not everybody comes back at once.
        await harness.Time.PassAsync(TimeSpan.FromSeconds(22));

        await harness.NextWatchAsync();
        Assert.Equal("10", (await harness.NextWatchAsync()).Query("resourceVersion"));
    }

    [Fact]
    public async Task A_connection_that_lived_long_starts_the_pauses_anew()
    {
        var end = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10")), Script.Json(List("10"))],
            [Script.Lines(), Script.BrokenOff(end.Task, Bookmark("11"))]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);
        await harness.Time.WaitedForAsync(Silence);
        await harness.Time.WaitedForAsync(Silence);
        harness.Time.Advance(TimeSpan.FromSeconds(31));

        end.SetResult();

        await harness.Time.WaitedForAsync(InformerHarness.FirstPause);
    }

    [Fact]
    public async Task A_watch_that_ends_in_order_is_followed_by_the_next_without_a_pause()
    {
        var end = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10")), Script.Json(List("11"))],
            [
                async (request, response, token) =>
                {
                    await Script.Lines(Bookmark("11"))(request, response, token);
                    await end.Task.WaitAsync(token);
                },
            ]));
        await harness.NextWatchAsync();
        await harness.Time.WaitedForAsync(Silence);
        await harness.Time.WaitedForAsync(Silence);
        harness.Time.Advance(TimeSpan.FromSeconds(31));

        end.SetResult();

        // The clock does not move: whoever paused would wait for ever.
        Assert.Equal("11", (await harness.NextWatchAsync()).Query("resourceVersion"));
    }

    [Fact]
    public async Task A_server_that_was_restored_from_a_backup_is_believed()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("900", Node("a", "500"))), Script.Json(List("100", Node("a", "50")))],
            [Script.Status(504, "Timeout")]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);

        Assert.Equal("Added a@500", await harness.NextEventAsync());
        Assert.Equal("Updated a@50", await harness.NextEventAsync());
        await harness.NextWatchAsync();
        Assert.Equal("100", (await harness.NextWatchAsync()).Query("resourceVersion"));
    }

    [Theory]
    [InlineData(true, Label = "the connection broke, as when it was restored")]
    [InlineData(false, Label = "the watch ended in order, as when the server was stopped for the restore")]
    public async Task A_restored_server_is_noticed_before_a_watch_goes_on_from_its_lost_future(bool breaks)
    {
        var end = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(
            Script.Of(
                [Script.Json(List("900", Node("a", "500"))), Script.Json(List("100", Node("a", "50"))), Script.Json(List("100", Node("a", "50")))],
                [breaks ? Script.BrokenOff(end.Task) : Script.Lines(Modified(Node("a", "901")))]),
            new InformerOptions<V1Node> { LabelSelector = "x" });
        Assert.Equal("Added a@500", await harness.NextEventAsync());
        await harness.NextWatchAsync();
        end.SetResult();

        await harness.Time.PassAsync(InformerHarness.FirstPause);

        while (await harness.NextEventAsync() != "Updated a@50")
        {
        }
        var probe = await harness.NextRequestAsync();
        Assert.Equal(("1", "x"), (probe.Query("limit"), probe.Query("labelSelector")));
        Assert.Equal("100", (await harness.NextWatchAsync()).Query("resourceVersion"));
    }
}
