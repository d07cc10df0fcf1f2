using Ostler.Cli.Output;
using Ostler.CrdGenerator.Output;

namespace Ostler.CrdGenerator;

/// <summary>What is generated from the types: paths relative to the config folder, and their text.</summary>
internal static class GeneratedFiles
{
    /// <summary>
    /// Up to 1.22 the API server stores a CRD with CEL rules, but kubectl's check and server-side apply refuse the unknown field.
    /// </summary>
    private const string FolderWithoutRules = "kubernetes-1.20";

    private const string Header = "# Generated from the types in src/Ostler.Api by `make manifests`; do not edit.\n";

    public static IReadOnlyDictionary<string, string> All()
    {
        var resources = Resource.All();
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["docs/reference.md"] = FieldReference.Of(resources),
            ["docs/metrics.md"] = MetricReference.Of(),
            ["docs/reasons.md"] = ReasonReference.Of(),
        };
        foreach (var resource in resources)
        {
            files[$"crd/{resource.Names.Plural}.yaml"] = Yaml(resource);
            files[$"{FolderWithoutRules}/{resource.Names.Plural}.yaml"] = Yaml(resource with { Schema = resource.Schema.WithoutRules() });
        }

        return files;
    }

    /// <summary>Writes the files that differ, and removes CRDs of types that are no more.</summary>
    public static void Write(string folder)
    {
        foreach (var (path, text) in All())
        {
            var target = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (!File.Exists(target) || File.ReadAllText(target) != text)
            {
                File.WriteAllText(target, text);
            }
        }

        foreach (var stray in Strays(folder))
        {
            File.Delete(stray);
        }
    }

    /// <summary>The files that are not what the types say: missing, edited, or left over.</summary>
    public static IReadOnlyList<string> Stale(string folder) =>
    [
        .. All()
            .Where(file => !File.Exists(Path.Combine(folder, file.Key)) || File.ReadAllText(Path.Combine(folder, file.Key)) != file.Value)
            .Select(file => Path.Combine(folder, file.Key)),
        .. Strays(folder),
    ];

    private static string Yaml(Resource resource) => Header + YamlWriter.Write(CustomResourceDefinition.Of(resource), fold: 90, width: 120);

    private static IEnumerable<string> Strays(string folder)
    {
        var known = All().Keys.Select(path => Path.Combine(folder, path)).ToHashSet(StringComparer.Ordinal);
        return new[] { "crd", FolderWithoutRules }
            .Select(name => Path.Combine(folder, name))
            .Where(Directory.Exists)
            .SelectMany(crds => Directory.EnumerateFiles(crds, "*.yaml"))
            .Where(path => Path.GetFileName(path) != "kustomization.yaml" && !known.Contains(path))
            .Order(StringComparer.Ordinal);
    }
}
