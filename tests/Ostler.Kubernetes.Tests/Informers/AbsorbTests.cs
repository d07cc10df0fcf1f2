using Ostler.Kubernetes.Tests.Support;
using static Ostler.Kubernetes.Tests.Support.NodeJson;

namespace Ostler.Kubernetes.Tests.Informers;

/// <summary>Our own writes and the news of the server reach the cache in any order.</summary>
public sealed class AbsorbTests
{
    [Fact]
    public async Task What_we_wrote_is_read_at_once_and_told_once()
    {
        var proceed = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5")))],
            [async (request, response, token) =>
            {
                await response.StartStreamAsync();
                await proceed.Task.WaitAsync(token);
                await response.WriteLineAsync(Modified(Node("a", "12")));
                await response.WriteLineAsync(Added(Node("end", "13")));
                await Script.Silence(request, response, token);
            }]));
        await harness.NextEventAsync();

        harness.Informer.Absorb(NodeJson.Object("a", "12"));

        Assert.Equal("a@12", harness.Cached());
        proceed.SetResult();
        Assert.Equal("Updated a@12", await harness.NextEventAsync());
        Assert.Equal("Added end@13", await harness.NextEventAsync());
    }

    [Fact]
    public async Task A_watch_event_older_than_what_we_wrote_is_ignored()
    {
        var proceed = new TaskCompletionSource();
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5")))],
            [async (request, response, token) =>
            {
                await response.StartStreamAsync();
                await proceed.Task.WaitAsync(token);
                await response.WriteLineAsync(Modified(Node("a", "11")));
                await response.WriteLineAsync(Added(Node("end", "13")));
                await Script.Silence(request, response, token);
            }]));
        await harness.NextEventAsync();
        harness.Informer.Absorb(NodeJson.Object("a", "12"));

        proceed.SetResult();

        Assert.Equal("Updated a@12", await harness.NextEventAsync());
        Assert.Equal("Added end@13", await harness.NextEventAsync());
        Assert.Equal("a@12 end@13", harness.Cached());
    }

    [Fact]
    public async Task A_list_that_was_under_way_neither_reverts_nor_deletes_what_we_wrote_meanwhile()
    {
        var (listing, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        Answer slowList = async (_, response, token) =>
        {
            listing.SetResult();
            await answer.Task.WaitAsync(token);
            await response.JsonAsync(List("20", Node("a", "5")));
        };
        await using var harness = InformerHarness.Started(Script.Of([Script.Json(List("10", Node("a", "5"))), slowList], [Script.Lines(Gone())]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);
        await listing.Task.WaitAsync(Within.Deadline);

        harness.Informer.Absorb(NodeJson.Object("a", "21"));
        harness.Informer.Absorb(NodeJson.Object("created", "22"));
        answer.SetResult();
        await harness.NextWatchAsync();
        await harness.NextWatchAsync();

        Assert.Equal("a@21 created@22", harness.Cached());
        Assert.Equal(["Added a@5", "Updated a@21", "Added created@22"], harness.PendingEvents());
    }

    [Fact]
    public async Task A_list_that_was_under_way_does_not_bring_back_what_we_know_to_be_deleted()
    {
        var (listing, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        Answer slowList = async (_, response, token) =>
        {
            listing.SetResult();
            await answer.Task.WaitAsync(token);
            await response.JsonAsync(List("20", Node("a", "5")));
        };
        await using var harness = InformerHarness.Started(Script.Of([Script.Json(List("10", Node("a", "5"))), slowList], [Script.Lines(Gone())]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);
        await listing.Task.WaitAsync(Within.Deadline);

        harness.Informer.AbsorbDeleted(NamespacedName.ClusterScoped("a"), "uid-a");
        answer.SetResult();
        await harness.NextWatchAsync();
        await harness.NextWatchAsync();

        Assert.Equal("", harness.Cached());
        Assert.Equal(["Added a@5", "Deleted a@5"], harness.PendingEvents());
    }

    [Fact]
    public async Task An_answer_that_was_overtaken_by_the_deletion_does_not_bring_the_object_back()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5")))], [Script.Open(Deleted(Node("a", "13")))]));
        await harness.NextEventAsync();
        Assert.Equal("Deleted a@13", await harness.NextEventAsync());

        harness.Informer.Absorb(NodeJson.Object("a", "12"));

        Assert.Equal("", harness.Cached());
        Assert.Empty(harness.PendingEvents());
    }

    [Fact]
    public async Task An_answer_that_was_overtaken_by_a_missed_deletion_does_not_bring_the_object_back()
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json(List("10", Node("a", "5"))), Script.Json(List("20"))], [Script.Lines(Gone())]));
        await harness.Time.PassAsync(InformerHarness.FirstPause);
        Assert.Equal("Added a@5", await harness.NextEventAsync());
        Assert.Equal("Deleted a@5", await harness.NextEventAsync());

        harness.Informer.Absorb(NodeJson.Object("a", "12"));

        Assert.Equal("", harness.Cached());
    }
}
