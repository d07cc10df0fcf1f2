using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ostler.Testing.Scripted;

/// <summary>An HTTP server on a free port of the loopback interface; the handler is the script.</summary>
public sealed class LoopbackHttp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackHttp(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public static async Task<LoopbackHttp> StartAsync(Func<HttpContext, Task> handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Run(context => handler(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app);
    }

    /// <summary>Serves the files below a directory.</summary>
    public static Task<LoopbackHttp> ServeAsync(string directory) => StartAsync(async context =>
    {
        var file = Path.Combine(directory, context.Request.Path.Value!.TrimStart('/'));
        if (!File.Exists(file))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await context.Response.Body.WriteAsync(await File.ReadAllBytesAsync(file, context.RequestAborted), context.RequestAborted);
    });

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
