using System.Text.Json.Serialization;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Reboot;

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PendingBoot))]
internal sealed partial class HostJson : JsonSerializerContext;
