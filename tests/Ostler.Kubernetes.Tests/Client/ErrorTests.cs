using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Client;

public sealed class ErrorTests
{
    private static readonly NamespacedName A = NamespacedName.ClusterScoped("a");

    private static async Task<Exception?> ErrorOfAsync(ScriptedHandler script, ApiClientOptions? options = null, CancellationToken? token = null)
    {
        await using var server = new ScriptedServer(script);
        using var client = new ApiClient(server.CreateClient(), options);
        return await Record.ExceptionAsync(() => client.PatchAsync(KnownResources.Nodes, A, Patch.Merge(new JsonObject()), token ?? Within.Deadline));
    }

    public static TheoryData<int, string, string?, string> Kinds() => new()
    {
        { 404, "NotFound", null, nameof(ApiException.IsNotFound) },
        { 409, "Conflict", null, nameof(ApiException.IsConflict) },
        { 409, "AlreadyExists", null, nameof(ApiException.IsAlreadyExists) },
        { 409, "Conflict", """{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"m1\"","field":".metadata.labels.a"}]}""", nameof(ApiException.IsFieldManagerConflict) },
        { 410, "Expired", null, nameof(ApiException.IsGone) },
        { 401, "Unauthorized", null, nameof(ApiException.IsUnauthorized) },
        { 403, "Forbidden", null, nameof(ApiException.IsForbidden) },
        { 403, "Forbidden", """{"causes":[{"reason":"NamespaceTerminating","message":"namespace x is being terminated","field":"metadata.namespace"}]}""", "IsForbidden,IsForbiddenNamespaceTerminating" },
        { 422, "Invalid", """{"causes":[{"reason":"FieldValueInvalid","message":"no","field":"spec.x"}]}""", nameof(ApiException.IsInvalid) },
        { 422, "Invalid", """{"causes":[{"reason":"FieldValueInvalid","message":"field is immutable","field":"metadata.uid"}]}""", "IsConflict,IsInvalid" },
        { 429, "TooManyRequests", null, nameof(ApiException.IsTooManyRequests) },
        { 500, "InternalError", null, "" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Refusals_are_told_apart(int code, string reason, string? details, string expected)
    {
        var error = Assert.IsType<ApiException>(await ErrorOfAsync(
            (_, response, _) => response.StatusAsync(code, reason, "because", details is null ? null : JsonNode.Parse(details))));

        var holds = new Dictionary<string, bool>
        {
            [nameof(error.IsNotFound)] = error.IsNotFound,
            [nameof(error.IsConflict)] = error.IsConflict,
            [nameof(error.IsAlreadyExists)] = error.IsAlreadyExists,
            [nameof(error.IsFieldManagerConflict)] = error.IsFieldManagerConflict,
            [nameof(error.IsGone)] = error.IsGone,
            [nameof(error.IsUnauthorized)] = error.IsUnauthorized,
            [nameof(error.IsForbidden)] = error.IsForbidden,
            [nameof(error.IsForbiddenNamespaceTerminating)] = error.IsForbiddenNamespaceTerminating,
            [nameof(error.IsInvalid)] = error.IsInvalid,
            [nameof(error.IsTooManyRequests)] = error.IsTooManyRequests,
        };
        Assert.Equal(expected, string.Join(',', holds.Where(h => h.Value).Select(h => h.Key).Order()));
        Assert.Equal((code, reason), ((int)error.Code, error.Reason));
        Assert.Equal($"patch api/v1/nodes/a: because ({code})", error.Message);
    }

    [Theory]
    [InlineData("<html>502</html>", Label = "a proxy's page")]
    [InlineData("", Label = "nothing")]
    [InlineData("{\"kind\":", Label = "half a status")]
    public async Task An_answer_that_is_no_status_still_has_its_code(string body)
    {
        var error = Assert.IsType<ApiException>(await ErrorOfAsync((_, response, _) => response.WholeAsync(502, "text/html", Encoding.UTF8.GetBytes(body))));

        Assert.Equal(HttpStatusCode.BadGateway, error.Code);
        Assert.Null(error.Status);
        Assert.Equal("", error.Reason);
        Assert.Empty(error.Causes);
    }

    [Fact]
    public async Task The_time_to_wait_is_taken_from_the_status_when_the_header_has_none()
    {
        var error = Assert.IsType<ApiException>(await ErrorOfAsync(
            (_, response, _) => response.StatusAsync(429, "TooManyRequests", details: new JsonObject { ["retryAfterSeconds"] = 3 })));

        Assert.Equal(TimeSpan.FromSeconds(3), error.RetryAfter);
    }

    [Fact]
    public async Task A_get_of_nothing_is_null_and_of_something_forbidden_an_error()
    {
        await using var server = new ScriptedServer((request, response, _) => request.Path.EndsWith("/none", StringComparison.Ordinal)
            ? response.StatusAsync(404, "NotFound")
            : response.StatusAsync(403, "Forbidden"));
        using var client = new ApiClient(server.CreateClient());

        Assert.Null(await client.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("none"), Within.Deadline));
        await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(KnownResources.Nodes, A, Within.Deadline));
    }

    [Theory]
    [InlineData(false, Label = "no headers come")]
    [InlineData(true, Label = "the body stalls")]
    public async Task A_server_that_says_nothing_in_time_is_a_timeout(bool headers)
    {
        var time = new TestClock();
        var stalled = new TaskCompletionSource();
        var error = ErrorOfAsync(
            async (request, response, token) =>
            {
                if (headers)
                {
                    await response.WriteAsync("""{"metadata":""");
                }
                stalled.SetResult();
                await Script.Silence(request, response, token);
            },
            new ApiClientOptions { TimeProvider = time, Timeout = TimeSpan.FromSeconds(20) });
        await stalled.Task.WaitAsync(Within.Deadline);
        await time.PassAsync(TimeSpan.FromSeconds(20));

        Assert.IsType<TimeoutException>(await error);
    }

    [Fact]
    public async Task A_watch_that_is_not_answered_in_time_is_a_timeout()
    {
        var time = new TestClock();
        await using var server = new ScriptedServer(Script.Silence);
        using var client = new ApiClient(server.CreateClient(), new ApiClientOptions { TimeProvider = time, Timeout = TimeSpan.FromSeconds(20) });
        var watch = client.WatchAsync(KnownResources.Nodes, new WatchOptions(), Within.Deadline).GetAsyncEnumerator(Within.Deadline);
        var first = watch.MoveNextAsync().AsTask();
        await time.PassAsync(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAsync<TimeoutException>(() => first);
        await watch.DisposeAsync();
    }

    [Fact]
    public async Task The_callers_cancellation_is_no_timeout()
    {
        using var cancel = new CancellationTokenSource();
        var arrived = new TaskCompletionSource();
        var error = ErrorOfAsync(
            async (request, response, token) =>
            {
                arrived.SetResult();
                await Script.Silence(request, response, token);
            },
            token: cancel.Token);
        await arrived.Task.WaitAsync(Within.Deadline);
        await cancel.CancelAsync();

        Assert.IsAssignableFrom<OperationCanceledException>(await error);
    }

    [Fact]
    public async Task A_connection_that_is_reset_is_an_error_of_the_connection() =>
        Assert.IsAssignableFrom<HttpRequestException>(await ErrorOfAsync((_, response, _) =>
        {
            response.Reset();
            return Task.CompletedTask;
        }));

    [Fact]
    public void A_base_address_without_a_slash_would_lose_its_last_segment()
    {
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1/prefix") };

        Assert.Throws<ArgumentException>(() => new ApiClient(http));
    }
}
