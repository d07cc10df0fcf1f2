using System.Text.RegularExpressions;
using Ostler.Testing.Documentation;

namespace Ostler.Rollout.Tests;

/// <summary>
/// tests/README.md and SECURITY.md say which test answers what: a test that was renamed must not leave them lying. And no document leads
/// its reader nowhere.
/// </summary>
public partial class ReadmeTests
{
    private static readonly string Tests = Path.Combine(Documents.Root, "tests");

    private static readonly string Readme = File.ReadAllText(Path.Combine(Tests, "README.md"));

    [Theory]
    [InlineData("tests/README.md", 50)]
    [InlineData("SECURITY.md", 10)]
    public void Every_test_that_it_names_is_there(string file, int least)
    {
        var text = File.ReadAllText(Path.Combine(Documents.Root, file));
        var sources = Directory.EnumerateFiles(Tests, "*Tests*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToArray();
        var named = TestName().Matches(text).Select(m => (Class: m.Groups[1].Value, Method: m.Groups[2].Value)).Distinct().ToArray();

        Assert.InRange(named.Length, least, 500);
        string[] missing =
        [
            .. named.Where(n => !sources.Any(s => s.Contains($"class {n.Class}", StringComparison.Ordinal) && s.Contains($" {n.Method}(", StringComparison.Ordinal)))
                .Select(n => $"{n.Class}.{n.Method}"),
        ];
        Assert.Equal([], missing);
    }

    [Fact]
    public void Every_story_that_it_names_is_told()
    {
        var stories = Stories().Matches(Readme).SelectMany(m => Word().Matches(m.Value)).Select(m => m.Groups[1].Value).Distinct().ToArray();

        Assert.InRange(stories.Length, 20, 100);
        string[] missing = [.. stories.Where(s => !Directory.Exists(Path.Combine(Tests, "Ostler.Rollout.Tests", "Testdata", s)))];
        Assert.Equal([], missing);
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        var links = Documents.All.SelectMany(document => Documents.LinesOf(document).SelectMany((line, i) =>
            Link().Matches(Code().Replace(line, "")).Select(link => (Where: $"{document}:{i + 1}", From: document, To: link.Groups[1].Value)))).ToArray();

        Assert.InRange(links.Length, 40, 1000);
        Assert.Equal([], links.Where(link => !link.To.StartsWith("https://", StringComparison.Ordinal) && !Leads(link.From, link.To)).Select(link => $"{link.Where}: {link.To}"));
    }

    /// <summary>A newcomer reads it in ten minutes (some 240 words a minute), or goes away; the rest is in files of its own.</summary>
    [Fact]
    public void The_README_stays_short() => Assert.InRange(
        Documents.LinesOf("README.md").Sum(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length), 500, 2400);

    // A heading's anchor is its text in lower case, without signs, with dashes for spaces.
    private static bool Leads(string from, string to)
    {
        var (path, anchor) = to.Split('#') is [var file, var part] ? (file, part) : (to, null);
        var target = path.Length == 0 ? from : Path.GetRelativePath(Documents.Root, Path.Combine(Documents.Root, Path.GetDirectoryName(from)!, path)).Replace('\\', '/');
        return Path.Exists(Path.Combine(Documents.Root, target))
            && (anchor is null || Documents.LinesOf(target).Any(line => Heading().Match(line) is { Success: true } heading
                && Signs().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-') == anchor));
    }

    [GeneratedRegex("`([A-Za-z]+Tests)\\.([A-Za-z0-9_]+)`")]
    private static partial Regex TestName();

    [GeneratedRegex("stor(y|ies) `[a-z-]+`(, `[a-z-]+`)*")]
    private static partial Regex Stories();

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Word();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Code();

    [GeneratedRegex("^#+ (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex Signs();
}
