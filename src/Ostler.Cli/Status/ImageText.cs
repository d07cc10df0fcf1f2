using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Cli.Output;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Status;

/// <summary>The image of a policy: what is wrong with it, and when the controller looks again.</summary>
internal static class ImageText
{
    public static IEnumerable<Line> Lines(OSImage? image, DateTimeOffset now)
    {
        if (image is null)
        {
            yield break;
        }

        var name = image.Metadata.Name;
        var next = image.Status?.NextPollAt is not { } at ? null : at > now
            ? $"Next poll of {name}: {Timestamp.Format(at)}, in {Format.Span(at - now)}" : $"Next poll of {name}: any moment";
        if (image.Status?.Conditions.Find(ConditionTypes.Ready) is { Status: ConditionStatus.False } ready)
        {
            yield return new($"Image {name} is not ready: {ready.Reason}: {ready.Message}", Tone.Attention);
            next = next is null ? $"Resolve {name} again: kubectl ostler refresh {name}"
                : $"{next}. Resolve it now: kubectl ostler refresh {name}";
        }

        if (next is not null)
        {
            yield return next;
        }

        foreach (var pending in image.Status?.Pending ?? [])
        {
            var young = MessageText.Of(pending.Image.Digest, pending.Image.Version);
            var from = $"{young} of {name} waits for minAge {image.Spec.MinAge}: nodes get it at {Timestamp.Format(pending.EligibleAt)}";
            yield return pending.EligibleAt > now ? $"{from}, in {Format.Span(pending.EligibleAt - now)}" : from;
        }
    }
}
