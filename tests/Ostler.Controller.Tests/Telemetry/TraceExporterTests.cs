using System.Net;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Rollout.Traces;
using Ostler.Testing.Telemetry;

namespace Ostler.Controller.Tests.Telemetry;

/// <summary>Spans as a collector receives them.</summary>
public sealed class TraceExporterTests
{
    private static readonly SpanIdentity Root = new("0123456789abcdef0123456789abcdef", "0123456789abcdef");
    private static readonly SpanIdentity Elsewhere = new("fedcba9876543210fedcba9876543210", "fedcba9876543210");

    private static readonly SpanFacts[] Spans =
    [
        new()
        {
            Id = new(Root.TraceId, "00000000000000aa"), ParentSpanId = Root.SpanId, Name = "verify", StartedAt = Given.Now.AddMinutes(-2), EndedAt = Given.Now,
            Result = SpanResult.Error, Reason = "HostCheckFailed", Message = "edge.service is failed",
            Attributes = [new("k8s.node.name", "node-1"), new("ostler.attempt", 2L)],
        },
        new() { Id = Root, Name = "upgrade", StartedAt = Given.Now.AddDays(-3), EndedAt = Given.Now, Result = SpanResult.Ok, Reason = "Updated", Links = [Elsewhere] },
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task They_arrive_with_the_ids_and_the_times_of_the_facts(bool grpc)
    {
        await using var collector = await OtlpReceiver.StartAsync(grpc, Given.Cancel);
        var sent = new List<(int, bool)>();
        var (settings, _) = TraceSettings.Parse(collector.Endpoint.ToString(), name => name == "OTEL_EXPORTER_OTLP_PROTOCOL" && grpc ? "grpc" : null);

        using (var exporter = new TraceExporter(settings!, "pod-1", "1.2.3", (count, taken) => sent.Add((count, taken))))
        {
            exporter.Take(Spans);
        }

        var (verify, upgrade) = (collector.Spans[0], collector.Spans[1]);
        Assert.Equal((Root.TraceId, "00000000000000aa", Root.SpanId, "verify"), (verify.TraceId, verify.SpanId, verify.ParentSpanId, verify.Name));
        Assert.Equal((Given.Now.AddMinutes(-2), Given.Now), (verify.StartedAt, verify.EndedAt));
        Assert.Equal((2, "HostCheckFailed: edge.service is failed"), (verify.StatusCode, verify.StatusMessage));
        Assert.Equal(
            [new("k8s.node.name", "node-1"), new("ostler.attempt", "2"), new("ostler.message", "edge.service is failed"), new("ostler.reason", "HostCheckFailed")],
            verify.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal));
        Assert.Equal((Root.TraceId, Root.SpanId, ""), (upgrade.TraceId, upgrade.SpanId, upgrade.ParentSpanId));
        Assert.Equal((Given.Now.AddDays(-3), 1), (upgrade.StartedAt, upgrade.StatusCode));
        Assert.Equal([(Elsewhere.TraceId, Elsewhere.SpanId)], upgrade.Links);
        Assert.Equal(("ostler-controller", "1.2.3", "pod-1"), (upgrade.Resource["service.name"], upgrade.Resource["service.version"], upgrade.Resource["service.instance.id"]));
        Assert.Equal([(2, true)], sent);
    }

    [Fact]
    public async Task A_collector_that_refuses_them_costs_them_and_that_is_told()
    {
        await using var collector = await OtlpReceiver.StartAsync(grpc: false, Given.Cancel);
        collector.Answer = HttpStatusCode.BadRequest;
        var sent = new List<(int, bool)>();

        using (var exporter = new TraceExporter(TraceSettings.Parse(collector.Endpoint.ToString(), _ => null).Settings!, "pod-1", "1.2.3", (count, taken) => sent.Add((count, taken))))
        {
            exporter.Take(Spans);
        }

        Assert.Empty(collector.Spans);
        Assert.Equal([(2, false)], sent);
    }

    [Theory]
    [InlineData(null, "", null)]
    [InlineData("http://c:4318", "", "http://c:4318/v1/traces")]
    [InlineData("http://c:4318/base/", "", "http://c:4318/base/v1/traces")]
    [InlineData("http://c:4317", "", "grpc http://c:4317/")]
    [InlineData("http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "http://c:4317/v1/traces")]
    [InlineData(null, "OTEL_EXPORTER_OTLP_ENDPOINT=https://c", "https://c/v1/traces")]
    [InlineData(null, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://c/whole", "https://c/whole")]
    [InlineData("http://flag:4318", "OTEL_EXPORTER_OTLP_ENDPOINT=https://c", "http://flag:4318/v1/traces")]
    [InlineData("http://c:4318", "OTEL_SDK_DISABLED=true", null)]
    [InlineData("http://c:4318", "OTEL_TRACES_EXPORTER=none", null)]
    [InlineData("c:4318", "", "\"c:4318\" is not a value for --otlp-endpoint: it must be the http or https address of an OTLP collector, as in http://collector.monitoring:4318.")]
    [InlineData("http://c:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_PROTOCOL is \"http/json\"; grpc and http/protobuf are supported.")]
    public void Where_they_go(string? flag, string variable, string? expected)
    {
        var (name, value) = variable.Split('=', 2) is [var n, var v] ? (n, v) : ("", "");

        var (settings, problem) = TraceSettings.Parse(flag, asked => asked == name ? value : null);

        Assert.Equal(expected, problem ?? (settings is null ? null : $"{(settings.Grpc ? "grpc " : "")}{settings.Endpoint}"));
    }
}
