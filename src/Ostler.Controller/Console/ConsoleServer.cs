using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ostler.Controller.Console.Access;
using Ostler.Controller.Console.Live;
using Ostler.Controller.Console.Views;
using Ostler.Controller.Telemetry;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;

namespace Ostler.Controller.Console;

/// <summary>
/// The web console: the page, a stream of the fleet, and one node's history. It only reads. Every replica serves it, leader or not, from
/// caches of its own that live while somebody looks.
/// </summary>
/// <remarks>
/// <para>Paths: <c>/</c> and the page's files, for anybody (they hold nothing of the cluster); <c>/api/fleet</c> and
/// <c>/api/nodes/NAME</c>, for whoever <see cref="AccessReviews"/> lets in.</para>
/// <para>No cookies: a token travels in the header Authorization, which no other page can make a browser send.</para>
/// </remarks>
internal sealed partial class ConsoleServer : IAsyncDisposable
{
    private const string NodePath = "/api/nodes/";
    private static readonly TimeSpan SyncPatience = TimeSpan.FromSeconds(10);

    private readonly ConsoleSettings _settings;
    private readonly ApiClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AccessReviews? _reviews;
    private readonly IReadOnlyCollection<string> _hosts;
    private readonly CancellationTokenSource _stop = new();
    private HttpEndpoint? _endpoint;
    private int _viewers;

    private ConsoleServer(ConsoleSettings settings, ApiClient client, ILoggerFactory loggers, TimeProvider time, Func<double> random)
    {
        (_settings, _client, _time) = (settings, client, time);
        _logger = loggers.CreateLogger<ConsoleServer>();
        _hosts = settings.AllowedHosts;

        _reviews = settings.AsksForTokens ? new(client, time, loggers.CreateLogger<AccessReviews>()) : null;
        Source = new(() => new(client, time, loggers, random), time);
    }

    /// <summary>Where it listens; with port 0 the one that was found free.</summary>
    public Uri Address => _endpoint!.Address;

    /// <summary>The caches.</summary>
    public FleetSource Source { get; }

    public static async Task<ConsoleServer> StartAsync(
        ConsoleSettings settings, ApiClient client, ILoggerFactory loggers, TimeProvider time, Func<double> random, CancellationToken cancellationToken)
    {
        var server = new ConsoleServer(settings, client, loggers, time, random);
        try
        {
            var certificate = settings is { CertificateFile: { } file, KeyFile: { } key } ? new CertificateFiles(file, key, time) : null;
            server._endpoint = await HttpEndpoint.StartAsync(settings.Address, server.AnswerAsync, certificate is null ? null : certificate.Current, loggers, cancellationToken);
            server.LogServing(server.Address, server._reviews is not null);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Streams never end by themselves, and the server waits for what is under way.
        await _stop.CancelAsync();
        if (_endpoint is not null)
        {
            await _endpoint.DisposeAsync();
        }

        await Source.DisposeAsync();
        _reviews?.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        RequestGuard.Harden(context.Response.Headers);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        try
        {
            if (RequestGuard.Refuse(context.Request, _hosts) is { } refused)
            {
                await RefuseAsync(context, refused, cancel.Token);
            }
            else if (!await ConsoleFiles.TryServeAsync(context))
            {
                await AnswerApiAsync(context, cancel.Token);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Whoever asked is gone, or we are: there is nobody to tell.
            context.Abort();
        }
    }

    private async Task AnswerApiAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var path = context.Request.Path.Value ?? "";
        if (path != "/api/fleet" && !path.StartsWith(NodePath, StringComparison.Ordinal))
        {
            await RefuseAsync(context, new(StatusCodes.Status404NotFound, "NotFound", "No such page."), cancellationToken);
            return;
        }

        var access = await AskAsync(context, cancellationToken);
        if (access.Refused is { } refused)
        {
            await RefuseAsync(context, refused, cancellationToken);
        }
        else if (path == "/api/fleet")
        {
            await StreamAsync(context, access.User, cancellationToken);
        }
        else
        {
            await NodeAsync(context, path[NodePath.Length..], access.Events, cancellationToken);
        }
    }

    private async Task StreamAsync(HttpContext context, string? user, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _viewers) > _settings.MaxViewers)
            {
                context.Response.Headers.RetryAfter = "30";
                await RefuseAsync(
                    context, new(StatusCodes.Status503ServiceUnavailable, "TooManyViewers", $"{_settings.MaxViewers} pages are already open. Close one, or connect to another replica."), cancellationToken);
                return;
            }

            using var lease = Source.Open();
            if (await SyncedAsync(context, lease.Caches, cancellationToken))
            {
                var viewer = new StreamViewer(
                    ConsoleAbout.Of(_settings.ClusterName, user),
                    _settings.Beat,
                    async token => (await AskAsync(context, token)).Refused is null);
                await FleetStream.RunAsync(context, lease.Caches, viewer, _time, cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _viewers);
        }
    }

    private async Task NodeAsync(HttpContext context, string name, bool mayReadEvents, CancellationToken cancellationToken)
    {
        using var lease = Source.Open();
        if (!await SyncedAsync(context, lease.Caches, cancellationToken))
        {
            return;
        }

        if (lease.Caches.Feed.Node(name) is not { } row)
        {
            await RefuseAsync(context, new(StatusCodes.Status404NotFound, "NodeNotFound", "No such node. It may have been removed."), cancellationToken);
            return;
        }

        var (events, problem) = mayReadEvents
            ? await NodeEvents.ReadAsync(_client, row.Name, cancellationToken)
            : ([], $"You may not list Events in namespace {NodeEvents.Namespace}, which has those of nodes. An administrator can bind the Role ostler-console-viewer there.");
        var key = NamespacedName.ClusterScoped(row.Name);
        var history = NodeHistory.Of(row, lease.Caches.Nodes.Get(key), lease.Caches.Systems.Get(key), events, problem);
        context.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(context.Response.Body, history, ConsoleJson.Default.NodeHistory, cancellationToken);
    }

    /// <summary>Waits for the first read of everything, and says so when it does not come.</summary>
    private async Task<bool> SyncedAsync(HttpContext context, FleetCaches caches, CancellationToken cancellationToken)
    {
        try
        {
            await caches.WaitAsync(cancellationToken).WaitAsync(SyncPatience, _time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            context.Response.Headers.RetryAfter = "5";
            await RefuseAsync(context, new(StatusCodes.Status503ServiceUnavailable, "NotSynced", "The API server has not answered yet. The page tries again; the controller's log has the request."), cancellationToken);
            return false;
        }
    }

    private Task<ConsoleAccess> AskAsync(HttpContext context, CancellationToken cancellationToken) =>
        _reviews is null ? Task.FromResult(ConsoleAccess.All) : _reviews.AskAsync(context.Request.Headers.Authorization, cancellationToken);

    private static async Task RefuseAsync(HttpContext context, Refusal refusal, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        if (refusal.Status == StatusCodes.Status405MethodNotAllowed)
        {
            context.Response.Headers.Allow = "GET, HEAD";
        }

        await JsonSerializer.SerializeAsync(context.Response.Body, refusal, AccessJson.Default.Refusal, cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Information, "The console is at {Address}, tokens asked for: {Tokens}")]
    private partial void LogServing(Uri address, bool tokens);
}
