namespace Ostler.Testing.Documentation;

/// <summary>What people read: every Markdown file of the repository.</summary>
public static class Documents
{
    private static readonly string[] Elsewhere = [".git", "artifacts", "bin", "obj", "node_modules"];

    public static string Root { get; } = Repository.Root;

    /// <summary>Paths relative to the root, with slashes, in order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Find(new DirectoryInfo(Root)).Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static string[] LinesOf(string document) => File.ReadAllLines(Path.Combine(Root, document));

    /// <summary>The fenced blocks of a language, as they stand there.</summary>
    public static IEnumerable<string> BlocksOf(string document, string language)
    {
        List<string>? block = null;
        foreach (var line in LinesOf(document))
        {
            if (block is not null && line.StartsWith("```", StringComparison.Ordinal))
            {
                yield return string.Join('\n', block) + "\n";
                block = null;
            }
            else if (block is null && line == $"```{language}")
            {
                block = [];
            }
            else
            {
                block?.Add(line);
            }
        }
    }

    private static IEnumerable<string> Find(DirectoryInfo folder) =>
        folder.EnumerateFiles("*.md").Select(file => file.FullName)
            .Concat(folder.EnumerateDirectories().Where(inner => !Elsewhere.Contains(inner.Name)).SelectMany(Find));
}
