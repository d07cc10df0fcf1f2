using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Reads what <c>ostree admin status --json</c> prints (2025.3 and newer). Fields that are not known are passed over.</summary>
internal static class OstreeStatusJson
{
    /// <summary>The deployments in order; null when the text is not such a document.</summary>
    public static IReadOnlyList<HostDeployment>? Parse(string output)
    {
        try
        {
            return JsonSerializer.Deserialize(output, OstreeJson.Default.StatusDocument)?.Deployments is { } deployments
                && deployments.All(d => HostArguments.IsCommit(d.Checksum))
                ? [.. deployments.Select((d, index) => new HostDeployment
                {
                    Index = index,
                    Stateroot = d.Stateroot,
                    Digest = d.Checksum,
                    Serial = d.Serial,
                    Version = d.Version,
                    Reference = d.Refspec,
                    Booted = d.Booted,
                    Staged = d.Staged,
                    Pinned = d.Pinned,
                    Locked = d.FinalizationLocked,
                    SoftRebootTarget = d.SoftRebootTarget,
                    Mutated = d.Unlocked is null or "none" ? null : d.Unlocked,
                })]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal sealed record StatusDocument(IReadOnlyList<Entry>? Deployments);

    internal sealed record Entry
    {
        public required string Checksum { get; init; }
        public required string Stateroot { get; init; }
        public string? Refspec { get; init; }
        public int Serial { get; init; }
        public bool Booted { get; init; }
        public bool Staged { get; init; }
        public bool Pinned { get; init; }
        public bool FinalizationLocked { get; init; }
        public bool SoftRebootTarget { get; init; }
        public string? Unlocked { get; init; }
        public string? Version { get; init; }
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower)]
[JsonSerializable(typeof(OstreeStatusJson.StatusDocument))]
internal sealed partial class OstreeJson : JsonSerializerContext;
