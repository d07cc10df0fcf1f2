using Ostler.CrdGenerator.Output;

namespace Ostler.CrdGenerator;

/// <summary>
/// What the Helm chart has of the config folder: copies, byte for byte, which its templates put the release's namespace and labels into.
/// The chart grants what config grants because it has nothing else to grant from.
/// </summary>
internal static class ChartFiles
{
    /// <summary>Folder of config, pattern, folder of the chart's files.</summary>
    private static readonly (string From, string Pattern, string To)[] Copied =
    [
        ("crd", "*.yaml", "crds"),
        ("kubernetes-1.20", "*.yaml", "crds-1.20"),
        ("rbac", "*.yaml", "rbac"),
        ("admission", "*.yaml", "admission"),
        ("console", "rbac.yaml", "console"),
        ("kubevirt", "rbac.yaml", "kubevirt"),
        ("prometheus", "*.yaml", "prometheus"),
        ("grafana", "*.json", "grafana"),
    ];

    /// <summary>The chart that belongs to a config folder: both are in the root of the repository.</summary>
    public static string FolderFor(string config) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(config))!, "charts", "ostler", "files");

    /// <summary>Copies what differs, and removes copies of files that are no more.</summary>
    public static void Write(string config)
    {
        var folder = FolderFor(config);
        foreach (var (path, source) in All(config))
        {
            var target = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (!SameText(source, target))
            {
                File.Copy(source, target, overwrite: true);
            }
        }

        foreach (var stray in Strays(config))
        {
            File.Delete(stray);
        }

        if (ValuesTable(config) is { } values && (!File.Exists(values.Path) || File.ReadAllText(values.Path) != values.Text))
        {
            File.WriteAllText(values.Path, values.Text);
        }
    }

    /// <summary>The files of the chart that are not what config says: missing, edited, or left over.</summary>
    public static IReadOnlyList<string> Stale(string config)
    {
        var folder = FolderFor(config);
        return [.. All(config).Where(file => !SameText(file.Source, Path.Combine(folder, file.Path))).Select(file => Path.Combine(folder, file.Path)), .. Strays(config),
            .. ValuesTable(config) is { } values && (!File.Exists(values.Path) || File.ReadAllText(values.Path) != values.Text) ? [values.Path] : Array.Empty<string>()];
    }

    /// <summary>The documentation of the chart's values; null where there is no chart.</summary>
    private static (string Path, string Text)? ValuesTable(string config)
    {
        var chart = Path.GetDirectoryName(FolderFor(config))!;
        var values = Path.Combine(chart, "values.yaml");
        return File.Exists(values) ? (Path.Combine(chart, ChartValues.FileName), ChartValues.Of(File.ReadLines(values))) : null;
    }

    // For templates: `helm upgrade --reuse-values` hides the chart's own values.yaml from them.
    private static IEnumerable<(string Path, string Source)> All(string config)
    {
        var values = Path.Combine(FolderFor(config), "..", "values.yaml");
        return File.Exists(values) ? Copies(config).Append((Path: "defaults.yaml", Source: values)) : Copies(config);
    }

    private static IEnumerable<(string Path, string Source)> Copies(string config) =>
        from copied in Copied
        let folder = Path.Combine(config, copied.From)
        where Directory.Exists(folder)
        from source in Directory.EnumerateFiles(folder, copied.Pattern).Order(StringComparer.Ordinal)
        where Path.GetFileName(source) != "kustomization.yaml"
        select (Path.Combine(copied.To, Path.GetFileName(source)), source);

    private static bool SameText(string source, string target) => File.Exists(target) && File.ReadAllText(source) == File.ReadAllText(target);

    private static IEnumerable<string> Strays(string config)
    {
        var folder = FolderFor(config);
        var known = All(config).Select(file => Path.Combine(folder, file.Path)).ToHashSet(StringComparer.Ordinal);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !known.Contains(path)).Order(StringComparer.Ordinal)
            : [];
    }
}
