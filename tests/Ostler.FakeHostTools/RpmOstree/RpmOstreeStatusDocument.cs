using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.FakeHostTools.Tools;

namespace Ostler.FakeHostTools.RpmOstree;

/// <summary>
/// What <c>rpm-ostree status --json</c> prints. Its order of keys says nothing, and is another one here than in the records.
/// </summary>
internal static class RpmOstreeStatusDocument
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Of(IReadOnlyList<Deployment> deployments, string? transaction) => new JsonObject
    {
        ["deployments"] = new JsonArray([.. deployments.Select(Entry)]),
        ["transaction"] = transaction is null ? null : new JsonArray(transaction, ":1.381", "/org/projectatomic/rpmostree1/labos"),
        ["cached-update"] = null,
        ["update-driver"] = null,
    }.ToJsonString(Indented);

    private static JsonObject Entry(Deployment d)
    {
        var entry = new JsonObject
        {
            ["id"] = $"{d.Stateroot}-{d.Commit}.{d.Serial}",
            ["osname"] = d.Stateroot,
            ["checksum"] = d.Commit,
            ["serial"] = d.Serial,
            ["booted"] = d.Booted,
            ["staged"] = d.Staged,
            ["pinned"] = d.Pinned,
            ["unlocked"] = d.Unlocked ?? "none",
            ["timestamp"] = 1767225600,
            ["base-commit-meta"] = new JsonObject(),
            ["regenerate-initramfs"] = false,
        };
        foreach (var list in (string[])["requested-packages", "packages", "requested-local-packages", "base-removals", "requested-base-removals", "base-local-replacements", "requested-base-local-replacements"])
        {
            entry[list] = list.EndsWith("packages", StringComparison.Ordinal) && !list.Contains("local", StringComparison.Ordinal)
                ? new JsonArray([.. d.Packages.Select(p => (JsonNode)p)])
                : new JsonArray();
        }

        if (d.Version is { } version)
        {
            entry["version"] = version;
        }

        if (d.Staged && File.Exists("/run/ostree/staged-deployment-locked"))
        {
            entry["finalization-locked"] = true;
        }

        if (d.ImageReference is { } image)
        {
            entry["container-image-reference"] = image;
            entry["container-image-reference-digest"] = d.ManifestDigest;
        }
        else
        {
            entry["origin"] = d.Refspec;
        }

        return entry;
    }
}
