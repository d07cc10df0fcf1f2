using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Prometheus;

namespace Ostler.Controller.Telemetry;

/// <summary>Serves what is recorded through System.Diagnostics.Metrics in the text format of Prometheus.</summary>
/// <remarks>
/// Instruments carry their Prometheus names themselves (<c>…_total</c>, <c>…_seconds</c>); only <c>ostler_</c> is put before them.
/// prometheus-net's own adapter would prefix the meter's name, and turns counters into gauges, on which alerts with <c>rate()</c> must not
/// be built.
/// </remarks>
internal sealed class MeterBridge : IDisposable
{
    /// <summary>For histograms whose instrument says nothing: from 5 ms to 10 s.</summary>
    private static readonly double[] DefaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly MeterListener _listener = new();
    private readonly CollectorRegistry _registry;
    private readonly MetricFactory _factory;
    private readonly ConcurrentDictionary<string, ObservedSeries> _observed = new();
    private readonly Lock _collecting = new();

    /// <param name="registry">Where the series appear.</param>
    /// <param name="meterPrefix">Only meters whose name begins so are served.</param>
    public MeterBridge(CollectorRegistry registry, string meterPrefix = "Ostler.")
    {
        _registry = registry;
        _factory = Metrics.WithCustomRegistry(registry);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(meterPrefix, StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Writes all series as they are now.</summary>
    public async Task WriteAsync(Stream to, CancellationToken cancellationToken)
    {
        // Two scrapes at once must not sweep away what the other is just observing.
        lock (_collecting)
        {
            foreach (var series in _observed.Values)
            {
                series.Begin();
            }

            _listener.RecordObservableInstruments();
            foreach (var series in _observed.Values)
            {
                series.RemoveVanished();
            }
        }

        await _registry.CollectAndExportAsTextAsync(to, cancellationToken);
    }

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Tags come in any order, labels in one.
        var sorted = tags.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var names = Array.ConvertAll(sorted, static t => Name(t.Key));
        var values = Array.ConvertAll(sorted, static t => Convert.ToString(t.Value, CultureInfo.InvariantCulture) ?? "");
        var name = MetricName(instrument.Name);
        var help = instrument.Description ?? "";

        // By name: an instrument's class is generic in the type of its values, which is of no interest here.
        switch (instrument)
        {
            case Counter<long> or Counter<int> or Counter<double>:
                _factory.CreateCounter(name, help, names).WithLabels(values).Inc(value);
                break;
            case ObservableCounter<long> or ObservableCounter<int> or ObservableCounter<double>:
                _factory.CreateCounter(name, help, names).WithLabels(values).IncTo(value);
                break;
            case Histogram<double> or Histogram<long> or Histogram<int>:
                _factory.CreateHistogram(name, help, names, new HistogramConfiguration { Buckets = BucketsOf(instrument) })
                    .WithLabels(values).Observe(value);
                break;
            case UpDownCounter<long> or UpDownCounter<int> or UpDownCounter<double>:
                _factory.CreateGauge(name, help, names).WithLabels(values).Inc(value);
                break;
            default:
                var gauge = _factory.CreateGauge(name, help, names);
                gauge.WithLabels(values).Set(value);
                if (instrument.IsObservable)
                {
                    _observed.GetOrAdd($"{name}/{string.Join(',', names)}", _ => new(gauge)).Saw(values);
                }

                break;
        }
    }

    private static double[] BucketsOf(Instrument instrument) =>
        instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { Count: > 0 } buckets } ? [.. buckets] : DefaultBuckets;

    /// <summary>
    /// What an instrument is called where it is served. The runtime's are not named after any program; served, they are this one's.
    /// </summary>
    public static string MetricName(string name) => name.StartsWith("ostler_", StringComparison.Ordinal) ? Name(name) : $"ostler_{Name(name)}";

    private static string Name(string name) => name.Replace('.', '_').Replace('-', '_');

    /// <summary>
    /// The label values of one observed gauge: those that are not observed any more are gone, not stuck at their last value.
    /// </summary>
    private sealed class ObservedSeries(Gauge gauge)
    {
        private readonly Dictionary<string, string[]> _known = [];
        private readonly HashSet<string> _seen = [];

        public void Begin() => _seen.Clear();

        public void Saw(string[] values)
        {
            var key = string.Join('\0', values);
            _seen.Add(key);
            _known[key] = values;
        }

        public void RemoveVanished()
        {
            foreach (var (key, values) in _known.Where(k => !_seen.Contains(k.Key)).ToArray())
            {
                gauge.RemoveLabelled(values);
                _known.Remove(key);
            }
        }
    }
}
