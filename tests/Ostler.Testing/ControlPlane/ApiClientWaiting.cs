using System.Runtime.CompilerServices;
using System.Text;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.Waiting;

namespace Ostler.Testing.ControlPlane;

/// <summary>Waits for the state of an object by watching it: no polling, no sleep.</summary>
public static class ApiClientWaiting
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    /// <summary>Watches one object until a condition holds; connections that break off and servers that restart are waited out.</summary>
    /// <param name="client">Reads through this.</param>
    /// <param name="type">The resource.</param>
    /// <param name="name">The object; it need not exist yet.</param>
    /// <param name="condition">Gets null while the object does not exist.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="patience">How long the object, and whatever <paramref name="source"/> watches, may stay as it is. Default 60 s.</param>
    /// <param name="source">What counts as progress beside the object itself.</param>
    /// <param name="description">Filled in by the compiler: the text of the condition.</param>
    /// <returns>The object for which it held; null when it held for there being none.</returns>
    /// <exception cref="NoProgressException">Nothing changed any longer; the message ends with the object as it was last.</exception>
    public static async Task<T?> WaitForAsync<T>(
        this ApiClient client,
        ResourceType<T> type,
        NamespacedName name,
        Func<T?, bool> condition,
        CancellationToken cancellationToken,
        TimeSpan? patience = null,
        IProgressSource? source = null,
        [CallerArgumentExpression(nameof(condition))] string description = "")
        where T : class
    {
        using var timer = new ProgressTimer(TimeProvider.System, patience ?? DefaultPatience);
        using var following = source?.Follow(timer);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Expired, cancellationToken);
        T? last = null;
        try
        {
            while (true)
            {
                await foreach (var seen in StatesAsync(client, type, name, deadline.Token).ConfigureAwait(false))
                {
                    last = seen;
                    if (condition(seen))
                    {
                        return seen;
                    }

                    timer.Observe(seen is null ? "" : ObjectState.Of(type.Serialize(seen)));
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var state = last is null ? "it does not exist" : Encoding.UTF8.GetString(type.Serialize(last));
            throw new NoProgressException($"{type.Kind} {name}: {description}", timer.Patience, state);
        }
    }

    /// <summary>The object now and after each change, until the connection ends; null for an object that does not exist.</summary>
    private static async IAsyncEnumerable<T?> StatesAsync<T>(
        ApiClient client, ResourceType<T> type, NamespacedName name, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var selector = $"metadata.name={name.Name}";
        var list = await TryAsync<ResourceList<T>>(
            async () => await client.ListAsync(type, new() { Namespace = name.Namespace, FieldSelector = selector }, cancellationToken).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        if (list is null)
        {
            yield break;
        }

        yield return list.Items.SingleOrDefault();
        var watch = client.WatchAsync(
            type,
            new WatchOptions { Namespace = name.Namespace, FieldSelector = selector, ResourceVersion = list.ResourceVersion },
            cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var _ = watch.ConfigureAwait(false);
        while (await TryAsync(async () => await watch.MoveNextAsync().ConfigureAwait(false) ? watch : null, cancellationToken).ConfigureAwait(false) is not null)
        {
            if (watch.Current is { Type: not WatchEventType.Bookmark } change)
            {
                yield return change.Type == WatchEventType.Deleted ? null : change.Object;
            }
        }
    }

    /// <returns>Null when the server could not be reached, after a pause.</returns>
    private static async Task<TResult?> TryAsync<TResult>(Func<Task<TResult?>> call, CancellationToken cancellationToken)
        where TResult : class
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException or InvalidDataException
            or ApiException { IsGone: true } or ApiException { IsTooManyRequests: true } or ApiException { Code: >= System.Net.HttpStatusCode.InternalServerError })
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken).ConfigureAwait(false);
            return null;
        }
    }
}
