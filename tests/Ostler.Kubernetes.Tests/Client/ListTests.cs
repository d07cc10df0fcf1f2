using System.Text.Json;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;
using k8s.Models;
using static Ostler.Kubernetes.Tests.Support.NodeJson;

namespace Ostler.Kubernetes.Tests.Client;

public sealed class ListTests
{
    private static async Task<ResourceList<V1Node>> ListAsync(ScriptedHandler script, ListOptions? options = null, Action<ScriptedServer>? then = null)
    {
        await using var server = new ScriptedServer(script);
        using var client = new ApiClient(server.CreateClient());
        try
        {
            return await client.ListAsync(KnownResources.Nodes, options ?? ListOptions.All, Within.Deadline);
        }
        finally
        {
            then?.Invoke(server);
        }
    }

    private static string[] Names(ResourceList<V1Node> list) => [.. list.Items.Select(n => n.Metadata.Name)];

    [Fact]
    public async Task A_list_may_come_compressed_and_a_watch_may_not()
    {
        var page = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(page, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(List("10", Node("a", "1"), Node("b", "2"))));
        }

        await using var server = new ScriptedServer((request, response, _) => request.Header("accept-encoding") == "gzip"
            ? response.WholeAsync(200, "application/json", page.ToArray(), new Dictionary<string, string> { ["Content-Encoding"] = "gzip" })
            : response.JsonAsync(Node("a", "1").ToString()));
        using var client = new ApiClient(server.CreateClient());

        Assert.Equal(["a", "b"], Names(await client.ListAsync(KnownResources.Nodes, ListOptions.All, Within.Deadline)));

        await client.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a"), Within.Deadline);
        await foreach (var _ in client.WatchAsync(KnownResources.Nodes, new WatchOptions(), Within.Deadline))
        {
        }

