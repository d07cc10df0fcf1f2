using System.Reflection;
using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Schema;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Hosts.Checks;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Validation;
using Ostler.Testing.Checks;

namespace Ostler.Rollout.Tests.Health;

/// <summary>
/// Every kind of check has a row, a validator and a judge that knows failure; its runners are walked in the tests of controller and agent.
/// </summary>
public class CheckKindsTests
{
    public static TheoryData<string> Kinds => [.. CheckSamples.Kinds];

    [Fact]
    public void The_table_has_a_row_for_every_kind_and_no_other()
    {
        Assert.Equal(CheckSamples.Kinds.Order(StringComparer.Ordinal), CheckKinds.Table.Select(r => r.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Enum.GetValues<CheckKind>().Where(k => k != CheckKind.Unknown).Order(), CheckKinds.Table.Select(r => r.Kind).Order());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_is_found_by_its_field_and_has_a_runner(string kind)
    {
        var check = CheckSamples.Valid(kind);

        Assert.Equal(kind, CheckKinds.NameOf(check));
        Assert.NotEqual(CheckKind.Unknown, CheckKinds.KindOf(check));
        Assert.NotEqual(CheckRunner.None, CheckKinds.RunnerOf(check));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_is_validated_by_its_own_rules_and_by_the_schema(string kind)
    {
        Assert.Empty(Problems(CheckSamples.Valid(kind)));
        Assert.All(Problems(CheckSamples.Invalid(kind)), p => Assert.StartsWith($"spec.health.checks[0].{kind}", p.Field, StringComparison.Ordinal));
        Assert.NotEmpty(Problems(CheckSamples.Invalid(kind)));

        var rule = Assert.Single(typeof(HealthCheck).GetCustomAttributes<CelAttribute>());
        Assert.Contains($"has(self.{kind})", rule.Rule, StringComparison.Ordinal);
        Assert.Contains(kind, Assert.Single(Problems(new() { Name = "a" })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_check_without_a_result_is_never_a_pass(string kind)
    {
        var check = CheckSamples.Valid(kind);
        switch (CheckKinds.RunnerOf(check))
        {
            case CheckRunner.Controller:
                Assert.Equal(NodeStep.Verifying, PlanOf(check, Given.Healthy("n1")).Verdict().Step);
                break;
            case CheckRunner.Agent:
                Assert.False(HostCheckRules.Judge([check], new Dictionary<string, CheckObservation>(), hadPassed: false).Passed);
                Assert.Equal(kind, CheckKinds.NameOf(Assert.Single(PlanOf(check, Given.Cordoned("n1")).Written().HostChecks!)));
                break;
            case CheckRunner.Planner:
                DisplacedWorkload displaced = new() { Kind = "Deployment", Namespace = "shop", Name = "web" };
                var soaked = Given.Soaking("n1", 3600);
                Assert.Equal(Reasons.WaitingForWorkloads, PlanOf(check, soaked.Spec(s => s with { Displaced = [displaced] })).Verdict().Reason);
                break;
            case CheckRunner.None:
                Assert.Fail($"{kind} has no runner.");
                break;
        }
    }

    public static TheoryData<string, HealthCheck, string> OfNoKind => new()
    {
        { "of a newer version", Read("""{"name": "tls", "certificate": {"secret": "x"}}"""), "does not know the kind certificate. Upgrade Ostler" },
        { "of none", new() { Name = "tls" }, "sets no kind that this controller knows. Upgrade Ostler" },
        { "of two", new() { Name = "tls", Exec = new() { Command = ["/bin/true"] }, Workloads = new() }, "sets exec and workloads, and a check has exactly one kind" },
        { "from nowhere", new() { Name = "tls", Http = new() { Url = "http://x", From = (HttpCheckOrigin)7 } }, "does not know who runs its kind http. Upgrade Ostler" },
    };

    [Theory]
    [MemberData(nameof(OfNoKind))]
    public void A_check_of_no_known_kind_is_refused_and_fails_the_node_that_was_told_to_boot(string what, HealthCheck check, string words)
    {
        _ = what;
        Assert.Equal("spec.health.checks[0]", Assert.Single(Problems(check)).Field);

        var waiting = PlanOf(check, Given.Healthy("n1"));
        Assert.Equal((NodeStep.Verifying, Reasons.HealthCheckError, true), (waiting.Verdict().Step, waiting.Verdict().Reason, waiting.Verdict().Blocked));
        Assert.StartsWith("The check tls cannot run: ", waiting.Verdict().Message, StringComparison.Ordinal);
        Assert.Contains(words, waiting.Verdict().Message, StringComparison.Ordinal);

        var late = PlanOf(check, Given.Healthy("n1").Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(5), Healthy = Given.Now } }));
        Assert.Equal(Reasons.HealthCheckError, late.Written().Failure!.Reason);
    }

    [Fact]
    public void A_kind_of_a_newer_version_is_named_when_the_spec_is_refused() =>
        Assert.Contains("certificate", Assert.Single(Problems(Read("""{"name": "tls", "certificate": {}}"""))).Message, StringComparison.Ordinal);

    private static HealthCheck Read(string json) => JsonSerializer.Deserialize(json, OstlerJson.Default.HealthCheck)!;

    private static IReadOnlyList<FieldProblem> Problems(HealthCheck check) => SpecValidation.Validate(Given.Snapshot().With(s => s with { Health = new() { Checks = [check] } }).Policy.Spec!, Given.Now);

    private static RolloutPlan PlanOf(HealthCheck check, NodeFacts node) => RolloutPlanner.Plan(Given.Snapshot(node).With(s => s with { Health = new() { Checks = [check] } }));
}
