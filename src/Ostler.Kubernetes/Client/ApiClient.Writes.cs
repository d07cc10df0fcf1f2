namespace Ostler.Kubernetes.Client;

public sealed partial class ApiClient
{
    /// <summary>Creates an object.</summary>
    /// <returns>The object as stored.</returns>
    public Task<T> CreateAsync<T>(ResourceType<T> type, T obj, CancellationToken cancellationToken) where T : class
    {
        var path = Query(type.CollectionPath(type.MetaOf(obj).Namespace ?? ""), ("fieldManager", _options.FieldManager));
        return CallForObjectAsync(
            type, new ApiRequest(HttpMethod.Post, path, "create", type.QualifiedName) { Body = type.Serialize(obj) }, cancellationToken);
    }

    /// <summary>Replaces an object. With a resourceVersion in its metadata only if the object still has it.</summary>
    /// <returns>The object as stored.</returns>
    /// <remarks>For types that hold the whole object only: a field that <typeparamref name="T"/> does not know is deleted.</remarks>
    public Task<T> UpdateAsync<T>(ResourceType<T> type, T obj, CancellationToken cancellationToken, string? subresource = null) where T : class
    {
        var path = Query(type.ObjectPath(type.MetaOf(obj).Key, subresource), ("fieldManager", _options.FieldManager));
        return CallForObjectAsync(
            type, new ApiRequest(HttpMethod.Put, path, "update", type.QualifiedName) { Body = type.Serialize(obj) }, cancellationToken);
    }

    /// <summary>Changes an object, or with <paramref name="subresource"/> (<c>status</c>) that part of it.</summary>
    /// <returns>The object as stored: hand it to <c>Informer</c>.</returns>
    public Task<T> PatchAsync<T>(
        ResourceType<T> type, NamespacedName name, Patch patch, CancellationToken cancellationToken, string? subresource = null) where T : class
    {
        ArgumentNullException.ThrowIfNull(patch);
        var path = Query(
            type.ObjectPath(name, subresource),
            ("fieldManager", patch.FieldManager ?? _options.FieldManager),
            // Only an apply knows force; the server refuses it elsewhere.
            ("force", patch is { Kind: PatchKind.Apply, Force: true } ? "true" : null),
            ("dryRun", patch.DryRun ? "All" : null));
        var request = new ApiRequest(HttpMethod.Patch, path, patch.Kind == PatchKind.Apply ? "apply" : "patch", type.QualifiedName)
        {
            Body = patch.BodyFor(type, name),
            ContentType = patch.ContentType,
        };
        return CallForObjectAsync(type, request, cancellationToken);
    }

    /// <summary>Asks for the deletion of an object. It may stay for its grace period and its finalizers.</summary>
    /// <exception cref="ApiException">
    /// <see cref="ApiException.IsNotFound"/>: gone already. <see cref="ApiException.IsConflict"/>: it is not the object of the
    /// preconditions.
    /// </exception>
    public Task DeleteAsync<T>(
        ResourceType<T> type,
        NamespacedName name,
        DeletePreconditions? preconditions,
        int? gracePeriodSeconds,
        CancellationToken cancellationToken) where T : class
    {
        var options = ApiBody.DeleteOptions(preconditions?.Uid, preconditions?.ResourceVersion, gracePeriodSeconds, dryRun: false);
        var request = new ApiRequest(HttpMethod.Delete, type.ObjectPath(name), "delete", type.QualifiedName) { Body = ApiBody.Bytes(options) };
        return CallAsync(request, static (_, _) => Task.FromResult(true), cancellationToken);
    }
}
