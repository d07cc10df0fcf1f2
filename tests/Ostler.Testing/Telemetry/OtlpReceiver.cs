using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Ostler.Testing.Telemetry;

/// <summary>A collector of traces that keeps what it is sent: OTLP as protobuf over HTTP, or by gRPC.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private const string GrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly Lock _lock = new();
    private readonly List<ReceivedSpan> _spans = [];
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Its base address, as for OTEL_EXPORTER_OTLP_ENDPOINT.</summary>
    public Uri Endpoint => new(_app.Urls.Single());

    /// <summary>What it answers over HTTP. Default: 200.</summary>
    public HttpStatusCode Answer { get; set; } = HttpStatusCode.OK;

    /// <summary>All spans so far, in the order in which they arrived.</summary>
    public IReadOnlyList<ReceivedSpan> Spans
    {
        get
        {
            lock (_lock)
            {
                return [.. _spans];
            }
        }
    }

    public static async Task<OtlpReceiver> StartAsync(bool grpc, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            options => options.Listen(IPAddress.Loopback, 0, l => l.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.Run(receiver.AnswerAsync);
        await app.StartAsync(cancellationToken);
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.ToArray();
        switch (context.Request.Path.Value)
        {
            case "/v1/traces" when context.Request.ContentType == "application/x-protobuf":
                context.Response.StatusCode = (int)Answer;
                context.Response.ContentType = "application/x-protobuf";
                if (Answer == HttpStatusCode.OK)
                {
                    Keep(bytes);
                }

                break;
            case GrpcPath:
                // A flag and the length stand before the message.
                Keep(bytes.AsSpan(5, (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1))).ToArray());
                context.Response.ContentType = "application/grpc";
                context.Response.DeclareTrailer("grpc-status");
                await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
                context.Response.AppendTrailer("grpc-status", "0");
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private void Keep(byte[] request)
    {
        var spans = OtlpSpans.Read(request);
        lock (_lock)
        {
            _spans.AddRange(spans);
        }
    }
}
