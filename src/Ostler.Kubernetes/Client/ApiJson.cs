using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Ostler.Kubernetes.Client;

/// <summary>The few wire types of the client itself.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApiStatus))]
[JsonSerializable(typeof(ListMeta))]
[JsonSerializable(typeof(ApiResourceList))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ApiJson : JsonSerializerContext;

internal sealed record ListMeta
{
    public string? ResourceVersion { get; init; }
    public string? Continue { get; init; }
}

internal sealed record ApiResourceList
{
    public IReadOnlyList<ApiResource>? Resources { get; init; }
}

/// <summary>A resource that the server serves, as discovery describes it.</summary>
public sealed record ApiResource
{
    /// <summary>The plural; with a slash for a subresource, as in <c>pods/eviction</c>.</summary>
    public string Name { get; set; } = "";

    public string Kind { get; set; } = "";
    public bool Namespaced { get; init; }

    /// <summary>The group of <see cref="Kind"/> where it is not that of the path (subresources); null otherwise.</summary>
    public string? Group { get; init; }

    /// <summary>The version of <see cref="Kind"/> where it is not that of the path (subresources); null otherwise.</summary>
    public string? Version { get; init; }

    public IReadOnlyList<string>? Verbs { get; init; }
}
