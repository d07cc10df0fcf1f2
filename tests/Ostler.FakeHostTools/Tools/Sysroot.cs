using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Ostler.FakeHostTools.Tools;

/// <summary>One deployment of the host's real sysroot, with what its origin file and its commit say.</summary>
internal sealed record Deployment(int Index, string Stateroot, string Commit, int Serial, bool Booted, bool Staged)
{
    public bool Pinned { get; init; }
    public string? Version { get; init; }

    /// <summary>How its /usr was made writable: development, hotfix or transient; null: it was not.</summary>
    public string? Unlocked { get; init; }

    /// <summary>The remote and branch that it follows, or null.</summary>
    public string? Refspec { get; init; }

    /// <summary>As it stands in the origin: <c>ostree-unverified-registry:…</c>; null when it is no container image's.</summary>
    public string? ImageReference { get; init; }

    public string? ManifestDigest { get; init; }

    /// <summary>Kernel and initramfs, as far as they decide whether a soft reboot would do.</summary>
    public string? Kernel { get; init; }

    /// <summary>Packages that somebody layered by hand, as rpm-ostree notes them in the origin.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];
}

/// <summary>Reads and changes the host's real sysroot.</summary>
internal sealed partial class Sysroot
{
    private const string OriginDraft = "/run/ostler-fake/origin";

    public IReadOnlyList<Deployment> Read()
    {
        var (code, text, error) = Ostree.Try("admin", "status");
        if (code != 0 || text.StartsWith("No deployments", StringComparison.Ordinal))
        {
            return code == 0 ? [] : throw new ToolException(error.Trim());
        }

        List<Deployment> found = [];
        foreach (var line in text.Split('\n'))
        {
            if (Head().Match(line) is { Success: true } head)
            {
                found.Add(Describe(new Deployment(
                    found.Count,
                    head.Groups["os"].Value,
                    head.Groups["commit"].Value,
                    int.Parse(head.Groups["serial"].Value, CultureInfo.InvariantCulture),
                    head.Groups["mark"].Value == "*",
                    head.Groups["note"].Value is "staged" or "finalization locked")));
            }
            else if (line.Trim() is var detail && detail.StartsWith("Unlocked: ", StringComparison.Ordinal))
            {
                found[^1] = found[^1] with { Unlocked = detail["Unlocked: ".Length..] };
            }
            else if (line.Trim() == "Pinned: yes")
            {
                found[^1] = found[^1] with { Pinned = true };
            }
        }

        return found;
    }

    /// <summary>Lays a commit down for the next boot.</summary>
    public void Stage(string doing, string commit, string origin, bool locked)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(OriginDraft)!);
        File.WriteAllText(OriginDraft, origin);
        string[] options = locked ? ["--lock-finalization"] : [];
        Ostree.Run(doing, ["admin", "deploy", "--stage", .. options, "--origin-file=" + OriginDraft, commit]);
    }

    public void Undeploy(Deployment deployment) =>
        Ostree.Run("Removing deployment", "admin", "undeploy", deployment.Index.ToString(CultureInfo.InvariantCulture));

    private static Deployment Describe(Deployment bare)
    {
        var origin = File.ReadAllLines($"/ostree/deploy/{bare.Stateroot}/deploy/{bare.Commit}.{bare.Serial}.origin");
        return bare with
        {
            Kernel = KernelOf($"/ostree/deploy/{bare.Stateroot}/deploy/{bare.Commit}.{bare.Serial}/usr/lib/modules"),
            Version = Ostree.Metadata(bare.Commit, "version"),
            Refspec = Value("refspec"),
            ImageReference = Value("container-image-reference"),
            ManifestDigest = Value("container-image-reference") is null ? null : Ostree.Metadata(bare.Commit, "ostree.manifest-digest"),
            Packages = Value("requested")?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [],
        };

        string? Value(string key) => origin.FirstOrDefault(l => l.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..];
    }

    private static string? KernelOf(string modules) => Directory.Exists(modules) && Directory.GetDirectories(modules) is [var only]
        ? Path.GetFileName(only) + " " + string.Join(' ', from file in (string[])["vmlinuz", "initramfs.img"] select Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(only, file)))))
        : null;

    [GeneratedRegex(@"^(?<mark>[* ]) (?<os>\S+) (?<commit>[0-9a-f]{64})\.(?<serial>\d+)(?: \((?<note>[^)]+)\))?", RegexOptions.CultureInvariant)]
    private static partial Regex Head();
}
