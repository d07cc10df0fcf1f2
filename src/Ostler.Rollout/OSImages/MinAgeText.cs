using Ostler.Api.OSImages;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.OSImages;

/// <summary>How images that are too young for nodes are written in messages.</summary>
internal static class MinAgeText
{
    /// <summary>Of an OSImage without an image that is old enough.</summary>
    public static string Waits(OSImageSpec spec, PendingImage pending) =>
        $"{Name(pending.Image)} is younger than spec.minAge ({spec.MinAge}). Nodes get it at {MessageText.Of(pending.EligibleAt)}.";

    /// <summary>What follows the image that nodes get now, as a sentence of its own; empty: nothing.</summary>
    public static string Note(OSImageSpec spec, OSImageStatus status, DateTimeOffset now)
    {
        if (MinAgeRules.EligibleAt(spec, status.Resolved!) is var at && at > now)
        {
            return $" Nodes get it at {MessageText.Of(at)} (spec.minAge {spec.MinAge}).";
        }

        return status.Pending is [.., var last]
            ? $" {Name(last.Image)} follows at {MessageText.Of(last.EligibleAt)} (spec.minAge {spec.MinAge})." : "";
    }

    private static string Name(ResolvedImage image) => MessageText.Of(image.Digest, image.Version);
}
