using System.Text.Json;
using Ostler.Agent.Backends.Ostree;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>What bootc says of the host.</summary>
internal sealed class BootcHost(BootcStatusJson.Status status)
{
    private const string DefaultStateroot = "default";

    /// <summary>Why bootc cannot update this host; null when it can. A host of another kind has bootc installed often enough.</summary>
    public string? WhyNotManaged => status.Booted switch
    {
        null => "it reports no booted image",
        { Incompatible: true } => "packages are layered on the running image, which bootc cannot update",
        { Image: null } => "the running deployment is not a container image",
        { Ostree: null } => "the running deployment uses composefs storage, which Ostler does not support",
        _ => null,
    };

    /// <summary>How the running image was verified, and so how its successor must be; null: in a way that is not known.</summary>
    public ImageTrust? Trust => ImageTrust.OfSignature(status.Booted?.Image?.Image?.Signature);

    /// <summary>The next boot was ordered to run what ran before.</summary>
    public bool RollbackQueued => status.RollbackQueued;

    public HostDeployments Deployments => new([.. status.All.Select(Describe)]);

    private HostDeployment Describe(BootcStatusJson.Entry entry, int index)
    {
        var checksum = entry.Ostree?.Checksum;
        var digest = entry.Image?.ImageDigest ?? checksum ?? "";
        return new HostDeployment
        {
            Index = index,
            Stateroot = entry.Ostree?.Stateroot ?? DefaultStateroot,
            Digest = digest,
            Checksum = checksum == digest ? null : checksum,
            Serial = entry.Ostree?.DeploySerial ?? 0,
            Version = entry.Image?.Version,
            Reference = entry.Image?.Image?.Image,
            Booted = ReferenceEquals(entry, status.Booted),
            Staged = ReferenceEquals(entry, status.Staged),
            Pinned = entry.Pinned,
            Locked = ReferenceEquals(entry, status.Staged) && entry.DownloadOnly,
            Incompatible = entry.Incompatible,
            Mutated = ReferenceEquals(entry, status.Booted) && status.UsrOverlay is { ValueKind: JsonValueKind.Object } overlay ? Persistence(overlay) : null,
            SoftRebootCapable = entry.SoftRebootCapable,
        };
    }

    private static string Persistence(JsonElement overlay) =>
        overlay.TryGetProperty("persistence", out var word) && word.ValueKind == JsonValueKind.String ? word.GetString()! : "unlocked";
}
