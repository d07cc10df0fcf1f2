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
        var document = ToolJson.Find(output, OstreeJson.Default.StatusDocument, static d => d.Deployments?.All(e => HostArguments.IsCommit(e.Checksum)) == true);
        return document is null ? null : [.. document.Deployments!.Select(Describe)];
    }

    private static HostDeployment Describe(Entry entry, int index) => new()
    {
        Index = index,
        Stateroot = entry.Stateroot,
        Digest = entry.Checksum,
        Serial = entry.Serial,
        Version = entry.Version,
        Reference = entry.Refspec,
        Booted = entry.Booted,
        Staged = entry.Staged,
        Pinned = entry.Pinned,
        Locked = entry.FinalizationLocked,
        SoftRebootTarget = entry.SoftRebootTarget,
        Mutated = entry.Unlocked is null or "none" ? null : entry.Unlocked,
    };

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
