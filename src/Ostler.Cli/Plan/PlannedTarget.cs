using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Simulation;

namespace Ostler.Cli.Plan;

/// <summary>Which tree a plan leads to.</summary>
/// <param name="Target">The tree.</param>
/// <param name="Note">Where it is from, when it stands for one that is not known; otherwise null.</param>
internal sealed record PlannedTarget(FleetTarget Target, string? Note)
{
    // No commit is this; that it is shown as ffffffffffff says that it stands for another.
    private static readonly string Placeholder = new('f', 64);

    // Never fetched: a simulated agent takes any tree.
    private static readonly OSImageSpec AnyImage = new() { Ostree = new() { Remote = "any", Ref = "any", Commit = Placeholder } };

    /// <param name="name">spec.imageRef.name.</param>
    /// <param name="written">The image of the file, which is what will hold once it is applied.</param>
    /// <param name="live">The image of the cluster.</param>
    public static PlannedTarget Of(string name, OSImage? written, OSImage? live)
    {
        var spec = (written ?? live)?.Spec;
        var version = spec?.Version;
        if (PinnedBy(spec) is { } pinned)
        {
            return new(new() { Digest = pinned, Version = version ?? VersionOf(live, pinned), Image = spec! }, null);
        }

        // What the cluster resolved is of its own spec: of another ref, it is another tree.
        if (live?.Status?.Resolved is { } resolved && (written is null || written.Spec.Ostree?.Ref == live.Spec.Ostree?.Ref && written.Spec.Container?.Image == live.Spec.Container?.Image))
        {
            return new(new() { Digest = Digest.Bare(resolved.Digest), Version = version ?? resolved.Version, Image = spec! }, null);
        }

        return new(new() { Digest = Placeholder, Version = version, Image = spec ?? AnyImage }, $"OSImage {name} is not resolved here. ffffffffffff stands for its digest, and every node is assumed to run another image.");
    }

    private static string? PinnedBy(OSImageSpec? spec) =>
        spec?.Ostree?.Commit is { Length: > 0 } commit ? commit
        : spec?.Container?.Image is { } image && image.IndexOf("@sha256:", StringComparison.Ordinal) is >= 0 and var at ? image[(at + "@sha256:".Length)..]
        : null;

    private static string? VersionOf(OSImage? image, string digest) => image?.Status?.Resolved is { } resolved && Digest.Bare(resolved.Digest) == digest ? resolved.Version : null;
}
