using System.Text.Json;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary>What an entry of rpm-ostree's list means. Pure.</summary>
internal static class RpmOstreeDeployments
{
    private const string ManifestDigest = "ostree.manifest-digest";

    public static HostDeployment Describe(RpmOstreeStatusJson.Entry entry, int index)
    {
        // With layered packages a commit of the host's own is checked out; what was asked for is its base.
        var digest = DigestOf(entry) ?? entry.BaseChecksum ?? entry.Checksum;
        return new HostDeployment
        {
            Index = index,
            Stateroot = entry.Osname ?? "",
            Digest = digest,
            Checksum = entry.Checksum == digest ? null : entry.Checksum,
            Serial = entry.Serial,
            Version = entry.Version,
            Reference = entry.ContainerImageReference ?? entry.Origin,
            Booted = entry.Booted,
            Staged = entry.Staged,
            Locked = entry.FinalizationLocked,
            Pinned = entry.Pinned,
            Packages = PackagesOf(entry),
            Mutated = entry.LiveReplaced is not null ? "live" : entry.Unlocked is null or "none" ? null : entry.Unlocked,
        };
    }

    /// <summary>
    /// The manifest digest of a container image: as rpm-ostree tells it, which it sometimes cannot; else from the commit's metadata, or
    /// from the reference.
    /// </summary>
    private static string? DigestOf(RpmOstreeStatusJson.Entry entry)
    {
        if (entry.ContainerImageReference is not { } reference)
        {
            return null;
        }

        string?[] candidates =
        [
            entry.ContainerImageReferenceDigest,
            entry.BaseCommitMeta is { ValueKind: JsonValueKind.Object } meta && meta.TryGetProperty(ManifestDigest, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null,
            reference.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? reference[(at + 1)..] : null,
        ];
        return candidates.FirstOrDefault(c => c is not null && HostArguments.IsManifestDigest(c));
    }

    private static string[] PackagesOf(RpmOstreeStatusJson.Entry entry)
    {
        string[] changed =
        [
            .. Words(entry.RequestedPackages),
            .. Words(entry.RequestedLocalPackages),
            .. Words(entry.RequestedLocalFileoverridePackages),
            .. Words(entry.RequestedBaseLocalReplacements),
            .. Words(entry.RequestedBaseRemovals).Select(name => "-" + name),
        ];
        return changed.Length == 0 ? [] : changed.Order(StringComparer.Ordinal).Take(HostDeployment.MaxPackages).ToArray();
    }

    private static IEnumerable<string> Words(JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } array
            ? array.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)
            : [];
}
