using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Controller.Telemetry;
using Prometheus;

namespace Ostler.Controller.Tests.Telemetry;

public sealed class HttpEndpointTests
{
    [Fact]
    public async Task A_probe_answers_200_or_503_with_the_words()
    {
        var readiness = new Readiness();
        await using var endpoint = await StartAsync(("/readyz", HttpEndpoint.Probe(() => (readiness.IsReady, readiness.State))));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "starting\n"), await GetAsync(endpoint, "/readyz"));
        readiness.Standby();
        Assert.Equal((HttpStatusCode.OK, "standby\n"), await GetAsync(endpoint, "/readyz"));
        readiness.Syncing();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "syncing\n"), await GetAsync(endpoint, "/readyz"));
        readiness.Leading();
        Assert.Equal((HttpStatusCode.OK, "leading\n"), await GetAsync(endpoint, "/readyz"));
        readiness.Stopping();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), await GetAsync(endpoint, "/readyz"));
    }

    [Fact]
    public async Task Metrics_are_served_as_prometheus_reads_them()
    {
        using var bridge = new MeterBridge(Metrics.NewCustomRegistry(), "Test." + nameof(HttpEndpointTests));
        using var metrics = new ControllerMetrics("Test." + nameof(HttpEndpointTests));
        await using var endpoint = await StartAsync(("/metrics", HttpEndpoint.Exposition(bridge)));

        var (code, text) = await GetAsync(endpoint, "/metrics");

        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Contains("ostler_evictions_total{outcome=\"BlockedByBudget\"} 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_paths_and_verbs_are_refused()
    {
        await using var endpoint = await StartAsync(("/healthz", HttpEndpoint.Probe(() => (true, "ok"))));
        using var http = new HttpClient { BaseAddress = endpoint.Address };

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(endpoint, "/debug")).Code);
        using var post = await http.PostAsync(new Uri("/healthz", UriKind.Relative), null, Given.Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    private static Task<HttpEndpoint> StartAsync((string Path, Microsoft.AspNetCore.Http.RequestDelegate Handler) path) => HttpEndpoint.StartAsync(
        new(IPAddress.Loopback, 0), new Dictionary<string, Microsoft.AspNetCore.Http.RequestDelegate> { [path.Path] = path.Handler }, NullLoggerFactory.Instance, Given.Cancel);

    private static async Task<(HttpStatusCode Code, string Text)> GetAsync(HttpEndpoint endpoint, string path)
    {
        using var http = new HttpClient { BaseAddress = endpoint.Address };
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Given.Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Given.Cancel));
    }
}
