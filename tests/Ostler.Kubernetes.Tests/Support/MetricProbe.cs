using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>Hears the runtime's metrics that carry one label value, so that tests side by side do not hear each other's.</summary>
internal sealed class MetricProbe : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Channel<(string Instrument, double Value, IReadOnlyDictionary<string, object?> Labels)> _heard =
        Channel.CreateUnbounded<(string, double, IReadOnlyDictionary<string, object?>)>();
    private readonly ConcurrentQueue<(string Instrument, IReadOnlyDictionary<string, object?> Labels)> _initial = new();

    public MetricProbe(string label, string value)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RuntimeMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, v, labels, _) => Hear(instrument, v, labels));
        _listener.SetMeasurementEventCallback<int>((instrument, v, labels, _) => Hear(instrument, v, labels));
        _listener.SetMeasurementEventCallback<double>((instrument, v, labels, _) => Hear(instrument, v, labels));
        _listener.Start();

        void Hear(Instrument instrument, double measured, ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var all = labels.ToArray().ToDictionary();
            if (!Equals(all.GetValueOrDefault(label), value))
            {
                return;
            }
            if (measured == 0 && instrument is Counter<long>)
            {
                _initial.Enqueue((instrument.Name, all));
                return;
            }
            _heard.Writer.TryWrite((instrument.Name, measured, all));
        }
    }

    /// <summary>The label of the next increment of an instrument.</summary>
    public async Task<string> NextAsync(string instrument, string label)
    {
        while (true)
        {
            var (name, _, labels) = await _heard.Reader.ReadAsync(Within.Deadline);
            if (name == instrument)
            {
                return (string)labels[label]!;
            }
        }
    }

    /// <summary>The value that an observable gauge has now.</summary>
    public double Observe(string instrument)
    {
        _listener.RecordObservableInstruments();
        var value = double.NaN;
        while (_heard.Reader.TryRead(out var heard))
        {
            value = heard.Instrument == instrument ? heard.Value : value;
        }
        return value;
    }

    /// <summary>The label values with which a counter was set to 0.</summary>
    public IReadOnlyList<string> InitialValues(string instrument, string label) =>
        [.. _initial.Where(i => i.Instrument == instrument).Select(i => (string)i.Labels[label]!)];

    public void Dispose() => _listener.Dispose();
}
