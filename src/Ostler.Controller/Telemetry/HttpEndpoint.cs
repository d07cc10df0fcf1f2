using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ostler.Controller.Telemetry;

/// <summary>A small HTTP server: a few paths, and nothing else.</summary>
/// <remarks>Kestrel without routing, middleware or configuration: that is all it takes, and the process stays small.</remarks>
internal sealed class HttpEndpoint : IAsyncDisposable
{
    /// <summary>A request's headers come in one packet; whoever takes longer holds a connection open.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int PerAddress = 64;
    private const int Total = 512;

    private readonly WebApplication _app;

    private HttpEndpoint(WebApplication app) => _app = app;

    /// <summary>Where it listens; with port 0 the one that was found free.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>Serves these paths, and 404 for every other.</summary>
    public static Task<HttpEndpoint> StartAsync(
        IPEndPoint address, IReadOnlyDictionary<string, RequestDelegate> paths, ILoggerFactory loggers, CancellationToken cancellationToken) => StartAsync(
        address,
        context =>
        {
            if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                return Task.CompletedTask;
            }

            if (paths.TryGetValue(context.Request.Path.Value ?? "", out var handler))
            {
                return handler(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        },
        certificate: null,
        loggers,
        cancellationToken);

    /// <summary>Serves whatever the handler answers, over TLS when there is a certificate (asked for at every handshake).</summary>
    public static async Task<HttpEndpoint> StartAsync(
        IPEndPoint address, RequestDelegate handler, Func<X509Certificate2>? certificate, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        // At the start, so that a file that is not there is told then and not to each visitor.
        certificate?.Invoke();
        var limits = new ConnectionLimits(PerAddress, Total);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = 0;
            options.Limits.RequestHeadersTimeout = Patience;

            // Also for the first request, while nothing of it has come.
            options.Limits.KeepAliveTimeout = Patience;
            options.Listen(address, listen =>
            {
                // Before TLS: a handshake that is never finished is an idle connection as well.
                listen.Use(next => connection => limits.ServeAsync(connection, next));
                if (certificate is not null)
                {
                    listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificateSelector = (_, _) => certificate(), HandshakeTimeout = Patience });
                }
            });
        });
        var app = builder.Build();
        app.Run(context => limits.AnswerAsync(context, handler));
        await app.StartAsync(cancellationToken);
        return new(app);
    }

    /// <summary>Answers 200 with <paramref name="state"/> while there is no problem, else 503 with the problem.</summary>
    public static RequestDelegate Probe(Func<(bool Ok, string Words)> state) => context =>
    {
        var (ok, words) = state();
        context.Response.StatusCode = ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(words + "\n", context.RequestAborted);
    };

    /// <summary>Serves the metrics.</summary>
    public static RequestDelegate Exposition(MeterBridge bridge) => async context =>
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        using var text = new MemoryStream();
        await bridge.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), context.RequestAborted);
    };

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
