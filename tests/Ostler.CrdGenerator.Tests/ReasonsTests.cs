using System.Reflection;
using System.Text.RegularExpressions;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Testing;

namespace Ostler.CrdGenerator.Tests;

/// <summary>config/docs/reasons.md has every word that people meet, and none that they cannot.</summary>
public sealed partial class ReasonsTests
{
    private static readonly string[] Sources =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetFileName(path).StartsWith(nameof(Reasons), StringComparison.Ordinal))
            .Select(File.ReadAllText),
    ];

    private static readonly FieldInfo[] All = [.. typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static)];

    [Fact]
    public void Each_is_in_the_table_once_with_what_is_so()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(Repository.Config, "docs", "reasons.md"))).ToLookup(row => row.Groups[1].Value, StringComparer.Ordinal);

        Assert.InRange(All.Length, 100, 200);
        Assert.Equal(All.Select(field => (string)field.GetRawConstantValue()!).Order(StringComparer.Ordinal), rows.Select(row => row.Key).Order(StringComparer.Ordinal));
        Assert.All(rows, row => Assert.InRange(Assert.Single(row).Groups[2].Value.Length, 10, 300));
    }

    [Fact]
    public void Each_is_one_that_something_says()
    {
        var said = Used().Matches(string.Join('\n', Sources)).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        Assert.Equal([], All.Select(field => field.Name).Where(name => !said.Contains(name)));
    }

    /// <summary>A condition or an Event whose reason is written down where it is made would be in no table.</summary>
    [Fact]
    public void No_reason_is_written_anywhere_else() => Assert.Equal([], Sources.SelectMany(text => Literal().Matches(text)).Select(match => match.Value));

    [Fact]
    public void What_is_written_by_hand_names_conditions_and_reasons_that_exist()
    {
        var types = typeof(ConditionTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToArray();
        var (watching, troubleshooting) = (Text("watching.md"), Text("troubleshooting.md"));
        string[] others = [.. types, .. Enum.GetNames<NodeStep>(), .. Enum.GetNames<DrainBehavior>(), "READY", "REASON", "True", "False"];

        Assert.Equal(types.Order(StringComparer.Ordinal), ConditionRow().Matches(watching).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
        var words = CodeWord().Matches(troubleshooting).Select(word => word.Groups[1].Value).Distinct().ToArray();
        Assert.InRange(words.Intersect(All.Select(field => field.Name)).Count(), 40, 200);
        Assert.Equal([], words.Except(All.Select(field => (string)field.GetRawConstantValue()!)).Except(others));
    }

    private static string Text(string document) => File.ReadAllText(Path.Combine(Repository.Config, "docs", document));

    [GeneratedRegex(@"(?m)^\| `(\w+)` \| (?:all|policy|policy, image|image|node) \|")]
    private static partial Regex ConditionRow();

    [GeneratedRegex("`([A-Z][A-Za-z]+)(?:=\\w+)?`")]
    private static partial Regex CodeWord();

    [GeneratedRegex(@"(?m)^\| `(\w+)` \| ([^|]+) \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"\bReasons\.(\w+)")]
    private static partial Regex Used();

    [GeneratedRegex("""(\bReason = "\w+"|EventType\.(Normal|Warning), "\w+"|ConditionStatus\.(True|False|Unknown), "\w+"|(HostTool|Registry)Exception\("\w+")""")]
    private static partial Regex Literal();
}
