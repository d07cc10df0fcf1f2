using Ostler.Api.Meta;
using Ostler.Controller.Drain;
using Ostler.Controller.Resources;

namespace Ostler.Controller.Tests.Drain;

public sealed class DisruptionBudgetsTests
{
    private static readonly Dictionary<string, string> Web = new() { ["app"] = "web" };

    public static TheoryData<string, LabelSelector?, bool, bool> Selectors => new()
    {
        { "matching labels", new() { MatchLabels = Web }, true, true },
        { "other labels", new() { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } }, true, false },
        { "a matching expression", new() { MatchExpressions = [new() { Key = "app", Operator = LabelOperator.In, Values = ["web", "api"] }] }, true, true },
        { "no selector at all", null, true, false },
        { "an empty selector in policy/v1 is every pod", new(), true, true },
        { "an empty selector in policy/v1beta1 is none", new(), false, false },
    };

    [Theory, MemberData(nameof(Selectors))]
    public void A_budget_protects_what_the_api_server_says_it_does(string label, LabelSelector? selector, bool isV1, bool protects)
    {
        Assert.NotEmpty(label);
        Assert.Equal(protects, DisruptionBudgets.Protects(new() { Spec = new() { Selector = selector } }, Web, isV1));
    }

    [Fact]
    public void Only_exhausted_budgets_stand_in_the_way()
    {
        PodDisruptionBudget[] budgets = [Budget("a", 1), Budget("b", 0), Budget("c", 0)];

        Assert.Equal(["b", "c"], DisruptionBudgets.InTheWay(budgets).Select(b => b.Metadata.Name));
    }

    private static PodDisruptionBudget Budget(string name, int allowed) =>
        new() { Metadata = new() { Name = name }, Status = new() { DisruptionsAllowed = allowed } };
}
