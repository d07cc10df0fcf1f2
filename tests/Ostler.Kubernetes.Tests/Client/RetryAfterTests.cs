using System.Globalization;
using System.Net;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Client;

/// <summary>
/// Whatever a server, or what stands before it, writes into its headers: an answer is an answer, and nobody waits for ever.
/// </summary>
public sealed class RetryAfterTests
{
    public static TheoryData<string> Headers =>
    [
        "0", "1", "30", "31", "3600", "99999999", "2147483647", "2147483648", "9223372036854775807", "99999999999999999999999", "-1", "-2147483648", "1.5", "", " ", "soon",
        "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "1, 2", "NaN", "Infinity", "\u00b9",
    ];

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task A_wait_is_always_one_that_a_timer_can_hold(string header)
    {
        var wait = (await ErrorAsync(header)).RetryAfter;

        Assert.True(wait is null || (wait >= TimeSpan.Zero && wait <= TimeSpan.FromSeconds(30)), $"{header}: {wait}");
    }

    [Theory]
    [InlineData(2147483647)]
    [InlineData(3600)]
    public void The_status_of_an_answer_is_bounded_as_well(int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(30), new ApiException(HttpStatusCode.TooManyRequests, new() { Details = new() { RetryAfterSeconds = seconds } }).RetryAfter);

    [Fact]
    public async Task A_date_counts_by_the_servers_own_clock()
    {
        var error = await ErrorAsync("Thu, 01 Jan 1970 00:00:20 GMT", "Thu, 01 Jan 1970 00:00:00 GMT");

        Assert.Equal(TimeSpan.FromSeconds(20), error.RetryAfter);
    }

    [Theory]
    [InlineData("99999999")]
    [InlineData("3600")]
    public async Task An_informer_listens_again_within_a_minute(string header)
    {
        await using var harness = InformerHarness.Started(Script.Of(
            [Script.Json("""{"metadata":{"resourceVersion":"10"},"items":[]}"""), Script.Json("""{"metadata":{"resourceVersion":"10"},"items":[]}""")],
            [Script.Status(429, "TooManyRequests", new Dictionary<string, string> { ["Retry-After"] = header })]));

        // Thirty seconds, with a tenth for jitter.
        await harness.Time.PassAsync(TimeSpan.FromSeconds(33));

        await harness.NextWatchAsync();
        await harness.NextWatchAsync();
    }

    [Fact]
    public async Task No_header_ends_a_call_otherwise_than_by_an_answer_or_an_error_of_the_connection()
    {
        var random = new Random(15);
        string[] names = ["Retry-After", "Date", "Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding", "Connection", "WWW-Authenticate", "Location", "Warning", "Audit-Id", "Age"];
        for (var i = 0; i < 300; i++)
        {
            var name = names[random.Next(names.Length)];
            var value = new string([.. Enumerable.Range(0, random.Next(1, 24)).Select(_ => (char)(random.Next(4) == 0 ? random.Next('0', '9' + 1) : random.Next(' ', '\u007f')))]);
            await using var server = new ScriptedServer((_, response, _) => response.StatusAsync(
                429, "TooManyRequests", headers: new Dictionary<string, string> { [name] = value }));
            using var client = new ApiClient(server.CreateClient(), new() { Timeout = TimeSpan.FromSeconds(20) });

            var error = await Record.ExceptionAsync(() => client.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a"), Within.Deadline));

            Assert.True(
                error is ApiException { RetryAfter: null } or ApiException { RetryAfter.TotalSeconds: >= 0 and <= 30 } or HttpRequestException or IOException or TimeoutException,
                string.Create(CultureInfo.InvariantCulture, $"try {i}, {name}: {value}: {error}"));
        }
    }

    private static async Task<ApiException> ErrorAsync(string header, string? date = null)
    {
        var headers = new Dictionary<string, string> { ["Retry-After"] = header };
        if (date is not null)
        {
            headers["Date"] = date;
        }

        await using var server = new ScriptedServer((_, response, _) => response.StatusAsync(429, "TooManyRequests", headers: headers));
        using var client = new ApiClient(server.CreateClient());
        return await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a"), Within.Deadline));
    }
}
