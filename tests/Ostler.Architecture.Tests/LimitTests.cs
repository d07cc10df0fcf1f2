using System.Globalization;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ostler.Testing;

namespace Ostler.Architecture.Tests;

/// <summary>
/// Sizes that a reader can take in. OSTLER_UPDATE_LIMITS=1 writes exceptions.txt down to what the sources need; a new entry in it is a
/// decision for the review.
/// </summary>
public sealed class LimitTests
{
    private static readonly string ExceptionsFile = Path.Combine(Repository.Root, "tests", "Ostler.Architecture.Tests", "exceptions.txt");

    [Fact]
    public void No_size_exceeds_its_limit_but_the_listed_ones_and_these_shrink()
    {
        var measured = Sources.All.SelectMany(Limits.Of).GroupBy(e => (e.Limit, e.Place)).ToDictionary(g => g.Key, g => g.Max(e => e.Value));
        if (Environment.GetEnvironmentVariable("OSTLER_UPDATE_LIMITS") == "1")
        {
            File.WriteAllLines(ExceptionsFile, measured.Select(m => $"{m.Key.Limit} {m.Key.Place} {m.Value.ToString(CultureInfo.InvariantCulture)}").Order(StringComparer.Ordinal));
        }

        var listed = File.ReadAllLines(ExceptionsFile).Select(l => l.Split(' ')).ToDictionary(p => (p[0], p[1]), p => int.Parse(p[2], CultureInfo.InvariantCulture));
        Breaches.None(measured.Where(m => m.Value > listed.GetValueOrDefault(m.Key)).Select(m => $"{m.Key.Limit} {m.Key.Place}: {m.Value}, listed {listed.GetValueOrDefault(m.Key)}. Split it."));
        Breaches.None(listed.Where(l => measured.GetValueOrDefault(l.Key) < l.Value).Select(l => $"{l.Key.Item1} {l.Key.Item2}: now {measured.GetValueOrDefault(l.Key)}, listed {l.Value}. Shrink exceptions.txt."));
    }

    [Fact]
    public void A_cancellation_token_has_the_same_name_everywhere()
    {
        var others = Sources.All.SelectMany(f => f.Unit.DescendantNodes().OfType<ParameterSyntax>()
            .Where(p => p.Type?.ToString() == "CancellationToken" && p.Identifier.Text != "cancellationToken" && IsOfNamedMethod(p)
                // A second token has a name that tells what cancels it.
                && !((BaseParameterListSyntax)p.Parent!).Parameters.Any(o => o.Identifier.Text == "cancellationToken"))
            .Select(p => $"{f.Path}: {p.Identifier.Text}"));

        Breaches.None(others);
    }

    /// <summary>A program exports nothing but its entry point.</summary>
    [Theory]
    [InlineData("Ostler.Agent")]
    [InlineData("Ostler.Controller")]
    [InlineData("Ostler.Cli")]
    public void A_program_exports_no_type(string project)
    {
        var exported = Sources.Of(project).SelectMany(f => f.Unit.DescendantNodes(static n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<BaseTypeDeclarationSyntax>()
            .Where(t => t.Modifiers.Any(m => m.Text == "public"))
            .Select(t => $"{f.Path}: {t.Identifier.Text}"));

        Breaches.None(exported);
    }

    // A local token of a lambda may have a name that tells it from the method's.
    private static bool IsOfNamedMethod(ParameterSyntax parameter) =>
        parameter.Parent?.Parent is MethodDeclarationSyntax or ConstructorDeclarationSyntax
            or LocalFunctionStatementSyntax or ClassDeclarationSyntax;
}
