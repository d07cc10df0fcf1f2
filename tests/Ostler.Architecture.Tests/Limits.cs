using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ostler.Architecture.Tests;

/// <summary>Where a limit on size is exceeded, and by how much.</summary>
/// <param name="Limit">Which one, as in exceptions.txt.</param>
/// <param name="Place">File, and member where the limit is on members.</param>
/// <param name="Value">What was measured.</param>
internal sealed record Excess(string Limit, string Place, int Value);

/// <summary>
/// Limits on the size of files, methods and parameter lists. What exceeds them stands in exceptions.txt, which may only shrink.
/// </summary>
internal static class Limits
{
    public const int FileLines = 300;
    public const int MethodLines = 60;
    public const int MethodParameters = 6;
    public const int ConstructorParameters = 8;
    public const int Columns = 140;

    public static IEnumerable<Excess> Of(SourceFile file)
    {
        if (file.Lines.Count > FileLines)
        {
            yield return new("file-lines", file.Path, file.Lines.Count);
        }

        if (file.Lines.Count(l => l.Length > Columns) is > 0 and var wide)
        {
            yield return new("wide-lines", file.Path, wide);
        }

        foreach (var excess in file.Unit.DescendantNodes().SelectMany(n => OfMember(file, n)))
        {
            yield return excess;
        }
    }

    private static IEnumerable<Excess> OfMember(SourceFile file, SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => OfMember(file, method.Identifier.Text, method, method.ParameterList, MethodParameters),
        LocalFunctionStatementSyntax method => OfMember(file, method.Identifier.Text, method, method.ParameterList, MethodParameters),
        ConstructorDeclarationSyntax constructor => OfMember(file, constructor.Identifier.Text, constructor, constructor.ParameterList, ConstructorParameters),
        ClassDeclarationSyntax { ParameterList: { } parameters } type => OfParameters(file, type.Identifier.Text, parameters, ConstructorParameters),
        _ => [],
    };

    private static IEnumerable<Excess> OfMember(SourceFile file, string name, SyntaxNode member, ParameterListSyntax parameters, int most)
    {
        var span = member.SyntaxTree.GetLineSpan(member.Span);
        var lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
        if (lines > MethodLines)
        {
            yield return new("method-lines", $"{file.Path}:{name}", lines);
        }

        foreach (var excess in OfParameters(file, name, parameters, most))
        {
            yield return excess;
        }
    }

    private static IEnumerable<Excess> OfParameters(SourceFile file, string name, ParameterListSyntax parameters, int most)
    {
        // The token is no choice of the caller's.
        var count = parameters.Parameters.Count(p => p.Type?.ToString() != "CancellationToken");
        if (count > most)
        {
            yield return new("parameters", $"{file.Path}:{name}", count);
        }
    }
}
