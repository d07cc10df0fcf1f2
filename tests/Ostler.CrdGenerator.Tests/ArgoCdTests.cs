using System.Text.RegularExpressions;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests;

/// <summary>
/// Argo CD reads conditions, reasons and steps by name: one that is misspelled, or renamed, would leave an application Progressing for
/// ever.
/// </summary>
public sealed partial class ArgoCdTests
{
    private const string Prefix = "resource.customizations.health.ostler.dev_";

    private static readonly Dictionary<string, string> Scripts =
        YamlDocuments.Read(File.ReadAllText(Path.Combine(Repository.Config, "argocd", "health.yaml"))).Single()["data"]!.AsObject()
            .ToDictionary(entry => entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);

    [Fact]
    public void Each_kind_has_its_script() => Assert.Equal(
        new[] { nameof(NodeOS), nameof(OSImage), nameof(UpgradePolicy) }.Select(kind => Prefix + kind), Scripts.Keys.Order(StringComparer.Ordinal));

    public static TheoryData<string, string[], string[], string[]> Names => new()
    {
        // kind, conditions, reasons, steps that the script goes by
        { nameof(UpgradePolicy), ["Conflicted", "Halted", "Progressing", "Ready", "Stalled"], ["ClosesSoon", "Frozen", "OutsideWindow", "Paused", "WaitingForApproval"], [] },
        { nameof(OSImage), ["Ready", "Stalled"], [], [] },
        { nameof(NodeOS), ["Ready"], [], ["Failed", "Idle", "RolledBack", "Updated"] },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void It_goes_by_names_that_exist(string kind, string[] conditions, string[] reasons, string[] steps)
    {
        var script = Scripts[Prefix + kind];

        Assert.Equal(conditions, Found(ConditionName(), script));
        Assert.Equal(reasons, Found(ReasonName(), script));
        Assert.Equal(steps, Found(StepName(), script));
        Assert.Subset(Constants(typeof(ConditionTypes)), conditions.ToHashSet());
        Assert.Subset(Constants(typeof(Reasons)), reasons.ToHashSet());
        Assert.Subset(Enum.GetNames<NodeStep>().ToHashSet(), steps.ToHashSet());
    }

    [Fact]
    public void It_says_nothing_but_what_Argo_CD_knows()
    {
        var said = Scripts.Values.SelectMany(script => StatusName().Matches(script)).Select(match => match.Groups[1].Value).ToHashSet();

        Assert.Subset(new HashSet<string> { "Healthy", "Progressing", "Suspended", "Degraded" }, said);
        Assert.All(Scripts.Values, script => Assert.EndsWith("return health\n", script, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Found(Regex names, string script) =>
        names.Matches(script).Select(match => match.Groups[1].Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static HashSet<string> Constants(Type type) => [.. type.GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];

    [GeneratedRegex("(?:conditions\\[|holds\\(|type == )\"([A-Za-z]+)\"")]
    private static partial Regex ConditionName();

    [GeneratedRegex("([A-Za-z]+) = true")]
    private static partial Regex ReasonName();

    [GeneratedRegex("step == \"([A-Za-z]+)\"")]
    private static partial Regex StepName();

    [GeneratedRegex("(?<!condition\\.)status = \"([A-Za-z]+)\"")]
    private static partial Regex StatusName();
}
