using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ostler.Architecture.Tests;

/// <summary>One C# file of the repository, parsed.</summary>
internal sealed class SourceFile
{
    public SourceFile(string root, string path)
    {
        Path = System.IO.Path.GetRelativePath(root, path).Replace('\\', '/');
        Lines = File.ReadAllLines(path);
        Unit = CSharpSyntaxTree.ParseText(string.Join('\n', Lines), new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.Parse))
            .GetCompilationUnitRoot(TestContext.Current.CancellationToken);
        Namespace = Unit.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString();
        Types =
        [
            .. Unit.DescendantNodes(static n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
                .Select(static n => n switch
                {
                    BaseTypeDeclarationSyntax type => type.Identifier.Text,
                    DelegateDeclarationSyntax type => type.Identifier.Text,
                    _ => null,
                })
                .OfType<string>(),
        ];
    }

    /// <summary>Relative to the repository, with slashes.</summary>
    public string Path { get; }

    public IReadOnlyList<string> Lines { get; }

    public CompilationUnitSyntax Unit { get; }

    /// <summary>Null for a program's top-level statements.</summary>
    public string? Namespace { get; }

    /// <summary>The names of its top-level types.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The project's folder below src or tests.</summary>
    public string Project => Path.Split('/')[1];

    /// <summary>The namespace that its folder asks for.</summary>
    public string Folder => string.Join('.', Path.Split('/')[1..^1]);

    /// <summary>The namespace in which its code lives: its own, or its folder's for top-level statements.</summary>
    public string Home => Namespace ?? Folder;
}
