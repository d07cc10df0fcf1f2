using System.Diagnostics;
using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Ostler.Rollout.Traces;

namespace Ostler.Controller.Telemetry.Traces;

/// <summary>
/// Sends spans by OTLP. Queued, batched and given up as OpenTelemetry's SDK does it (<c>OTEL_BSP_*</c>, <c>OTEL_EXPORTER_OTLP_*</c>): a
/// collector that is slow or away costs spans, which are counted, and no rollout any time.
/// </summary>
internal sealed class TraceExporter : ISpanSink, IDisposable
{
    /// <summary>The name of the ActivitySource.</summary>
    public const string SourceName = "Ostler.Rollout";

    private readonly ActivitySource _source = new(SourceName);
    private readonly TracerProvider _provider;

    /// <param name="settings">Where to.</param>
    /// <param name="identity">This process among its replicas.</param>
    /// <param name="version">The version of the program.</param>
    /// <param name="sent">Called with the number of spans of each batch and whether the collector took them, from the exporter's own
    /// thread.</param>
    public TraceExporter(TraceSettings settings, string identity, string version, Action<int, bool> sent)
    {
        var options = new OtlpExporterOptions { Endpoint = settings.Endpoint, Protocol = settings.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf };
        _provider = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.AddService("ostler-controller", serviceVersion: version, serviceInstanceId: identity).AddEnvironmentVariableDetector())
            .AddSource(SourceName)

            // A rollout makes a handful of spans for each node: there is nothing to thin out.
            .SetSampler(new AlwaysOnSampler())
            .AddProcessor(new OwnSpans(_source, new CountedExporter(options, sent)))
            .Build();
    }

    public void Take(IReadOnlyList<SpanFacts> spans)
    {
        foreach (var span in spans)
        {
            Record(span);
        }
    }

    /// <summary>Sends what waits, for up to 5 s.</summary>
    public void Dispose()
    {
        _provider.ForceFlush(5000);
        _provider.Dispose();
        _source.Dispose();
    }

    private void Record(SpanFacts span)
    {
        var trace = ActivityTraceId.CreateFromString(span.Id.TraceId);
        var parent = span.ParentSpanId is { } id ? new ActivityContext(trace, ActivitySpanId.CreateFromString(id), ActivityTraceFlags.Recorded) : default;
        Activity.Current = null;
        using var activity = _source.CreateActivity(
            span.Name, ActivityKind.Internal, parent, span.Attributes.Select(a => new KeyValuePair<string, object?>(a.Key, a.Value)),
            span.Links.Select(l => new ActivityLink(new(ActivityTraceId.CreateFromString(l.TraceId), ActivitySpanId.CreateFromString(l.SpanId), ActivityTraceFlags.Recorded))));
        if (activity is null)
        {
            return;
        }

        activity.SetStartTime(span.StartedAt.UtcDateTime).Start();
        TraceIdOf(activity) = span.Id.TraceId;
        SpanIdOf(activity) = span.Id.SpanId;
        activity.SetTag("ostler.reason", span.Reason);
        if (span.Message is { Length: > 0 } message)
        {
            activity.SetTag("ostler.message", message);
        }

        // OpenTelemetry wants a description beside an error only.
        activity.SetStatus(
            span.Result switch { SpanResult.Ok => ActivityStatusCode.Ok, SpanResult.Error => ActivityStatusCode.Error, _ => ActivityStatusCode.Unset },
            span.Result == SpanResult.Error ? $"{span.Reason}: {span.Message}" : null);
        activity.SetEndTime(span.EndedAt.UtcDateTime);
        activity.Stop();
    }

    // An Activity makes up its own span ID and, when it has no parent, its trace ID, and takes none from outside. Ours are given by the
    // facts (TraceIdentity), so they are put in their place before the exporter sees it. Should a runtime call these fields otherwise one
    // day, TraceExporterTests fail at the first span.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_traceId")]
    private static extern ref string? TraceIdOf(Activity activity);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity activity);

    /// <summary>
    /// A provider listens to every source of a name: two controllers in one process, as tests have them, would send each other's spans once
    /// more.
    /// </summary>
    private sealed class OwnSpans(ActivitySource source, BaseExporter<Activity> exporter) : BatchActivityExportProcessor(exporter)
    {
        public override void OnEnd(Activity data)
        {
            if (ReferenceEquals(data.Source, source))
            {
                base.OnEnd(data);
            }
        }
    }

    /// <summary>The SDK tells of a failed export in an EventSource that nobody listens to.</summary>
    private sealed class CountedExporter(OtlpExporterOptions options, Action<int, bool> sent) : OtlpTraceExporter(options)
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            var count = (int)batch.Count;
            var result = base.Export(batch);
            sent(count, result == ExportResult.Success);
            return result;
        }
    }
}
