using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>The part of Kubernetes' object metadata that Ostler reads or writes.</summary>
/// <remarks>
/// Ours and not the client library's, so that the agent, which runs on every node of somebody's cluster,
/// does not link the models of the whole Kubernetes API for six fields.
/// </remarks>
public sealed record ObjectMeta
{
    public string Name { get; set; } = "";
    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
    public long Generation { get; init; }
    public DateTimeOffset? CreationTimestamp { get; init; }
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>
    /// The field manager that set the annotation or label <see cref="NodeMarks.Hold"/>; null: nobody did, or it is not known. Read from
    /// managedFields, of which nothing else is kept, and never written.
    /// </summary>
    [JsonPropertyName("managedFields"), JsonConverter(typeof(HoldManagerConverter))]
    public string? HoldManager { get; init; }
}

/// <summary>The object that owns this one.</summary>
public sealed record OwnerReference
{
    public required string ApiVersion { get; init; }
    public required string Kind { get; init; }
    public required string Name { get; init; }
    public required string Uid { get; init; }
    public bool? Controller { get; init; }
    public bool? BlockOwnerDeletion { get; init; }
}

/// <summary>What every object of the group <c>ostler.dev</c> has.</summary>
public interface IOstlerResource
{
    string ApiVersion { get; }
    string Kind { get; }
    ObjectMeta Metadata { get; }
}

/// <summary>The names under which the API server knows the resources of Ostler.</summary>
public static class OstlerApi
{
    public const string Group = "ostler.dev";
    public const string Version = "v1alpha1";
    public const string GroupVersion = Group + "/" + Version;
}
