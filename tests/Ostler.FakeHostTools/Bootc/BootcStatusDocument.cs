using System.Text.Json.Nodes;
using Ostler.FakeHostTools.Tools;

namespace Ostler.FakeHostTools.Bootc;

/// <summary>What <c>bootc status --json</c> prints since 1.5.0: keys in order, no white space.</summary>
internal static class BootcStatusDocument
{
    private const string Signed = "ostree-image-signed:docker://";

    /// <summary>Recorded on a host that bootc does not manage.</summary>
    public static string Empty => Of([]);

    public static string Of(IReadOnlyList<Deployment> deployments)
    {
        var booted = deployments.FirstOrDefault(d => d.Booted);
        var staged = deployments.FirstOrDefault(d => d.Staged);
        var rest = deployments.Where(d => d is { Booted: false, Staged: false }).ToList();
        var rollback = rest.FirstOrDefault();
        return new JsonObject
        {
            ["apiVersion"] = "org.containers.bootc/v1",
            ["kind"] = "BootcHost",
            ["metadata"] = new JsonObject { ["name"] = "host" },
            ["spec"] = new JsonObject
            {
                ["bootOrder"] = rollback is not null && rollback.Index < booted?.Index ? "rollback" : "default",
                ["image"] = (staged ?? booted)?.ImageReference is { } reference ? Image(reference) : null,
            },
            ["status"] = new JsonObject
            {
                ["booted"] = Entry(booted, booted),
                ["otherDeployments"] = new JsonArray([.. rest.Skip(1).Select(d => Entry(d, booted))]),
                ["rollback"] = Entry(rollback, booted),
                ["rollbackQueued"] = rollback is not null && rollback.Index < booted?.Index,
                ["staged"] = Entry(staged, booted),
                ["type"] = booted?.ImageReference is null ? null : "bootcHost",
                ["usrOverlay"] = booted?.Unlocked is null ? null : new JsonObject { ["accessMode"] = "readWrite", ["persistence"] = "transient" },
            },
        }.ToJsonString();
    }

    /// <summary>As bootc asks: relative to what is booted, and only where systemd has it.</summary>
    private static bool IsSoftRebootCapable(Deployment deployment, Deployment? booted) =>
        File.Exists("/usr/lib/systemd/system/soft-reboot.target") && deployment.Kernel is { } kernel && kernel == booted?.Kernel;

    private static JsonObject? Entry(Deployment? deployment, Deployment? booted) => deployment is null ? null : new JsonObject
    {
        ["cachedUpdate"] = null,
        ["downloadOnly"] = false,
        ["image"] = deployment is { ImageReference: { } reference, Packages: [] }
            ? new JsonObject
            {
                ["architecture"] = "amd64",
                ["image"] = Image(reference),
                ["imageDigest"] = deployment.ManifestDigest,
                ["timestamp"] = null,
                ["version"] = deployment.Version,
            }
            : null,
        ["incompatible"] = deployment.Packages.Count > 0,
        ["ostree"] = new JsonObject { ["checksum"] = deployment.Commit, ["deploySerial"] = deployment.Serial, ["stateroot"] = deployment.Stateroot },
        ["pinned"] = deployment.Pinned,
        ["softRebootCapable"] = IsSoftRebootCapable(deployment, booted),
        ["store"] = deployment.ImageReference is null ? null : "ostreeContainer",
    };

    private static JsonObject Image(string reference)
    {
        var image = new JsonObject { ["image"] = reference[(reference.StartsWith(Signed, StringComparison.Ordinal) ? Signed.Length : reference.IndexOf(':') + 1)..] };
        if (reference.StartsWith(Signed, StringComparison.Ordinal))
        {
            image["signature"] = "containerPolicy";
        }

        image["transport"] = "registry";
        return image;
    }
}
