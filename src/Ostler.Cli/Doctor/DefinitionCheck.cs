using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Cli.Output;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Doctor;

/// <summary>Are the CustomResourceDefinitions there, and do they have the fields of this version?</summary>
internal static class DefinitionCheck
{
    private const string Remedy = "run kubectl apply --server-side --force-conflicts -k config/crd, from the release of this version";

    /// <summary>The definitions that this program was built with, by name.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Shipped()
    {
        var assembly = typeof(DefinitionCheck).Assembly;
        var shipped = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith("crd/", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            foreach (var definition in YamlReader.Read(reader.ReadToEnd()))
            {
                shipped[(string)definition["metadata"]!["name"]!] = definition;
            }
        }

        return shipped;
    }

    public static IEnumerable<Finding> Look(IReadOnlyDictionary<string, JsonObject> cluster, IReadOnlyDictionary<string, JsonObject> shipped)
    {
        var fine = 0;
        foreach (var (name, wanted) in shipped.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (!cluster.TryGetValue(name, out var actual))
            {
                yield return new(Severity.Broken, $"CustomResourceDefinition {name}", "it is not installed.", Remedy);
                continue;
            }

            var (expected, found) = (Fields(wanted), Fields(actual));
            var missing = expected.Except(found).ToArray();
            var unknown = found.Except(expected).ToArray();
            if (missing.Length > 0)
            {
                yield return new(
                    Severity.Warning, $"CustomResourceDefinition {name}", $"it is older than this command and silently drops {MessageText.Count(missing.Length, "field")}: {FindingText.Names(missing)}.", Remedy);
            }
            else if (unknown.Length > 0)
            {
                yield return new(Severity.Note, $"CustomResourceDefinition {name}", $"it is newer than this command, which does not know {FindingText.Names(unknown)}.", "use the kubectl-ostler of the version that is installed");
            }
            else
            {
                fine++;
            }
        }

        if (fine == shipped.Count)
        {
            yield return new(Severity.Fine, "CustomResourceDefinitions", $"all {fine} have the fields of this version.");
        }
    }

    /// <summary>The paths of all fields of the served version, as in <c>spec.rollout.waves[].soak</c>.</summary>
    internal static IReadOnlyCollection<string> Fields(JsonObject definition)
    {
        var fields = new HashSet<string>(StringComparer.Ordinal);
        var version = (definition["spec"]?["versions"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(v => (string?)v["name"] == OstlerApi.Version);
        Collect(version?["schema"]?["openAPIV3Schema"], "", fields);
        return fields;
    }

    private static void Collect(JsonNode? schema, string path, HashSet<string> fields)
    {
        foreach (var (name, property) in schema?["properties"] as JsonObject ?? [])
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            // API servers complete what every object has.
            if (at is "apiVersion" or "kind" or "metadata")
            {
                continue;
            }

            fields.Add(at);
            Collect(property, at, fields);
        }

        if (schema?["items"] is { } items)
        {
            Collect(items, $"{path}[]", fields);
        }

        if (schema?["additionalProperties"] is JsonObject values)
        {
            Collect(values, $"{path}{{}}", fields);
        }
    }
}
