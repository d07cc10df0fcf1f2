using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ostler.Testing.Documentation;

namespace Ostler.Architecture.Tests;

/// <summary>What programs print, log and report follows the glossary, as the Markdown does (LanguageTests).</summary>
public sealed class TextTests
{
    // The demo is the first thing that a new user reads.
    private static readonly string[] Spoken = ["src/", "tests/Ostler.Playground/", "tests/Ostler.Pictures/"];

    [Fact]
    public void No_literal_has_a_phrase_that_the_glossary_replaces() => Assert.Equal(
        [],
        from file in Sources.All
        where Spoken.Any(folder => file.Path.StartsWith(folder, StringComparison.Ordinal))
        from text in TextsOf(file.Unit)
        from finding in Phrasing.In(text.Text)
        select $"{file.Path}:{text.Line}: {finding}");

    [Fact]
    public void Texts_of_literals_are_found_and_names_are_not()
    {
        var unit = CSharpSyntaxTree.ParseText(
            """"
            var a = "one word";
            var b = $"the {Kind("x y")} goes back";
            var c = """
                was told
                """;
            var d = "former";
            """", cancellationToken: TestContext.Current.CancellationToken).GetCompilationUnitRoot(TestContext.Current.CancellationToken);

        Assert.Equal(["one word", "the … goes back", "x y", "was told"], TextsOf(unit).Select(text => text.Text));
    }

    /// <summary>Literals with a blank: a single word is a name, and names are API. The argument of host stage is called TREE.</summary>
    private static IEnumerable<(int Line, string Text)> TextsOf(CompilationUnitSyntax unit) =>
        from node in unit.DescendantNodes()
        let text = node switch
        {
            LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.StringLiteralExpression) => literal.Token.ValueText,
            InterpolatedStringExpressionSyntax parts =>
                string.Concat(parts.Contents.Select(part => part is InterpolatedStringTextSyntax own ? own.TextToken.ValueText : "…")),
            _ => null,
        }
        where text?.Trim().Contains(' ', StringComparison.Ordinal) == true
        select (node.GetLocation().GetLineSpan().StartLinePosition.Line + 1, text.Replace("TREE", "", StringComparison.Ordinal));
}
