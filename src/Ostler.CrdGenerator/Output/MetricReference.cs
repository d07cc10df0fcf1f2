using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text;
using Ostler.Controller.Telemetry;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.CrdGenerator.Output;

/// <summary>The table of the controller's metrics, from the instruments themselves.</summary>
internal static class MetricReference
{
    private const string Head = """
        # Metrics

        Generated from the instruments by `make manifests`; do not edit.

        The controller serves metrics at `:8080/metrics`. Counters with known labels start at 0, so that the first increment
        shows in a rate. Metrics about nodes come from the last plan of each policy, and only the leader serves them. They
        disappear with the policy. Label values are names of policies and images, or words from fixed lists, never names of
        nodes or pods. The metrics `process_…` and `dotnet_…` of the runtime are served as well.

        [Alerts](alerts.md) explains the alerts on these metrics. [grafana](../grafana) has dashboards.

        """;

    private static int s_tables;

    public static string Of()
    {
        var text = new StringBuilder(Head);
        // A name of its own: meters are seen process-wide, and another table may be in the making.
        var rollouts = $"{nameof(MetricReference)}.{Interlocked.Increment(ref s_tables)}";
        using var metrics = new ControllerMetrics(rollouts);
        RuntimeHelpers.RunClassConstructor(typeof(RuntimeMetrics).TypeHandle);
        Table(text, "Rollouts", rollouts);
        Table(text, "Controller internals", RuntimeMetrics.MeterName);
        return text.ToString();
    }

    /// <summary>Every instrument of the meters of this program, by meter.</summary>
    private static IEnumerable<Instrument> InstrumentsOf(string meter)
    {
        var found = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == meter)
            {
                found.Add(instrument);
            }
        };
        listener.Start();
        return found.OrderBy(instrument => instrument.Name, StringComparer.Ordinal);
    }

    private static void Table(StringBuilder text, string title, string meter)
    {
        text.Append($"\n## {title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n");
        foreach (var instrument in InstrumentsOf(meter))
        {
            var labels = string.Join(", ", MetricLabels.Of(instrument).Select(label => $"`{label}`"));
            text.Append($"| `{MeterBridge.MetricName(instrument.Name)}` | {TypeOf(instrument)} | {labels} | {instrument.Description} |\n");
        }
    }

    private static string TypeOf(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.Contains("Histogram", StringComparison.Ordinal) ? "histogram" : type.Contains("Counter", StringComparison.Ordinal) ? "counter" : "gauge";
    }
}
