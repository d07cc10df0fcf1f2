using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Text;
using System.Text.Json.Nodes;

namespace Ostler.Cli.Edits;

/// <summary>What quarantine add and quarantine remove change. Pure.</summary>
internal static class QuarantineEdits
{
    private const string Plural = "osimage";

    /// <summary>No node gets the digest any more.</summary>
    public static FieldEdit Add(OSImage image, string digest)
    {
        var (deny, allow) = Lists(image);
        var whole = DigestArgument.Complete(image, digest, []);
        if (deny.Any(d => Same(d, whole)))
        {
            return FieldEdit.None(Plural, image.Metadata.Name, $"{image.Metadata.Name} already denies {whole}.");
        }

        return Edit(image, [.. deny, whole], [.. allow.Where(a => !Same(a, whole))], $"No node gets {whole} of {image.Metadata.Name}. Nodes that already run it are left alone.");
    }

    /// <summary>Nodes may get the digest again, whoever put it into quarantine.</summary>
    public static FieldEdit Remove(OSImage image, string digest)
    {
        var (deny, allow) = Lists(image);
        var whole = DigestArgument.Complete(image, digest, []);
        var denied = deny.Any(d => Same(d, whole));
        // What a rollout found out stays recorded in the status until somebody allows it.
        var failed = image.Status?.Quarantined?.Any(q => Same(q.Digest, whole) && q.Policy is { Length: > 0 }) == true;
        if (!denied && (!failed || allow.Any(a => Same(a, whole))))
        {
            return FieldEdit.None(Plural, image.Metadata.Name, $"{whole} is not quarantined in {image.Metadata.Name}.");
        }

        return Edit(
            image, [.. deny.Where(d => !Same(d, whole))], failed && !allow.Any(a => Same(a, whole)) ? [.. allow, whole] : allow,
            $"Nodes may get {whole} of {image.Metadata.Name} again.{(failed ? " A policy that halted because of it continues after kubectl ostler retry." : "")}");
    }

    /// <summary>
    /// What keeps the policy's target in quarantine whatever the policy retries, and the command that lifts it; null when a retry is
    /// enough.
    /// </summary>
    public static string? WhyRetryIsInVain(UpgradePolicy policy, OSImage image)
    {
        if ((policy.Status?.Target?.Digest ?? image.Status?.Resolved?.Digest) is not { } digest
            || !OSImageStatusRules.IsQuarantined(image.Spec, image.Status, digest))
        {
            return null;
        }

        var (name, denied) = (image.Metadata.Name, image.Spec.Quarantine?.Deny?.Any(d => Same(d, digest)) == true);
        var entry = image.Status?.Quarantined?.FirstOrDefault(q => Same(q.Digest, digest));
        if (!denied && entry?.Policy == policy.Metadata.Name)
        {
            return null;
        }

        var version = image.Status?.Resolved is { } resolved && Same(resolved.Digest, digest) ? resolved.Version
            : policy.Status?.Target?.Version;
        var why = denied ? "spec.quarantine.deny lists it" : $"policy {entry?.Policy} failed with it ({entry?.Reason})";
        return $"{MessageText.Of(digest, version)} is quarantined in OSImage {name}: {why}. A retry of {policy.Metadata.Name} does not "
            + $"change that. "
            + $"To allow it again: kubectl ostler quarantine remove {name} {Digest.Shorten(digest)}";
    }

    private static bool Same(string one, string other) => Digest.Bare(one) == Digest.Bare(other);

    private static (IReadOnlyList<string> Deny, IReadOnlyList<string> Allow) Lists(OSImage image) => (image.Spec.Quarantine?.Deny ?? [], image.Spec.Quarantine?.Allow ?? []);

    private static FieldEdit Edit(OSImage image, IReadOnlyList<string> deny, IReadOnlyList<string> allow, string says)
    {
        var quarantine = new JsonObject();
        var (formerDeny, formerAllow) = Lists(image);
        if (!deny.SequenceEqual(formerDeny))
        {
            quarantine["deny"] = List(deny);
        }

        if (!allow.SequenceEqual(formerAllow))
        {
            quarantine["allow"] = List(allow);
        }

        return new(Plural, image.Metadata.Name, new() { ["spec"] = new JsonObject { ["quarantine"] = quarantine } }, says);
    }

    private static JsonArray List(IReadOnlyList<string> digests) => new([.. digests.Select(d => (JsonNode)JsonValue.Create(d)!)]);
}
