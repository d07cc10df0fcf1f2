using Ostler.Testing;

namespace Ostler.Architecture.Tests;

/// <summary>All C# sources of the repository, read once.</summary>
internal static class Sources
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> Read = new(() =>
    {
        var root = Repository.Root;
        string[] folders = ["src", "tests"];
        return
        [
            .. folders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs", SearchOption.AllDirectories))
                .Where(static f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(f => new SourceFile(root, f)),
        ];
    });

    public static IReadOnlyList<SourceFile> All => Read.Value;

    /// <summary>Those of one project.</summary>
    public static IEnumerable<SourceFile> Of(string project) => All.Where(f => f.Project == project);

    public static IEnumerable<string> Projects => All.Select(f => f.Project).Distinct();
}
