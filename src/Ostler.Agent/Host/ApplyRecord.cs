using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Host;

/// <summary>
/// The agent is about to apply a staged deployment before it reboots the host. Where that fails, the deployment is gone afterwards: this record tells that apart from an image
/// that was never staged.
/// </summary>
internal sealed record ApplyRecord
{
    public required string NodeUid { get; init; }
    public required long Attempt { get; init; }
    public required string Target { get; init; }

    /// <summary>The boot in which it was written: /run outlives a soft reboot.</summary>
    public required string BootID { get; init; }

    public bool Answers(string uid, NodeOSSpec spec, string bootID) =>
        NodeUid == uid && Attempt == spec.Attempt && Target == spec.Image?.Digest && BootID == bootID;
}

/// <summary>Keeps the record in /run: it must not outlive a full reboot.</summary>
internal sealed class ApplyRecordStore(HostFiles files)
{
    public const string Path = "/run/ostler/apply.json";

    /// <summary>The record, or null. A damaged one counts as none: the order is then refused as not staged.</summary>
    public ApplyRecord? Read() => RecordFile.Read(files, Path, ApplyRecordJson.Default.ApplyRecord);

    public void Write(ApplyRecord record) => files.Write(Path, JsonSerializer.Serialize(record, ApplyRecordJson.Default.ApplyRecord));
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ApplyRecord))]
internal sealed partial class ApplyRecordJson : JsonSerializerContext;
