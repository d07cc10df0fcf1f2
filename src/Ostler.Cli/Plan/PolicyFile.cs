using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api;
using Ostler.Cli.Output;

namespace Ostler.Cli.Plan;

/// <summary>The policy of a file, and the image if that is in it too.</summary>
internal sealed record PolicyFile(UpgradePolicy Policy, OSImage? Image)
{
    /// <summary>Reads YAML or JSON with one UpgradePolicy among any other objects.</summary>
    /// <param name="text">The content.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="policy">Which policy, when there are several. Default: the only one.</param>
    /// <exception cref="CommandException">It has none, or several and none is chosen; a field cannot be read.</exception>
    public static PolicyFile Read(string text, string file, string? policy = null)
    {
        IReadOnlyList<JsonObject> documents;
        try
        {
            documents = YamlText.Read(text);
        }
        catch (InvalidDataException e)
        {
            throw CommandException.Usage($"{file} is no YAML: {e.Message}.");
        }

        var ours = documents.SelectMany(Items).Where(d => (string?)d["apiVersion"] == OstlerApi.GroupVersion).ToArray();
        var policies = ours.Where(d => (string?)d["kind"] == nameof(UpgradePolicy)).Select(d => Deserialize(d, file, OstlerJson.Default.UpgradePolicy)).ToArray();
        var chosen = policies.Where(p => policy is null || p.Metadata.Name == policy).ToArray();
        var found = chosen switch
        {
            [var one] => one,
            [] when policies.Length == 0 => throw CommandException.Usage($"{file} has no UpgradePolicy of {OstlerApi.GroupVersion}: write one into it (config/samples has some)."),
            [] => throw CommandException.Usage($"{file} has no UpgradePolicy {policy}. It has: {Names(policies)}."),
            _ => throw CommandException.Usage($"{file} has several UpgradePolicies: choose one with --policy ({Names(policies)})."),
        };
        var images = ours.Where(d => (string?)d["kind"] == nameof(OSImage)).Select(d => Deserialize(d, file, OstlerJson.Default.OSImage));
        return new(found, images.FirstOrDefault(i => i.Metadata.Name == found.Spec.ImageRef.Name));
    }

    private static string Names(IEnumerable<UpgradePolicy> policies) => string.Join(", ", policies.Select(p => p.Metadata.Name));

    // What kubectl get -o yaml prints of several is a List.
    private static IEnumerable<JsonObject> Items(JsonObject document) =>
        (string?)document["kind"] is "List" && document["items"] is JsonArray items ? items.OfType<JsonObject>() : [document];

    private static T Deserialize<T>(JsonObject document, string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : IOstlerResource
    {
        var name = $"{document["kind"]} {document["metadata"]?["name"]}";
        try
        {
            return document.Deserialize(type) ?? throw CommandException.Usage($"{file}: {name} is empty.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // "$.spec.rollout.soak" is how the reader names a field.
            var path = (e as JsonException)?.Path?.TrimStart('$').TrimStart('.');
            throw CommandException.Usage($"{file}: {name}{(path is { Length: > 0 } ? $", {path}" : "")}: {Sentence(e.Message)} config/docs/reference.md lists the fields.");
        }
    }

    // Without "Path: … | LineNumber: … | BytePositionInLine: …", which speak of the JSON that nobody wrote.
    private static string Sentence(string message)
    {
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
