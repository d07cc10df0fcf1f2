using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ostler.Kubernetes.Client;

/// <summary>What a client must know of a resource: its path, and how to read its metadata and JSON without reflection.</summary>
/// <remarks>
/// <typeparamref name="T"/> need not be the whole object. A type with the few fields that are read costs a fraction of the
/// memory, which counts where tens of thousands of pods are cached. Such a type must not be used with
/// <see cref="ApiClient.UpdateAsync"/>: what it cannot hold would be deleted.
/// </remarks>
public sealed class ResourceType<T> where T : class
{
    private readonly JsonTypeInfo<T> _json;
    private readonly Func<T, ResourceMeta> _metaOf;

    /// <param name="group">The API group; empty for core.</param>
    /// <param name="version">For example <c>v1</c>.</param>
    /// <param name="plural">The resource's name in paths, for example <c>nodes</c>.</param>
    /// <param name="kind">For example <c>Node</c>.</param>
    /// <param name="namespaced">Whether objects live in namespaces.</param>
    /// <param name="json">The source-generated contract.</param>
    /// <param name="metaOf">Reads the metadata of an object.</param>
    public ResourceType(
        string group, string version, string plural, string kind, bool namespaced, JsonTypeInfo<T> json, Func<T, ResourceMeta> metaOf)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentException.ThrowIfNullOrEmpty(version);
        ArgumentException.ThrowIfNullOrEmpty(plural);
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(metaOf);
        Group = group;
        Version = version;
        Plural = plural;
        Kind = kind;
        Namespaced = namespaced;
        _json = json;
        _metaOf = metaOf;
    }

    public string Group { get; }
    public string Version { get; }
    public string Plural { get; }
    public string Kind { get; }
    public bool Namespaced { get; }

    /// <summary>The value of <c>apiVersion</c>: <c>v1</c> or <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary><c>plural</c> or <c>plural.group</c>: how people and metrics name the resource.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public ResourceMeta MetaOf(T obj) => _metaOf(obj);

    /// <exception cref="JsonException">The text is not such an object.</exception>
    public T Deserialize(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, _json) ?? throw new JsonException($"null where a {Kind} was expected");

    /// <exception cref="JsonException">The element is not such an object.</exception>
    public T Deserialize(JsonElement element) =>
        element.Deserialize(_json) ?? throw new JsonException($"null where a {Kind} was expected");

    public byte[] Serialize(T obj) => JsonSerializer.SerializeToUtf8Bytes(obj, _json);

    /// <summary>The path of the collection (in one namespace, or everywhere when empty), without a leading slash.</summary>
    internal string CollectionPath(string @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        return Namespaced && @namespace.Length > 0
            ? $"{root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}"
            : $"{root}/{Plural}";
    }

    /// <summary>The path of one object, or of one of its subresources.</summary>
    internal string ObjectPath(NamespacedName name, string? subresource = null)
    {
        // An empty name would turn a DELETE of one object into one of the whole collection.
        ArgumentException.ThrowIfNullOrEmpty(name.Name);
        if (Namespaced)
        {
            ArgumentException.ThrowIfNullOrEmpty(name.Namespace);
        }
        var path = $"{CollectionPath(name.Namespace ?? "")}/{Uri.EscapeDataString(name.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }
}
