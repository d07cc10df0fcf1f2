namespace Ostler.Testing.Documentation;

/// <summary>What people read: every Markdown file of the repository.</summary>
public static class Documents
{
    private static readonly string[] Elsewhere = [".git", "artifacts", "bin", "obj", "node_modules"];

    public static string Root { get; } = Repository.Root;

    /// <summary>Paths relative to the root, with slashes, in order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Find(new DirectoryInfo(Root)).Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static string[] LinesOf(string document) => Unindented(File.ReadAllLines(Path.Combine(Root, document)));

    /// <summary>A fenced block in an item of a list is as far to the right as its text; here it begins where any other does.</summary>
    public static string[] Unindented(IReadOnlyList<string> lines)
    {
        var text = new string[lines.Count];
        int? indent = null;
        for (var i = 0; i < text.Length; i++)
        {
            var isFence = lines[i].TrimStart(' ').StartsWith("```", StringComparison.Ordinal);
            var begins = isFence && indent is null;
            indent = begins ? lines[i].Length - lines[i].TrimStart(' ').Length : indent;
            text[i] = indent is { } columns ? lines[i][Math.Min(columns, lines[i].Length - lines[i].TrimStart(' ').Length)..] : lines[i];
            indent = isFence && !begins ? null : indent;
        }

        return text;
    }

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
