using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Reboot;

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
