using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary>
/// Reads what <c>rpm-ostree status --json</c> prints. Fields that are not known are passed over; those of newer versions may be missing.
/// </summary>
internal static class RpmOstreeStatusJson
{
    /// <summary>The deployments in order; null when the text is no such document, or contradicts itself.</summary>
    public static HostDeployments? Parse(string output)
    {
        var document = ToolJson.Find(output, RpmOstreeJson.Default.Document, static d => d.Deployments is { } entries && IsWhole(entries));
        return document is null
            ? null
            : new HostDeployments([.. document.Deployments!.Select(RpmOstreeDeployments.Describe)])
            {
                Transaction = TransactionOf(document.Transaction),
                Driver = document.UpdateDriver is { } driver ? $"{driver.DriverName} ({driver.DriverSdUnit})" : null,
            };
    }

    private static bool IsWhole(IReadOnlyList<Entry> entries) =>
        entries.All(e => HostArguments.IsCommit(e.Checksum) && (e.BaseChecksum is null || HostArguments.IsCommit(e.BaseChecksum)))
        && entries.Count(e => e.Booted) <= 1
        && entries.Count(e => e.Staged) <= 1;

    /// <summary>Method, sender and object path: the first two tell a person what goes on.</summary>
    private static string? TransactionOf(JsonElement? transaction) =>
        transaction is { ValueKind: JsonValueKind.Array } words && words.GetArrayLength() >= 2 ? $"{words[0]} by {words[1]}" : null;

    internal sealed record Document(IReadOnlyList<Entry>? Deployments, JsonElement? Transaction, Driver? UpdateDriver);

    internal sealed record Driver(string? DriverName, string? DriverSdUnit);

    internal sealed record Entry
    {
        public required string Checksum { get; init; }

        /// <summary>Only when packages are layered: the commit that was asked for.</summary>
        public string? BaseChecksum { get; init; }

        public string? Osname { get; init; }
        public int Serial { get; init; }
        public bool Booted { get; init; }

        /// <summary>Since 2020; before, nothing of what is listed here could be staged.</summary>
        public bool Staged { get; init; }

        /// <summary>Also false for locks made since 2024.6, which only ostree shows.</summary>
        public bool FinalizationLocked { get; init; }

        public bool Pinned { get; init; }
        public string? Unlocked { get; init; }
        public string? LiveReplaced { get; init; }
        public string? Origin { get; init; }
        public string? Version { get; init; }
        public string? ContainerImageReference { get; init; }
        public string? ContainerImageReferenceDigest { get; init; }

        /// <summary>Values of any kind, some of them documents of many kilobytes.</summary>
        public JsonElement? BaseCommitMeta { get; init; }

        public JsonElement? RequestedPackages { get; init; }
        public JsonElement? RequestedLocalPackages { get; init; }
        public JsonElement? RequestedLocalFileoverridePackages { get; init; }
        public JsonElement? RequestedBaseRemovals { get; init; }
        public JsonElement? RequestedBaseLocalReplacements { get; init; }
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower)]
[JsonSerializable(typeof(RpmOstreeStatusJson.Document))]
internal sealed partial class RpmOstreeJson : JsonSerializerContext;
