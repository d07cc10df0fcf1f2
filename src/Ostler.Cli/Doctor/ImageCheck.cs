using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;

namespace Ostler.Cli.Doctor;

/// <summary>Does each OSImage resolve to a digest that nodes may get?</summary>
internal static class ImageCheck
{
    public static IEnumerable<Finding> Look(ClusterFacts facts)
    {
        OSImage[] images = [.. facts.Images.Where(i => i.Metadata.DeletionTimestamp is null)
            .OrderBy(i => i.Metadata.Name, StringComparer.Ordinal)];
        Finding[] wrong = [.. images.Select(i => Of(i, facts)).OfType<Finding>()];
        return wrong.Length > 0 || images.Length == 0 ? wrong
            : [new(Severity.Fine, "OSImages", $"{FindingText.Names(images.Select(i => i.Metadata.Name))}: each resolves.")];
    }

    private static Finding? Of(OSImage image, ClusterFacts facts)
    {
        var (name, subject) = (image.Metadata.Name, $"OSImage {image.Metadata.Name}");
        var isNamed = facts.Active.Any(p => p.Spec.ImageRef.Name == name);
        return image.Status?.Conditions.Find(ConditionTypes.Ready) switch
        {
            null => new(isNamed ? Severity.Warning : Severity.Note, subject, "no controller has resolved it.",
                "check that ostler-controller runs"),
            { Status: ConditionStatus.True } => null,

            // The tag has just moved, or the spec has just changed.
            { Reason: Reasons.ImageNotReady } => new(Severity.Note, subject, "it is being resolved."),
            var ready => new(isNamed ? Severity.Broken : Severity.Warning, subject, $"{ready.Reason}: {ready.Message}",
                Remedy(image, ready.Reason)),
        };
    }

    private static string Remedy(OSImage image, string reason) => reason switch
    {
        Reasons.Quarantined =>
            $"publish another image, or allow this one: kubectl ostler quarantine remove {image.Metadata.Name} {Quarantined(image)}",
        Reasons.Invalid or Reasons.NotSupportedYet => $"correct the field: kubectl edit osimage {image.Metadata.Name}",
        _ => $"correct it, then kubectl ostler refresh {image.Metadata.Name}",
    };

    // What the image resolves to, or else what was quarantined last; by hand it may be one that no status names.
    private static string Quarantined(OSImage image)
    {
        var resolved = image.Status?.Resolved?.Digest;
        var known = image.Status?.Quarantined?.Select(q => q.Digest).ToArray() ?? [];
        return (known.Length == 0 || known.Contains(resolved) ? resolved : known[^1]) is { } digest ? Digest.Shorten(digest) : "DIGEST";
    }
}
