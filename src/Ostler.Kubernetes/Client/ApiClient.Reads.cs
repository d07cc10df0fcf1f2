using System.IO.Compression;
using System.Runtime.CompilerServices;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Client;

public sealed partial class ApiClient
{
    /// <summary>Reads one object.</summary>
    /// <returns>Null when there is none (404).</returns>
    public async Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName name, CancellationToken cancellationToken) where T : class
    {
        try
        {
            var request = new ApiRequest(HttpMethod.Get, type.ObjectPath(name), "get", type.QualifiedName);
            return await CallForObjectAsync(type, request, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Lists objects, page by page and object by object.</summary>
    /// <param name="type">What.</param>
    /// <param name="options">Which.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="transform">Runs on each object as soon as it is read, so that what it drops never adds up.</param>
    /// <remarks>
    /// A continue token expires after some minutes. The list then starts again without pages, as client-go does: half a list joined
    /// with a younger half would show objects that never existed together.
    /// </remarks>
    public async Task<ResourceList<T>> ListAsync<T>(
        ResourceType<T> type, ListOptions options, CancellationToken cancellationToken, Func<T, T>? transform = null) where T : class
    {
        ArgumentNullException.ThrowIfNull(options);
        var items = new List<T>();
        var pageSize = options.PageSize;
        string? next = null;
        RuntimeMetrics.RecordList(type.QualifiedName);
        while (true)
        {
            ListMeta page;
            try
            {
                page = await ListPageAsync(type, options, pageSize, next, item => items.Add(transform is null ? item : transform(item)), cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsGone && next is not null)
            {
                items.Clear();
                pageSize = 0;
                next = null;
                continue;
            }
            next = page.Continue;
            if (string.IsNullOrEmpty(next))
            {
                items.TrimExcess();
                return new ResourceList<T>(items, page.ResourceVersion ?? "");
            }
        }
    }

    /// <summary>The version of a collection at present, for the price of one object.</summary>
    internal async Task<string> CurrentVersionAsync<T>(ResourceType<T> type, ListOptions options, CancellationToken cancellationToken) where T : class
    {
        var page = await ListPageAsync(type, options, pageSize: 1, next: null, static _ => { }, cancellationToken).ConfigureAwait(false);
        return page.ResourceVersion ?? "";
    }

    private Task<ListMeta> ListPageAsync<T>(
        ResourceType<T> type, ListOptions options, int pageSize, string? next, Action<T> onItem, CancellationToken cancellationToken)
        where T : class
    {
        var path = Query(
            type.CollectionPath(options.Namespace),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            // The token holds the version; the server refuses both together.
            ("resourceVersion", next is null ? options.ResourceVersion : null),
            ("limit", pageSize > 0 ? Number(pageSize) : null),
            ("continue", next));
        return CallAsync(
            new ApiRequest(HttpMethod.Get, path, "list", type.QualifiedName) { AcceptsGzip = true },
            async (response, token) =>
            {
                var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
                if (response.Content.Headers.ContentEncoding.Contains("gzip", StringComparer.OrdinalIgnoreCase))
                {
                    // Not the handler's own decompression, which would ask for it with every request, watches included.
                    stream = new GZipStream(stream, CompressionMode.Decompress);
                }

                await using (stream.ConfigureAwait(false))
                {
                    return await new ListReader<T>(type, onItem).ReadAsync(stream, token).ConfigureAwait(false);
                }
            },
            cancellationToken);
    }

    /// <summary>Watches objects, with bookmarks. Ends when the server closes the watch, which it does every few minutes.</summary>
    /// <exception cref="ApiException">The server refused the watch, or sent an ERROR event; <see cref="ApiException.IsGone"/>: list
    /// anew.</exception>
    /// <exception cref="InvalidDataException">A line cannot be understood: what it said is lost, list anew.</exception>
    /// <remarks>
    /// There is no timeout after the beginning: a watch may rightly be silent. Who needs one cancels, as <c>Informer</c> does.
    /// </remarks>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class
    {
        ArgumentNullException.ThrowIfNull(options);
        using var response = await OpenWatchAsync(type, options, cancellationToken).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var buffer = new PooledBuffer();
        var searched = 0;
        while (true)
        {
            var end = buffer.Unread[searched..].IndexOf((byte)'\n');
            if (end >= 0)
            {
                var length = searched + end;
                var line = buffer.Unread[..length];
                var isBlank = line.Trim(" \r\t"u8).IsEmpty;
                var change = isBlank ? default : WatchReader.Read(type, line);
                buffer.Consume(length + 1);
                searched = 0;
                if (!isBlank)
                {
                    yield return change;
                }
                continue;
            }
            searched = buffer.Unread.Length;
            if (!await buffer.FillAsync(stream, cancellationToken).ConfigureAwait(false))
            {
                // The server ends each event with a newline: what is left was cut off.
                yield break;
            }
        }
    }

    private async Task<HttpResponseMessage> OpenWatchAsync<T>(ResourceType<T> type, WatchOptions options, CancellationToken cancellationToken)
        where T : class
    {
        var path = Query(
            type.CollectionPath(options.Namespace),
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            ("resourceVersion", options.ResourceVersion),
            ("timeoutSeconds", options.ServerTimeout is { } t ? Number(Math.Max(1, (int)t.TotalSeconds)) : null));
        var request = new ApiRequest(HttpMethod.Get, path, "watch", type.QualifiedName);
        using var deadline = new Deadline(_options.Timeout, _options.TimeProvider, cancellationToken);
        try
        {
            return await SendAsync(request, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (deadline.HasPassed)
        {
            throw new TimeoutException($"{request}: no answer within {_options.Timeout.TotalSeconds:0} s", e);
        }
    }
}
