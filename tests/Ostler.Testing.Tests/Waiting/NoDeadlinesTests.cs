using System.Text.RegularExpressions;
using Ostler.Testing.Documentation;

namespace Ostler.Testing.Tests.Waiting;

/// <summary>Demo, integration tests and e2e-vm run on machines of any speed: they wait for progress, never for the wall clock.</summary>
public sealed partial class NoDeadlinesTests
{
    public static TheoryData<string> Projects => ["Ostler.Playground", "Ostler.IntegrationTests", "Ostler.Machine"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_fixed_deadline_is_left(string project)
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Documents.Root, "tests", project), "*.cs", SearchOption.AllDirectories).ToArray();
        Assert.NotEmpty(sources);

        var found = sources.SelectMany(file => File.ReadLines(file).Where(line => Deadline().IsMatch(line)).Select(line => $"{Path.GetFileName(file)}: {line.Trim()}"));

        Assert.Empty(found);
    }

    [GeneratedRegex(@"CancelAfter\(|WaitAsync\((TimeSpan|deadline|\w*Limit|\w*Timeout)|new CancellationTokenSource\((TimeSpan|deadline|\w+Limit)|Eventually\.GetAsync")]
    private static partial Regex Deadline();
}
