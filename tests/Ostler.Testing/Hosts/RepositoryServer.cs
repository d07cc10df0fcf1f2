using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ostler.Testing.Hosts;

/// <summary>
/// Serves an archive repository over HTTP on loopback: at <c>/repo/</c> for everybody and at
/// <c>/hosts/NAME/repo/</c> for one host, so that a fault can hit that host alone. Beside it, at <c>/v2/</c>, the registry of container
/// images.
/// </summary>
internal sealed class RepositoryServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _repository;
    private readonly ImageRegistry _images;
    private readonly ConcurrentDictionary<Rule, byte> _rules = new();
    private readonly ConcurrentQueue<RepositoryRequest> _requests = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _stalled = new();

    private RepositoryServer(WebApplication app, string repository, ImageRegistry images)
    {
        (_app, _repository, _images) = (app, repository, images);
        app.Run(ServeAsync);
    }

    /// <summary>With a slash at its end.</summary>
    public Uri Address => new(_app.Urls.First() + "/");

    public IReadOnlyCollection<RepositoryRequest> Requests => _requests;

    public static async Task<RepositoryServer> StartAsync(string repository, ImageRegistry images, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new RepositoryServer(builder.Build(), repository, images);
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>
    /// A fault for one host (null: for all and the common URL) on paths that contain a text (null: on all); lifted by disposing.
    /// </summary>
    public IDisposable Inject(RepositoryFault fault, string? host, string? pathContains)
    {
        var rule = new Rule(this, fault, host, pathContains);
        _rules[rule] = 0;
        return rule;
    }

    public Task StalledAsync(string? host, CancellationToken cancellationToken) => Stalled(host ?? "").Task.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var rule in _rules.Keys)
        {
            rule.Dispose();
        }
        await _app.DisposeAsync();
    }

    private TaskCompletionSource Stalled(string host) =>
        _stalled.GetOrAdd(host, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task ServeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/v2", out var image))
        {
            await RespondImageAsync(context, image.Value!.TrimStart('/'));
            return;
        }
        var segments = context.Request.Path.Value!.TrimStart('/').Split('/');
        var (host, path) = segments switch
        {
            ["repo", .. var rest] => ((string?)null, string.Join('/', rest)),
            ["hosts", var name, "repo", .. var rest] => (name, string.Join('/', rest)),
            _ => (null, ""),
        };
        var rule = _rules.Keys.FirstOrDefault(rule => rule.Covers(host, path));
        try
        {
            await RespondAsync(context, host, path, rule);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
        finally
        {
            _requests.Enqueue(new RepositoryRequest(host, path, context.Response.StatusCode));
        }
    }

    private async Task RespondAsync(HttpContext context, string? host, string path, Rule? rule)
    {
        var fault = rule?.Fault;
        if (fault == RepositoryFault.Stall)
        {
            Stalled(host ?? "").TrySetResult();
            await rule!.Lifted.WaitAsync(context.RequestAborted);
        }
        if (fault == RepositoryFault.Unavailable)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        var file = Path.GetFullPath(Path.Combine(_repository, path));
        if (fault == RepositoryFault.NotFound || !file.StartsWith(_repository + "/", StringComparison.Ordinal) || !File.Exists(file))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var content = await File.ReadAllBytesAsync(file, context.RequestAborted);
        if (fault == RepositoryFault.Corrupt && path.StartsWith("objects/", StringComparison.Ordinal))
        {
            content[^1] ^= 0xff;
        }
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = content.Length;
        context.Response.Headers.LastModified = File.GetLastWriteTimeUtc(file).ToString("R", CultureInfo.InvariantCulture);
        if (fault == RepositoryFault.DropMidObject && path.StartsWith("objects/", StringComparison.Ordinal))
        {
            await context.Response.Body.WriteAsync(content.AsMemory(0, content.Length / 2), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        }
        else if (fault == RepositoryFault.Slow)
        {
            await TrickleAsync(context, content);
        }
        else
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
    }

    private async Task RespondImageAsync(HttpContext context, string path)
    {
        if (_images.Find(path) is not { } found)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}""", context.RequestAborted);
            return;
        }
        context.Response.ContentType = found.Type;
        context.Response.ContentLength = found.Content.Length;
        context.Response.Headers["Docker-Content-Digest"] = ImageRegistry.DigestOf(found.Content);
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(found.Content, context.RequestAborted);
        }
    }

    private static async Task TrickleAsync(HttpContext context, byte[] content)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        foreach (var piece in content.Chunk(1024))
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await pace.WaitForNextTickAsync(context.RequestAborted);
        }
    }

    private sealed class Rule(RepositoryServer server, RepositoryFault fault, string? host, string? pathContains) : IDisposable
    {
        private readonly TaskCompletionSource _lifted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RepositoryFault Fault => fault;

        public Task Lifted => _lifted.Task;

        public bool Covers(string? requestHost, string path) =>
            (host is null || host == requestHost) && (pathContains is null || path.Contains(pathContains, StringComparison.Ordinal));

        public void Dispose()
        {
            server._rules.TryRemove(this, out _);
            _lifted.TrySetResult();
        }
    }
}
