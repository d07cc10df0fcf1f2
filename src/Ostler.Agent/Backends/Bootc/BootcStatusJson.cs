using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>
/// Reads what <c>bootc status --json</c> prints, from its first versions (v1alpha1) to the present one (v1). Fields that are not known are
/// passed over.
/// </summary>
internal static class BootcStatusJson
{
    /// <summary>The document; null when the text is none, or names an image without saying which.</summary>
    public static BootcHost? Parse(string output)
    {
        var document = ToolJson.Find(output, BootcJson.Default.Document, static d => d is { Kind: "BootcHost", Status: { } status } && status.All.All(IsWhole));
        return document is null ? null : new BootcHost(document.Status!);
    }

    private static bool IsWhole(Entry entry) =>
        (entry.Image is null || (entry.Image is { Image.Image.Length: > 0, ImageDigest: { } digest } && HostArguments.IsManifestDigest(digest)))
        && (entry.Ostree is null || HostArguments.IsCommit(entry.Ostree.Checksum));

    internal sealed record Document(string? Kind, Status? Status);

    internal sealed record Status
    {
        public Entry? Staged { get; init; }
        public Entry? Booted { get; init; }
        public Entry? Rollback { get; init; }
        public IReadOnlyList<Entry>? OtherDeployments { get; init; }
        public bool RollbackQueued { get; init; }
        public JsonElement? UsrOverlay { get; init; }

        /// <summary>
        /// In the order in which they boot: what is staged, then the two of which one boots next, then what somebody pinned.
        /// </summary>
        [JsonIgnore]
        public IEnumerable<Entry> All =>
            (RollbackQueued ? [Staged, Rollback, Booted] : (Entry?[])[Staged, Booted, Rollback]).OfType<Entry>().Concat(OtherDeployments ?? []);
    }

    internal sealed record Entry
    {
        public ImageStatus? Image { get; init; }
        public bool Incompatible { get; init; }
        public bool Pinned { get; init; }
        public bool SoftRebootCapable { get; init; }
        public bool DownloadOnly { get; init; }
        public OstreeEntry? Ostree { get; init; }
    }

    internal sealed record ImageStatus
    {
        public ImageReference? Image { get; init; }
        public string? Version { get; init; }
        public string? ImageDigest { get; init; }
    }

    /// <summary>Its signature is a word or an object, by the policy that it stands for.</summary>
    internal sealed record ImageReference(string? Image, string? Transport, JsonElement? Signature);

    internal sealed record OstreeEntry
    {
        public required string Checksum { get; init; }
        public int DeploySerial { get; init; }

        /// <summary>Since 1.3.0; before, bootc knew but this one.</summary>
        public string? Stateroot { get; init; }
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BootcStatusJson.Document))]
internal sealed partial class BootcJson : JsonSerializerContext;
