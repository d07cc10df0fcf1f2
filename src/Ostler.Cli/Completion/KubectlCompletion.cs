using System.CommandLine;

namespace Ostler.Cli.Completion;

/// <summary>
/// Answers kubectl, which from 1.26 on asks a program called <c>kubectl_complete-ostler</c> how <c>kubectl ostler …</c> may go on. A link
/// of that name to this program is enough.
/// </summary>
internal static class KubectlCompletion
{
    public const string Name = "kubectl_complete-ostler";

    // As cobra's shell scripts have it: 0 lets the shell complete files, 4 does not.
    private const string Files = ":0";
    private const string NoFiles = ":4";

    /// <summary>One suggestion a line, then what the shell is to do.</summary>
    /// <param name="root">The command line.</param>
    /// <param name="words">What follows <c>kubectl ostler</c>; the last one, which may be empty, is to be completed.</param>
    public static IEnumerable<string> Lines(RootCommand root, IReadOnlyList<string> words)
    {
        var line = string.Join(' ', words.Prepend("kubectl-ostler"));
        // Options only once a dash is typed, as kubectl does.
        var suggestions = root.Parse(line).GetCompletions(line.Length).Select(c => c.Label).Distinct().Where(l => !l.StartsWith('-') || words is [.., ['-', ..]]).ToArray();
        return [.. suggestions, suggestions.Length == 0 ? Files : NoFiles];
    }
}
