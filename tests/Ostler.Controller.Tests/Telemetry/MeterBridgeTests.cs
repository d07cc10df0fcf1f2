using System.Diagnostics.Metrics;
using System.Text;
using Ostler.Controller.Telemetry;
using Prometheus;

namespace Ostler.Controller.Tests.Telemetry;

public sealed class MeterBridgeTests : IDisposable
{
    // A name of its own: meters are seen process-wide, and tests run side by side.
    private readonly Meter _meter = new("Test." + nameof(MeterBridgeTests) + "." + Interlocked.Increment(ref s_count));
    private readonly MeterBridge _bridge;
    private static int s_count;

    public MeterBridgeTests() => _bridge = new(Metrics.NewCustomRegistry(), _meter.Name);

    public void Dispose()
    {
        _bridge.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task A_counter_keeps_its_name_and_its_type()
    {
        var counter = _meter.CreateCounter<long>("ostler_things_total", description: "Things.");
        counter.Add(0, new("kind", "a"), new("cause", "x"));
        counter.Add(2, new KeyValuePair<string, object?>("cause", "x"), new KeyValuePair<string, object?>("kind", "a"));

        var text = await ScrapeAsync();

        Assert.Contains("# HELP ostler_things_total Things.\n# TYPE ostler_things_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_things_total{cause=\"x\",kind=\"a\"} 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_histogram_has_the_buckets_that_its_instrument_advises()
    {
        _meter.CreateHistogram("ostler_wait_seconds", "s", "Wait.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [60, 3600] }).Record(120);

        var text = await ScrapeAsync();

        Assert.Contains("ostler_wait_seconds_bucket{le=\"60\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_wait_seconds_bucket{le=\"3600\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_wait_seconds_sum 120\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gauge_that_is_not_observed_any_more_vanishes()
    {
        Measurement<long>[] now = [new(3, new KeyValuePair<string, object?>("policy", "a")), new(4, new KeyValuePair<string, object?>("policy", "b"))];
        _meter.CreateObservableGauge("ostler_nodes", () => now);
        Assert.Contains("ostler_nodes{policy=\"b\"} 4\n", await ScrapeAsync(), StringComparison.Ordinal);

        now = [new(1, new KeyValuePair<string, object?>("policy", "a"))];
        var text = await ScrapeAsync();

        Assert.Contains("ostler_nodes{policy=\"a\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("policy=\"b\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Meters_of_other_libraries_are_not_served()
    {
        using var other = new Meter("System.Other");
        other.CreateCounter<long>("other_total").Add(1);

        Assert.DoesNotContain("other_total", await ScrapeAsync(), StringComparison.Ordinal);
    }

    private async Task<string> ScrapeAsync()
    {
        using var to = new MemoryStream();
        await _bridge.WriteAsync(to, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(to.ToArray());
    }
}
