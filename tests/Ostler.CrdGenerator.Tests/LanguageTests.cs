using Ostler.Testing.Documentation;

namespace Ostler.CrdGenerator.Tests;

/// <summary>
/// Text for users follows the glossary. These tests check Markdown. To check other text, such as descriptions of fields or literals, pass
/// it to <see cref="Phrasing.In"/>.
/// </summary>
public sealed class LanguageTests
{
    private const int Columns = 120;

    /// <summary>Generated: lines are as long as the tables' cells, and preambles come from C#.</summary>
    private static readonly string[] Generated = ["config/docs/reference.md"];

    public static TheoryData<string> MarkdownFiles => [.. Documents.All];

    [Theory]
    [MemberData(nameof(MarkdownFiles))]
    public void Markdown_follows_the_glossary(string document) => Assert.Equal([], FindingsIn(document));

    [Theory]
    [MemberData(nameof(MarkdownFiles))]
    public void Prose_is_wrapped_at_120_columns(string document)
    {
        Assert.SkipWhen(Generated.Contains(document), "Generated.");
        var tooLong = Prose.Written(Documents.LinesOf(document))
            .Where(line => line.Line.Length > Columns && !line.Line.TrimStart().StartsWith('|'));

        Assert.Equal([], tooLong.Select(line => $"{document}:{line.Number}: {line.Line.Length} columns"));
    }

    [Fact]
    public void Every_exception_is_a_document_that_exists() => Assert.Equal([], Generated.Except(Documents.All));

    [Fact]
    public void Each_phrase_is_found_in_its_example_and_not_in_the_replacement()
    {
        Assert.InRange(Phrasing.Rules.Count, 25, 100);
        Assert.All(Phrasing.Rules, rule =>
        {
            Assert.Matches(rule.Form, rule.Example);
            Assert.DoesNotMatch(rule.Form, rule.Instead);
        });
    }

    [Theory]
    [InlineData("OSTree hosts have a work tree beside the source tree.")]
    [InlineData("The timer is well tested, and an illness is not a node.")]
    [InlineData("There is one NodeOS for each Node, and too many failures halt it.")]
    [InlineData("The rollback takes 30 s; the background task takes longer. Fallback is off.")]
    [InlineData("Formerly known; recommended; amended; personal; intelligent; still; untold.")]
    [InlineData("The controller is there to decide.")]
    public void Words_that_only_look_alike_are_allowed(string text) => Assert.Equal([], Phrasing.In(text));

    [Fact]
    public void Code_is_no_prose_and_a_phrase_that_is_wrapped_is_found()
    {
        string[] lines =
        [
            "# A title", "", "The node goes", "back. `the tree` and [text](former.md).", "", "```text", "somebody told people", "```",
            "- An item", "- under", "  way", "",
            "| a | `nobody` |", "   ```console", "   $ make anew", "   ```", "<!-- once more -->",
        ];

        var found = Prose.Of(lines).SelectMany(prose => Phrasing.In(prose.Text).Select(finding => (prose.Line, finding.Phrase)));

        Assert.Equal([(3, "goes back"), (10, "under way")], found);
    }

    private static string[] FindingsIn(string document) =>
    [
        .. from prose in Prose.Of(Documents.LinesOf(document))
           from finding in Phrasing.In(prose.Text)
           select $"{document}:{prose.Line}: {finding}",
    ];
}
