using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>
/// <c>helm upgrade --reuse-values</c>: the values of the installed chart stand in for the defaults of the new one, so that every value that
/// was added since is missing.
/// </summary>
public sealed class ReuseValuesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ostler-reuse-values-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Earlier => Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", "earlier-values");

    public static TheoryData<string> EarlierValues => [.. Directory.EnumerateFiles(Earlier, "*.yaml").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(EarlierValues))]
    public async Task The_values_of_an_earlier_chart_render(string file)
    {
        var text = await RenderAsync(await File.ReadAllTextAsync(Path.Combine(Earlier, file), Cancel));

        Assert.Contains(YamlDocuments.Read(text), o => (string?)o["kind"] == "Deployment");
    }

    /// <summary>Whatever the installed chart did not know yet: each value of this one, at any depth, was new once.</summary>
    [Fact]
    public async Task Without_any_one_of_its_values_the_chart_renders_what_it_renders_with_it()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Chart, "values.yaml"), Cancel);
        var expected = await RenderAsync(string.Join('\n', lines));

        foreach (var (name, kept) in WithoutOne(lines))
        {
            var rendered = await Record.ExceptionAsync(async () => Assert.Equal(expected, await RenderAsync(string.Join('\n', kept))));
            Assert.True(rendered is null, $"Without {name} the chart renders something else: {rendered?.Message}");
        }
    }

    [Fact]
    public async Task A_label_that_the_release_does_not_have_stays_away()
    {
        var values = (await File.ReadAllTextAsync(Path.Combine(Repository.Chart, "values.yaml"), Cancel))
            .Replace("      grafana_dashboard: \"1\"", "      mine: \"1\"", StringComparison.Ordinal)
            .Replace("  dashboards:\n    enabled: false", "  dashboards:\n    enabled: true", StringComparison.Ordinal);

        var dashboards = YamlDocuments.Read(await RenderAsync(values)).Where(o => (string?)o["kind"] == "ConfigMap").ToArray();

        Assert.NotEmpty(dashboards);
        Assert.All(dashboards, d => Assert.Equal(("1", null), ((string?)d["metadata"]!["labels"]!["mine"], (string?)d["metadata"]!["labels"]!["grafana_dashboard"])));
    }

    /// <summary>
    /// Keys of up to two levels with what lies below them; list items and the lines of deeper maps go with their parents.
    /// </summary>
    private static IEnumerable<(string Name, IEnumerable<string> Kept)> WithoutOne(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            var indent = lines[i].Length - lines[i].TrimStart().Length;
            if (indent > 4 || lines[i].Length == indent || lines[i][indent] is '#' or '-' || !lines[i].Contains(':', StringComparison.Ordinal) || IsOfUser(lines, i) || IsOnlyChild(lines, i))
            {
                continue;
            }

            var end = i + 1;
            while (end < lines.Length && (lines[end].Length == 0 || lines[end].TrimStart() is ['#', ..] || lines[end].Length - lines[end].TrimStart().Length > indent
                || (lines[end].TrimStart() is ['-', ..] && lines[end].Length - lines[end].TrimStart().Length == indent)))
            {
                end++;
            }

            yield return ($"line {i + 1} ({lines[i].Trim()})", [.. lines[..i], .. lines[end..]]);
        }
    }

    // Within list items and the maps whose keys are the user's own nothing is completed.
    private static bool IsOfUser(string[] lines, int at)
    {
        var indent = lines[at].Length - lines[at].TrimStart().Length;
        var parent = Array.FindLastIndex(lines, at, l => l.Length > 0 && l.TrimStart() is not ['#', ..] && l.Length - l.TrimStart().Length < indent);
        return parent >= 0 && (lines[parent].TrimStart() is ['-', ..] || lines[parent].Trim() is "resources:" or "labels:" or "tolerations:");
    }

    // Without it, its parent would be null, which no release has; and without its parent it is tried.
    private static bool IsOnlyChild(string[] lines, int at)
    {
        var indent = lines[at].Length - lines[at].TrimStart().Length;
        var parent = Array.FindLastIndex(lines, at, l => IsKey(l) && l.Length - l.TrimStart().Length < indent);
        var end = Array.FindIndex(lines, parent + 1, l => IsKey(l) && l.Length - l.TrimStart().Length < indent);
        return parent >= 0 && lines[(parent + 1)..(end < 0 ? lines.Length : end)].Count(l => IsKey(l) && l.Length - l.TrimStart().Length == indent) == 1;

        static bool IsKey(string line) => line.TrimStart() is not ([] or ['#', ..] or ['-', ..]);
    }

    private async Task<string> RenderAsync(string values)
    {
        using var helm = await Rendered.HelmAsync();
        var chart = Directory.CreateDirectory(Path.Combine(_folder.FullName, Guid.NewGuid().ToString("N"))).FullName;
        foreach (var file in Directory.EnumerateFiles(Repository.Chart, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(chart, Path.GetRelativePath(Repository.Chart, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        await File.WriteAllTextAsync(Path.Combine(chart, "values.yaml"), values, Cancel);
        return await helm.RunAsync(Cancel, "template", "ostler", chart, "--namespace", Rendered.Namespace, "--kube-version",
            Rendered.Newest,
            "--set", "global.imageRegistry=registry.example");
    }
}
