using System.Text.Json.Serialization;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Drain;

/// <summary>The part of a kubevirt.io/v1 VirtualMachineInstanceMigration that tells what it is for.</summary>
internal sealed record Migration
{
    /// <summary>Set by KubeVirt on those that it starts because the machine was evicted.</summary>
    private const string EvacuationAnnotation = "kubevirt.io/evacuationMigration";

    /// <summary>Not there without KubeVirt.</summary>
    public static ResourceType<Migration> Resource { get; } = new(
        "kubevirt.io", "v1", "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration", namespaced: true,
        MigrationJson.Default.Migration, static m => m.Metadata.ToResourceMeta());

    public NamespacedMeta Metadata { get; set; } = new();
    public MigrationSpec? Spec { get; init; }
    public MigrationStatus? Status { get; init; }

    [JsonIgnore]
    public bool IsOfEvacuation => Metadata.Annotations?.ContainsKey(EvacuationAnnotation) == true;

    [JsonIgnore]
    public bool IsOver => Status?.Phase is "Succeeded" or "Failed";
}

internal sealed record MigrationSpec
{
    public string? VmiName { get; init; }
}

internal sealed record MigrationStatus
{
    public string? Phase { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Migration))]
internal sealed partial class MigrationJson : JsonSerializerContext;
