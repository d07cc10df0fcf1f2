using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;

namespace Ostler.Cli.Plan;

/// <summary>A policy of a file, and its image if that is in it as well.</summary>
internal sealed record PolicyFile(UpgradePolicy Policy, OSImage? Image)
{
    private static readonly string[] Kinds = [nameof(UpgradePolicy), nameof(OSImage), nameof(NodeOS)];

    /// <summary>Reads YAML or JSON with at least one UpgradePolicy among any other objects.</summary>
    /// <param name="text">The content.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="policy">Only this policy. Default: all of them.</param>
    /// <exception cref="CommandException">It has none, or not the one that is asked for, or one twice; a field cannot be read.</exception>
    public static IReadOnlyList<PolicyFile> Read(string text, string file, string? policy = null)
    {
        IReadOnlyList<JsonObject> documents;
        var lines = new KeyLines();
        try
        {
            documents = YamlReader.Read(text, lines);
        }
        catch (InvalidDataException e)
        {
            throw CommandException.Usage($"{file} is not valid YAML: {e.Message}.");
        }

        var ours = documents.SelectMany(Items).Where(IsOfGroup).ToArray();
        RefuseUnknown(ours, file, lines);
        var policies = ours.Where(d => Word(d, "kind") == nameof(UpgradePolicy))
            .Select(d => Deserialize(d, file, OstlerJson.Default.UpgradePolicy)).ToArray();
        if (policies.GroupBy(p => p.Metadata.Name).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
        {
            throw CommandException.Usage($"{file} has the UpgradePolicy {twice} twice. Remove one of them.");
        }

        var chosen = policies.Where(p => policy is null || p.Metadata.Name == policy).ToArray();
        if (chosen.Length == 0)
        {
            throw CommandException.Usage(
                policies.Length == 0
                    ? $"{file} has no UpgradePolicy of {OstlerApi.GroupVersion}. Add one (config/samples has examples)."
                    : $"{file} has no UpgradePolicy {policy}. It has: {Names(policies)}.");
        }

        var images = ours.Where(d => Word(d, "kind") == nameof(OSImage)).Select(d => Deserialize(d, file, OstlerJson.Default.OSImage))
            .ToArray();
        return [.. chosen.Select(p => new PolicyFile(p, images.FirstOrDefault(i => i.Metadata.Name == p.Spec.ImageRef.Name)))];
    }

    private static bool IsOfGroup(JsonObject document) =>
        Word(document, "apiVersion") is { } version && version.Split('/')[0].Equals(OstlerApi.Group, StringComparison.OrdinalIgnoreCase);

    private static string? Word(JsonObject document, string field) => document[field] is JsonValue value && value.TryGetValue<string>(out var word) ? word : null;

    /// <exception cref="CommandException">Something of the file is not known: what it means cannot be planned.</exception>
    private static void RefuseUnknown(IEnumerable<JsonObject> documents, string file, KeyLines lines)
    {
        var found = new List<string>();
        foreach (var document in documents)
        {
            var (version, kind) = (Word(document, "apiVersion"), Word(document, "kind") ?? "");
            if (version != OstlerApi.GroupVersion)
            {
                found.Add($"line {lines.Of(document, "apiVersion")}: unknown apiVersion {version}. Use {OstlerApi.GroupVersion}.");
            }
            else if (TypeOf(kind) is not { } type)
            {
                found.Add($"line {lines.Of(document, "kind")}: {OstlerApi.GroupVersion} has no kind {kind}. Did you mean "
                    + $"{Suggestion.Closest(kind, Kinds) ?? string.Join(" or ", Kinds)}?");
            }
            else
            {
                found.AddRange(UnknownFields.Find(document, type, lines));
            }
        }

        if (found.Count > 0)
        {
            throw CommandException.Usage(string.Join('\n', found.Select(problem => $"{file}, {problem}")));
        }
    }

    private static JsonTypeInfo? TypeOf(string kind) => kind switch
    {
        nameof(UpgradePolicy) => OstlerJson.Default.UpgradePolicy,
        nameof(OSImage) => OstlerJson.Default.OSImage,
        nameof(NodeOS) => OstlerJson.Default.NodeOS,
        _ => null,
    };

    private static string Names(IEnumerable<UpgradePolicy> policies) => string.Join(", ", policies.Select(p => p.Metadata.Name));

    // What kubectl get -o yaml prints of several is a List.
    private static IEnumerable<JsonObject> Items(JsonObject document) =>
        Word(document, "kind") is "List" && document["items"] is JsonArray items ? items.OfType<JsonObject>() : [document];

    private static T Deserialize<T>(JsonObject document, string file, JsonTypeInfo<T> type) where T : IOstlerResource
    {
        var name = $"{document["kind"]} {document["metadata"]?["name"]}";
        try
        {
            return document.Deserialize(type) ?? throw CommandException.Usage($"{file}: {name} is empty.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            var (field, reason) = e is JsonException json ? (JsonErrorText.Field(json), JsonErrorText.Reason(json, type))
                : (null, e.Message.TrimEnd('.'));
            throw CommandException.Usage($"{file}: {name}{(field is null ? "" : $", {field}")}: {reason}. config/docs/reference.md lists "
                + $"the fields.");
        }
    }
}
