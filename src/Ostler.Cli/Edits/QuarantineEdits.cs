using System.Text.Json.Nodes;
using Ostler.Api;
using Ostler.Cli.Output;

namespace Ostler.Cli.Edits;

/// <summary>What quarantine add and quarantine remove change. Pure.</summary>
internal static class QuarantineEdits
{
    private const string Plural = "osimage";
    private const int ShortestPrefix = 6;

    /// <summary>No node gets the digest any more.</summary>
    public static FieldEdit Add(OSImage image, string digest)
    {
        var (deny, allow) = Lists(image);
        var whole = Complete(image, digest);
        if (deny.Any(d => Same(d, whole)))
        {
            return FieldEdit.None(Plural, image.Metadata.Name, $"{whole} is denied by {image.Metadata.Name} already.");
        }

        return Edit(image, [.. deny, whole], [.. allow.Where(a => !Same(a, whole))], $"No node gets {whole} of {image.Metadata.Name} any more; nodes that run it are left alone.");
    }

    /// <summary>Nodes may get the digest again, whoever put it into quarantine.</summary>
    public static FieldEdit Remove(OSImage image, string digest)
    {
        var (deny, allow) = Lists(image);
        var whole = Complete(image, digest);
        var denied = deny.Any(d => Same(d, whole));
        // What a rollout found out stays recorded in the status until somebody allows it.
        var failed = image.Status?.Quarantined?.Any(q => Same(q.Digest, whole) && q.Policy is { Length: > 0 }) == true;
        if (!denied && (!failed || allow.Any(a => Same(a, whole))))
        {
            return FieldEdit.None(Plural, image.Metadata.Name, $"{whole} is not in quarantine of {image.Metadata.Name}.");
        }

        return Edit(
            image, [.. deny.Where(d => !Same(d, whole))], failed && !allow.Any(a => Same(a, whole)) ? [.. allow, whole] : allow,
            $"Nodes may get {whole} of {image.Metadata.Name} again.{(failed ? " A policy that halted over it goes on after kubectl ostler retry." : "")}");
    }

    /// <summary>The whole digest of one whose beginning is given, out of those that the image has or had.</summary>
    private static string Complete(OSImage image, string text)
    {
        var bare = Words.Bare(text);
        if (bare.Any(c => !char.IsAsciiHexDigitLower(c)) || bare.Length is < ShortestPrefix or > 64)
        {
            throw CommandException.Usage($"'{text}' is no digest: write its 64 hexadecimal digits in lower case, or the first {ShortestPrefix} or more of one that {image.Metadata.Name} has had.");
        }

        var status = image.Status;
        var known = (status?.History ?? []).Append(status?.Resolved).OfType<ResolvedImage>().Select(r => r.Digest)
            .Concat((status?.Quarantined ?? []).Select(q => q.Digest)).Concat(image.Spec.Quarantine?.Deny ?? []).Concat(image.Spec.Quarantine?.Allow ?? []);
        var matches = known.Where(d => Words.Bare(d).StartsWith(bare, StringComparison.Ordinal)).DistinctBy(Words.Bare).ToArray();
        return matches switch
        {
            [var one] => one,
            [] when bare.Length == 64 => text,
            [] => throw new CommandException($"{image.Metadata.Name} has had no digest that begins with {bare}: write all 64 digits."),
            _ => throw new CommandException($"Several digests of {image.Metadata.Name} begin with {bare}: {string.Join(", ", matches)}. Write more of it."),
        };
    }

    private static bool Same(string one, string other) => Words.Bare(one) == Words.Bare(other);

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
