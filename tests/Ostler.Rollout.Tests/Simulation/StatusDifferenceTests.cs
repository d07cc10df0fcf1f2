using System.Collections;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// Statuses are compared property by property: a list that the comparison does not know would make every report look like news.
/// </summary>
public class StatusDifferenceTests
{
    [Fact]
    public void Every_list_of_a_status_is_compared_item_by_item()
    {
        string[] known = ["NodeOSStatus.Conditions", "DriftStatus.Findings", "DriftStatus.EtcFiles", "DriftStatus.Packages"];

        Assert.Equal(known.Order(), ListsOf(typeof(NodeOSStatus)).Order());
    }

    [Fact]
    public void Equal_lists_say_the_same_and_other_ones_do_not()
    {
        Assert.True(StatusDifference.SaysTheSame(Of("a"), Of("a")));
        Assert.False(StatusDifference.SaysTheSame(Of("a"), Of("b")));
        Assert.False(StatusDifference.SaysTheSame(Of("a"), Of("a") with { Conditions = null }));
        Assert.False(StatusDifference.SaysTheSame(Of("a"), Of("a") with { Drift = null }));
        Assert.False(StatusDifference.SaysTheSame(Of("a"), null));
        Assert.True(StatusDifference.SaysTheSame(null, null));
    }

    private static NodeOSStatus Of(string name) => new()
    {
        Conditions = [new() { Type = ConditionTypes.Ready, Status = ConditionStatus.True, Reason = Reasons.Observing, Message = name }],
        Drift = new()
        {
            Reason = Reasons.PackagesLayered,
            Findings = [new() { Reason = Reasons.PackagesLayered }],
            EtcFiles = [name],
            Packages = [name],
        },
    };

    private static IEnumerable<string> ListsOf(Type type) => type.GetProperties().SelectMany(p =>
        p.PropertyType == typeof(string) ? []
        : p.PropertyType.IsAssignableTo(typeof(IEnumerable))
            ? [$"{type.Name}.{p.Name}", .. p.PropertyType.GetGenericArguments().Where(IsOurs).SelectMany(ListsOf)]
        : IsOurs(p.PropertyType) ? ListsOf(p.PropertyType)
        : []);

    private static bool IsOurs(Type type) => type.IsClass && type.Namespace?.StartsWith("Ostler.", StringComparison.Ordinal) == true;
}
