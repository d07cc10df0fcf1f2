using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Validation;

namespace Ostler.Rollout.Planner;

/// <summary>Which tree the nodes are moved to, from what the OSImage asks for and what was found for it.</summary>
internal static class TargetResolution
{
    /// <summary>The target, or the gate that stays shut until there is one.</summary>
    public static (TargetTrees? Target, RolloutGate? Gate) Resolve(string imageName, ImageFacts? image)
    {
        if (image is null)
        {
            return (null, Shut(Reasons.ImageNotFound, $"OSImage {imageName} does not exist. Create it, or correct spec.imageRef.name."));
        }

        if (SpecValidation.Validate(image.Spec) is [var problem, ..])
        {
            return (null, Shut(Reasons.ImageNotReady, $"OSImage {image.Name}: {problem.Field}: {problem.Message}"));
        }

        // A tree that was found for a former spec must not be rolled out on behalf of the present one.
        var resolved = image.Status?.Resolved;
        if (!OSImageStatusRules.IsOf(image.Spec, resolved))
        {
            var ready = image.Status?.Conditions.Find(ConditionTypes.Ready);
            if (ready is { Status: ConditionStatus.False, Reason: Reasons.ImageTooYoung })
            {
                return (null, Shut(Reasons.ImageTooYoung, $"OSImage {image.Name}: {ready.Message}", needsPerson: false));
            }

            var why = ready is { Status: not ConditionStatus.True, Message.Length: > 0 } ? ready.Message : "it is being resolved.";
            return (null, Shut(Reasons.ImageNotReady, $"OSImage {image.Name} has no digest yet: {why}", needsPerson: false));
        }

        if (image.Spec.Container?.Verification is not null && !IsVerified(image))
        {
            var verified = image.Status?.Conditions.Find(ConditionTypes.Verified);
            var isAnswer = verified is { Status: ConditionStatus.False } && verified.ObservedGeneration == image.Generation;
            return (null, Shut(
                Reasons.VerificationFailed,
                $"OSImage {image.Name}: {(isAnswer ? verified!.Message : $"the signature of {MessageText.Of(resolved.Digest, resolved.Version)} is being verified.")}",
                needsPerson: isAnswer));
        }

        return (new(TargetOf(image, resolved), resolved.Platforms), null);
    }

    // Of the present spec: a signature that the former key made says nothing about the present one.
    private static bool IsVerified(ImageFacts image) =>
        image.Status?.Conditions.Find(ConditionTypes.Verified) is { Status: ConditionStatus.True } verified && verified.ObservedGeneration == image.Generation;

    // The version as it was when the digest was found: people often change spec.version because the ref has moved, and what is known is
    // still what it pointed at before.
    private static NodeImage TargetOf(ImageFacts image, ResolvedImage resolved) => new()
    {
        Digest = resolved.Digest,
        // With minAge, what is rolled out may be older than what spec.version is about.
        Version = image.Status?.ObservedGeneration == image.Generation && image.Spec.MinAge.Value <= TimeSpan.Zero
            ? image.Spec.Version ?? resolved.Version
            : resolved.Version,
        Container = image.Spec.Container is { } container ? new() { Repository = RepositoryOf(container.Image) } : null,
        Ostree = image.Spec.Ostree is { } ostree
            ? new()
            {
                Remote = ostree.Remote,
                Url = ostree.Url,
                Ref = ostree.Ref,
                GpgVerify = ostree.GpgVerify,
                AllowDowngrade = DowngradeRules.MayBeOlder(image.Spec),
            }
            : null,
    };

    // In full: what a host would make of a short name is for its own configuration to say.
    private static string RepositoryOf(string image) => ImageName.TryParse(image, out var name, out _) ? name.Name : image;

    // Nodes that are staging go on: the answer is often a few seconds away, and to stop 2,000 of them for it would be 4,000 writes.
    private static RolloutGate Shut(string reason, string message, bool needsPerson = true) =>
        new(reason, message) { ReleasesSlots = true, NeedsPerson = needsPerson };
}
