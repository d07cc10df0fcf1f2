using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Meta;
using Ostler.Cli.Output;

namespace Ostler.Cli.Plan;

/// <summary>
/// Finds what a file says and Ostler does not know. Most clients of the API server drop such fields in silence, and a plan that passed over
/// them would show something else than what was meant.
/// </summary>
internal static class UnknownFields
{
    /// <summary>ObjectMeta as Kubernetes defines it: the part that Ostler reads is smaller.</summary>
    private static readonly string[] Metadata =
    [
        "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "labels", "annotations", "ownerReferences", "finalizers", "managedFields", "clusterName",
    ];

    /// <param name="document">The object.</param>
    /// <param name="type">What it is.</param>
    /// <param name="lines">Where its keys are in the file.</param>
    /// <returns>A sentence for each field, with its line and what was probably meant.</returns>
    public static IEnumerable<string> Find(JsonObject document, JsonTypeInfo type, KeyLines lines) => Find(document, type, "", lines);

    private static IEnumerable<string> Find(JsonNode? node, JsonTypeInfo type, string path, KeyLines lines) => (node, type.Kind) switch
    {
        (JsonObject map, JsonTypeInfoKind.Object) => map.SelectMany(field => Find(map, field.Key, field.Value, type, path, lines)),
        (JsonArray list, JsonTypeInfoKind.Enumerable) when type.ElementType is { } item =>
            list.SelectMany((n, i) => Find(n, type.Options.GetTypeInfo(item), string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), lines)),
        // The keys of a map are the user's; their values are plain text everywhere.
        _ => [],
    };

    private static IEnumerable<string> Find(JsonObject parent, string name, JsonNode? value, JsonTypeInfo type, string path, KeyLines lines)
    {
        var at = path.Length == 0 ? name : $"{path}.{name}";
        var isResource = typeof(IOstlerResource).IsAssignableFrom(type.Type);

        // Written by the controller, perhaps a newer one; nothing of a plan rests on it.
        if (isResource && name == "status")
        {
            return [];
        }

        string[] known = type.Type == typeof(ObjectMeta) ? Metadata : [.. type.Properties.Where(p => !p.IsExtensionData).Select(p => p.Name)];
        if (!known.Contains(name, StringComparer.Ordinal))
        {
            return [$"line {lines.Of(parent, name)}: unknown field {at}.{Hint(name, known, type)}"];
        }

        return type.Properties.FirstOrDefault(p => p.Name == name && !p.IsExtensionData) is { } property && type.Type != typeof(ObjectMeta)
            ? Find(value, type.Options.GetTypeInfo(property.PropertyType), at, lines)
            : [];
    }

    private static string Hint(string name, string[] known, JsonTypeInfo type)
    {
        if (Suggestion.Closest(name, known) is { } meant)
        {
            return $" Did you mean {meant}?";
        }

        return type.Type == typeof(LabelSelector)
            ? $" A label goes below matchLabels: {{matchLabels: {{{name}: …}}}}."
            : $" Known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
    }
}
