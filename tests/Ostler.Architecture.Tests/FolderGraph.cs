using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ostler.Architecture.Tests;

/// <summary>A reference from one folder of a project to another.</summary>
/// <param name="From">The namespace that refers.</param>
/// <param name="To">The namespace referred to.</param>
/// <param name="Evidence">File and name, so that a breach can be found.</param>
internal sealed record FolderReference(string From, string To, string Evidence);

/// <summary>
/// Which folders of a project use which. Read from usings, which the build keeps minimal (IDE0005), from qualified names, and from simple
/// names of types in enclosing namespaces, which need no using.
/// </summary>
internal sealed class FolderGraph
{
    private FolderGraph(IReadOnlyList<FolderReference> references) => References = references;

    public IReadOnlyList<FolderReference> References { get; }

    public static FolderGraph Of(IReadOnlyCollection<SourceFile> files)
    {
        var namespaces = files.Select(f => f.Home).ToHashSet(StringComparer.Ordinal);
        var homes = files.SelectMany(f => f.Types.Select(t => (Type: t, f.Home))).Distinct().ToLookup(t => t.Type, t => t.Home, StringComparer.Ordinal);
        return new([.. files.SelectMany(f => ReferencesOf(f, namespaces, homes)).Distinct()]);
    }

    /// <summary>Each set of folders that use one another, sorted.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Cycles()
    {
        var next = References.ToLookup(r => r.From, r => r.To, StringComparer.Ordinal);
        var reached = References.Select(r => r.From).Distinct().ToDictionary(n => n, n => Reach(n, next), StringComparer.Ordinal);
        return
        [
            .. reached.Where(r => r.Value.Contains(r.Key))
                .Select(r => (IReadOnlyList<string>)[.. r.Value.Where(m => reached.TryGetValue(m, out var back) && back.Contains(r.Key)).Order(StringComparer.Ordinal)])
                .DistinctBy(c => string.Join(' ', c)),
        ];
    }

    private static HashSet<string> Reach(string from, ILookup<string, string> next)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([from]);
        while (open.TryPop(out var at))
        {
            foreach (var to in next[at].Where(seen.Add))
            {
                open.Push(to);
            }
        }

        return seen;
    }

    private static IEnumerable<FolderReference> ReferencesOf(SourceFile file, HashSet<string> namespaces, ILookup<string, string> homes)
    {
        foreach (var directive in file.Unit.Usings)
        {
            var name = directive.NamespaceOrType.ToString();
            // An alias or a static using names a type: its namespace is what remains without the last parts.
            while (!namespaces.Contains(name) && name.Contains('.', StringComparison.Ordinal))
            {
                name = name[..name.LastIndexOf('.')];
            }

            if (namespaces.Contains(name) && name != file.Home)
            {
                yield return new(file.Home, name, $"{file.Path}: {directive.ToString().Trim()}");
            }
        }

        foreach (var name in file.Unit.DescendantNodes(descendIntoTrivia: true).OfType<SimpleNameSyntax>())
        {
            foreach (var home in homes[name.Identifier.Text])
            {
                var qualifier = Qualifier(name);
                var isQualified = qualifier is not null && home != file.Home && home.EndsWith("." + qualifier, StringComparison.Ordinal);
                var isEnclosing = qualifier is null && file.Home.StartsWith(home + ".", StringComparison.Ordinal);
                if (isQualified || isEnclosing)
                {
                    yield return new(file.Home, home, $"{file.Path}: {name.Identifier.Text}");
                }
            }
        }
    }

    private static string? Qualifier(SimpleNameSyntax name) => name.Parent switch
    {
        QualifiedNameSyntax qualified when qualified.Right == name => qualified.Left.ToString(),
        MemberAccessExpressionSyntax member when member.Name == name => member.Expression.ToString(),
        _ => null,
    };
}