        Assert.Equal(["gzip", null, null], server.Received.Select(r => r.Header("accept-encoding")));
    }

    [Fact]
    public async Task Pages_are_followed_by_their_continue_token()
    {
        var list = await ListAsync(
            Script.Of(
                [Script.Json(Page("10", "t1", Node("a", "1"), Node("b", "2"))), Script.Json(Page("10", "t2+/=", Node("c", "3"))), Script.Json(Page("10", null, Node("d", "4")))],
                []),
            new ListOptions { PageSize = 2, LabelSelector = "x" },
            server =>
            {
                Assert.Equal([null, "t1", "t2+/="], server.Received.Select(r => r.Query("continue")));
                Assert.All(server.Received, r => Assert.Equal("2", r.Query("limit")));
                Assert.All(server.Received, r => Assert.Equal("x", r.Query("labelSelector")));
            });

        Assert.Equal(["a", "b", "c", "d"], Names(list));
        Assert.Equal("10", list.ResourceVersion);
    }

    [Fact]
    public async Task An_expired_continue_token_starts_the_list_again_without_pages_and_without_the_first_half()
    {
        var list = await ListAsync(
            Script.Of(
                [Script.Json(Page("10", "t1", Node("a", "1"), Node("b", "2"))), Script.Status(410, "Expired"), Script.Json(List("30", Node("b", "2"), Node("c", "20")))],
                []),
            then: server =>
            {
                Assert.Equal(["250", "250", null], server.Received.Select(r => r.Query("limit")));
                Assert.Null(server.Received[2].Query("continue"));
            });

        Assert.Equal(["b", "c"], Names(list));
        Assert.Equal("30", list.ResourceVersion);
    }

    [Fact]
    public async Task A_410_of_the_first_page_is_the_callers_affair()
    {
        var error = await Assert.ThrowsAsync<ApiException>(() => ListAsync(Script.Of([Script.Status(410, "Expired")], []), new ListOptions { ResourceVersion = "5" }));

        Assert.True(error.IsGone);
    }

    [Theory]
    [InlineData("""{"kind":"NodeList","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}}""", Label = "cut off")]
    [InlineData("""{"kind":"NodeList","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}}]""", Label = "cut off at the end")]
    [InlineData("""{"kind":"NodeList","items":[]}""", Label = "no metadata")]
    [InlineData("""{"kind":"NodeList","metadata":{"resourceVersion":"9"},"items":{}}""", Label = "items not a list")]
    [InlineData("[]", Label = "not an object")]
    [InlineData("", Label = "nothing")]
    [InlineData("<html>", Label = "a proxy's page")]
    public async Task Half_a_list_never_passes_for_a_whole_one(string body) =>
        await Assert.ThrowsAnyAsync<JsonException>(() => ListAsync(Script.Of([Script.Json(body)], [])));

    [Fact]
    public async Task A_list_that_ends_in_a_reset_fails() =>
        await Assert.ThrowsAnyAsync<IOException>(() => ListAsync(Script.Of(
            [
                async (_, response, _) =>
                {
                    await response.WriteAsync("""{"kind":"NodeList","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},""");
                    response.Reset();
                },
            ],
            [])));

    [Theory]
    [InlineData("""{"items":null,"metadata":{"resourceVersion":"9"}}""", 0, Label = "null items, as Go writes them")]
    [InlineData("""{"metadata":{"resourceVersion":"9"}}""", 0, Label = "no items")]
    [InlineData("""{"items":[{"metadata":{"name":"a"}}],"extra":[{"x":[1,{}]}],"apiVersion":"v1","metadata":{"resourceVersion":"9","remainingItemCount":3}}""", 1, Label = "another order, and fields nobody knows")]
    public async Task Lists_are_understood_in_every_form(string body, int count)
    {
        var list = await ListAsync(Script.Of([Script.Json(body)], []));

        Assert.Equal(count, list.Items.Count);
        Assert.Equal("9", list.ResourceVersion);
    }

    [Fact]
    public async Task Objects_larger_than_the_buffer_and_cut_anywhere_are_read()
    {
        var big = new string('é', 40_000);
        var text = List("9", Node("a", "1", zone: big), Node("b", "2", zone: "\\\"]}"), Node("c", "3"));

        var list = await ListAsync(Script.Of(
            [
                async (_, response, _) =>
                {
                    for (var at = 0; at < text.Length; at += 997)
                    {
                        await response.WriteAsync(text[at..Math.Min(text.Length, at + 997)]);
                    }
                },
            ],
            []));

        Assert.Equal(["a", "b", "c"], Names(list));
        Assert.Equal(big, list.Items[0].Metadata.Labels["zone"]);
    }

    [Fact]
    public async Task Transform_sees_each_object_as_soon_as_it_is_complete()
    {
        var seen = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, response, token) =>
        {
            await response.WriteAsync("""{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},""");
            await seen.Task.WaitAsync(token);
            await response.WriteAsync("""{"metadata":{"name":"b"}}]}""");
        });
        using var client = new ApiClient(server.CreateClient());

        var list = await client.ListAsync(
            KnownResources.Nodes,
            ListOptions.All,
            Within.Deadline,
            node =>
            {
                seen.TrySetResult();
                return node;
            });

        Assert.Equal(2, list.Items.Count);
    }

    [Fact]
    public async Task Managed_fields_are_not_even_read_unless_wanted()
    {
        await using var server = new ScriptedServer(Script.Of([Script.Json(List("9", Node("a", "1"))), Script.Json(List("9", Node("a", "1")))], []));
        using var client = new ApiClient(server.CreateClient());

        var without = await client.ListAsync(KnownResources.Nodes, ListOptions.All, Within.Deadline);
        var with = await client.ListAsync(KnownResources.WithManagedFields(KnownResources.Nodes), ListOptions.All, Within.Deadline);

        Assert.Null(without.Items[0].Metadata.ManagedFields);
        Assert.Equal("kubelet", Assert.Single(with.Items[0].Metadata.ManagedFields).Manager);
    }
}
