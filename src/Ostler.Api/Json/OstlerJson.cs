using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Api.Json;

/// <summary>Reads and writes the resources of Ostler without reflection, so that NativeAOT programs can.</summary>
/// <remarks>
/// Properties with a default have a setter, not an initializer: the source generator assigns every init-only property,
/// and what is absent in the JSON would overwrite its default with zero.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimestampJsonConverter)])]
[JsonSerializable(typeof(OSImage))]
[JsonSerializable(typeof(UpgradePolicy))]
[JsonSerializable(typeof(NodeOS))]
public sealed partial class OstlerJson : JsonSerializerContext;

/// <summary>
/// Reads and writes NodeOS alone, the same as <see cref="OstlerJson"/> does: for the agent, which runs on every node and whose size counts.
/// What it does not name is not linked.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(TimestampJsonConverter)])]
[JsonSerializable(typeof(NodeOS))]
public sealed partial class NodeOSJson : JsonSerializerContext;
