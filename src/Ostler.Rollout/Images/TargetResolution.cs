using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>Which tree the nodes are moved to, from what the OSImage asks for and what was found for it.</summary>
internal static class TargetResolution
{
    /// <summary>The target, or the gate that stays shut until there is one.</summary>
    public static (NodeImage? Target, RolloutGate? Gate) Resolve(string imageName, ImageFacts? image)
    {
        if (image is null)
        {
            return (null, Shut(Reasons.ImageNotFound, $"There is no OSImage {imageName}: create it, or correct spec.imageRef.name."));
        }

        if (SpecValidation.Validate(image.Spec) is [var problem, ..])
        {
            return (null, Shut(Reasons.ImageNotReady, $"OSImage {image.Name}: {problem.Field}: {problem.Message}"));
        }

        // A tree that was found for a former spec must not be rolled out on behalf of the present one.
        var resolved = image.Status?.Resolved;
        if (resolved is null
            || resolved.Reference != OSImageStatusRules.ReferenceOf(image.Spec)
            || (image.Spec.Ostree?.Commit is { } pinned && pinned != resolved.Digest))
        {
            var ready = image.Status?.Conditions.Find(ConditionTypes.Ready);
            var why = ready is { Status: not ConditionStatus.True, Message.Length: > 0 } ? ready.Message : "it is being resolved.";
            return (null, Shut(Reasons.ImageNotReady, $"OSImage {image.Name} names no tree yet: {why}", needsPerson: false));
        }

        return (TargetOf(image, resolved), null);
    }

    // The version as it was when the digest was found: people often change spec.version because the ref has moved, and what is known is still
    // what it pointed at before.
    private static NodeImage TargetOf(ImageFacts image, ResolvedImage resolved) => new()
    {
        Digest = resolved.Digest,
        Version = image.Status?.ObservedGeneration == image.Generation ? image.Spec.Version ?? resolved.Version : resolved.Version,
        Container = image.Spec.Container is { } container ? new() { Repository = RepositoryOf(container.Image) } : null,
        Ostree = image.Spec.Ostree is { } ostree
            ? new() { Remote = ostree.Remote, Url = ostree.Url, Ref = ostree.Ref, GpgVerify = ostree.GpgVerify }
            : null,
    };

    /// <summary>The image without tag and digest; a colon before the last slash belongs to the registry's port.</summary>
    internal static string RepositoryOf(string image)
    {
        var name = image.Split('@')[0];
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[..colon] : name;
    }

    // Nodes that are staging go on: the answer is often a few seconds away, and to stop 2,000 of them for it would be 4,000 writes.
    private static RolloutGate Shut(string reason, string message, bool needsPerson = true) =>
        new(reason, message) { ReleasesSlots = true, NeedsPerson = needsPerson };
}
