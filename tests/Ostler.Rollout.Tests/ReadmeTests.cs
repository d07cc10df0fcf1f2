using System.Text.RegularExpressions;

namespace Ostler.Rollout.Tests;

/// <summary>tests/README.md and SECURITY.md say which test answers what. A test that was renamed must not leave them lying.</summary>
public partial class ReadmeTests
{
    private static readonly string Tests = Path.Combine(Root(), "tests");

    private static readonly string Readme = File.ReadAllText(Path.Combine(Tests, "README.md"));

    [Theory]
    [InlineData("tests/README.md", 50)]
    [InlineData("SECURITY.md", 10)]
    public void Every_test_that_it_names_is_there(string file, int least)
    {
        var text = File.ReadAllText(Path.Combine(Root(), file));
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

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("There is no operator.sln above the tests.");
    }

    [GeneratedRegex("`([A-Za-z]+Tests)\\.([A-Za-z0-9_]+)`")]
    private static partial Regex TestName();

    [GeneratedRegex("stor(y|ies) `[a-z-]+`(, `[a-z-]+`)*")]
    private static partial Regex Stories();

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Word();
}
