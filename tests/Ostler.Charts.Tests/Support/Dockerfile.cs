using System.Text.RegularExpressions;
using Ostler.Testing;

namespace Ostler.Charts.Tests.Support;

/// <summary>The repository's Dockerfile: its stages, and what each says, in order.</summary>
internal sealed partial record Dockerfile(IReadOnlyList<Dockerfile.Stage> Stages)
{
    /// <summary>One stage.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="From">The stage or image that it goes on from.</param>
    /// <param name="Lines">Instructions with their continuation lines joined.</param>
    public sealed record Stage(string Name, string From, IReadOnlyList<string> Lines)
    {
        /// <summary>What stands behind each instruction of a kind.</summary>
        public IEnumerable<string> All(string instruction) => Lines.Where(line => line.StartsWith(instruction + " ", StringComparison.Ordinal)).Select(line => line[(instruction.Length + 1)..].Trim());
    }

    public static async Task<Dockerfile> ReadAsync(CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Dockerfile"), cancellationToken);
        var lines = Continuation().Replace(Comment().Replace(text, ""), " ").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var stages = new List<Stage>();
        foreach (var line in lines)
        {
            if (From().Match(line) is { Success: true } from)
            {
                stages.Add(new(from.Groups["name"].Value, from.Groups["from"].Value, new List<string>()));
            }
            else if (stages.Count > 0)
            {
                ((List<string>)stages[^1].Lines).Add(line);
            }
        }

        return new(stages);
    }

    public Stage this[string name] => Stages.Single(stage => stage.Name == name);

    /// <summary>A stage and those that it goes on from, the last one first.</summary>
    public IEnumerable<Stage> ChainOf(string name)
    {
        for (var stage = this[name]; ; stage = this[stage.From])
        {
            yield return stage;
            if (Stages.All(s => s.Name != stage.From))
            {
                yield break;
            }
        }
    }

    /// <summary>The labels of an image, with those of the stages below it.</summary>
    public IReadOnlyDictionary<string, string> LabelsOf(string name) => ChainOf(name).Reverse().SelectMany(stage => stage.All("LABEL")).SelectMany(label => Label().Matches(label))
        .GroupBy(m => m.Groups["key"].Value).ToDictionary(g => g.Key, g => g.Last().Groups["value"].Value.Replace("\\$", "$", StringComparison.Ordinal));

    [GeneratedRegex(@"^\s*#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\\s*\n")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"^FROM (--platform=\S+ )?(?<from>\S+) AS (?<name>\S+)$")]
    private static partial Regex From();

    [GeneratedRegex("""(?<key>[A-Za-z.]+)="(?<value>[^"]*)""")]
    private static partial Regex Label();
}
