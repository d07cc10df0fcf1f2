using System.Reflection;
using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Validation;
using Ostler.Testing.Checks;

namespace Ostler.Rollout.Tests.Validation;

public class GateValidationTests
{
    public static TheoryData<string> Kinds => [.. GateSamples.Kinds];

    [Fact]
    public void The_table_of_kinds_has_every_gate_and_no_other()
    {
        Assert.Equal(GateSamples.Kinds.Order(StringComparer.Ordinal),
            CheckKinds.Table.Where(r => r.Gate is not null).Select(r => r.Name).Order(StringComparer.Ordinal));
        Assert.All(CheckKinds.Table.Where(r => r.Gate is not null), r => Assert.Contains(r.Name, CheckSamples.Kinds));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_is_validated_by_its_own_rules_and_by_the_schema(string kind)
    {
        Assert.Equal(kind, CheckKinds.NameOf(GateSamples.Valid(kind)));
        Assert.Empty(Problems(GateSamples.Valid(kind)));
        Assert.NotEmpty(Problems(GateSamples.Invalid(kind)));
        Assert.All(Problems(GateSamples.Invalid(kind)), p => Assert.StartsWith($"spec.gates[0].{kind}", p.Field, StringComparison.Ordinal));
        Assert.Contains($"has(self.{kind})", typeof(GateSpec).GetCustomAttributes<CelAttribute>().First().Rule, StringComparison.Ordinal);
        Assert.Contains(kind, Assert.Single(Problems(new GateSpec { Name = "a" })).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, GateSpec, string, string> Refused => new()
    {
        { "two kinds", Alerts with { NodeConditions = new() { Types = ["A"] } }, "spec.gates[0]", "set exactly one of" },
        { "a kind of a newer version", Read("""{"name": "a", "certificate": {}}"""), "spec.gates[0]",
            "does not know the kind certificate" },
        { "a kind of checks that belongs to a host", Read("""{"name": "a", "exec": {"command": ["/bin/true"]}}"""), "spec.gates[0]",
            "does not know the kind exec" },
        { "an interval too short", Alerts with { Interval = Duration.FromSeconds(4), Timeout = Duration.FromSeconds(1) },
            "spec.gates[0].interval", "from 5s to 1h" },
        { "an interval too long", Alerts with { Interval = Duration.FromMinutes(61) }, "spec.gates[0].interval", "from 5s to 1h" },
        { "a timeout too long", Alerts with { Timeout = Duration.FromSeconds(21) }, "spec.gates[0].timeout", "from 1s to 20s" },
        { "a timeout longer than the interval", Alerts with { Interval = Duration.FromSeconds(5) }, "spec.gates[0].timeout",
            "must not be longer than the interval" },
        { "a negative time", Alerts with { For = Duration.FromSeconds(-1) }, "spec.gates[0].for", "must be 0s or longer" },
        { "nodes by themselves at a wave", Pods with { At = GatePoint.Wave }, "spec.gates[0].at", "must be Slot with scope Node" },
        { "a bad label", Alerts with { Alerts = new() { Matchers = [new() { Name = "1 a", Value = "x" }] } },
            "spec.gates[0].alerts.matchers[0].name", "the name of a label" },
        { "a token for the installation's server",
            Alerts with { Alerts = Alerts.Alerts! with { BearerTokenSecretRef = new() { Namespace = "ostler-system", Name = "t" } } },
                "spec.gates[0].alerts", "belong to url" },
        { "a token over http", Other("http://am.example"), "spec.gates[0].alerts.bearerTokenSecretRef", "https only" },
        { "a Secret elsewhere", Other("https://am.example", "other"), "spec.gates[0].alerts.bearerTokenSecretRef.namespace",
            "must be ostler-system" },
        { "a condition twice", new() { Name = "a", NodeConditions = new() { Types = ["A", "A"] } }, "spec.gates[0].nodeConditions.types",
            "twice: A" },
        { "an object by name and labels",
            Condition(c => c with { Name = "a", Selector = new() { MatchLabels = new Dictionary<string, string> { ["a"] = "b" } } }),
                "spec.gates[0].condition", "set name or selector" },
        { "an empty selector", Condition(c => c with { Selector = new() }), "spec.gates[0].condition.selector", "is empty" },
        { "Secrets", Condition(c => c with { Kind = "secret" }), "spec.gates[0].condition.kind", "must not be Secret" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_gate_is_refused(string what, GateSpec gate, string field, string words)
    {
        _ = what;
        var problem = Assert.Single(Problems(gate));
        Assert.Equal(field, problem.Field);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_gates_of_one_name_are_refused() => Assert.Equal("spec.gates[1].name", Assert.Single(Problems(Alerts, Alerts)).Field);

    [Fact]
    public void All_objects_of_a_kind_are_valid() => Assert.Empty(Problems(Condition(c => c)));

    private static GateSpec Alerts => GateSamples.Valid("alerts");

    private static GateSpec Pods =>
        GateSamples.Valid("pods") with { Pods = GateSamples.Valid("pods").Pods! with { Scope = GateScope.Node } };

    private static GateSpec Condition(Func<ConditionCheck, ConditionCheck> change) =>
        new() { Name = "a", Condition = change(GateSamples.Valid("condition").Condition! with { Name = null }) };

    private static GateSpec Other(string url, string space = "ostler-system") => new()
    {
        Name = "a",
        Alerts = Alerts.Alerts! with { Url = url, BearerTokenSecretRef = new() { Namespace = space, Name = "t" } },
    };

    private static GateSpec Read(string json) => JsonSerializer.Deserialize(json, OstlerJson.Default.GateSpec)!;

    private static IReadOnlyList<FieldProblem> Problems(params GateSpec[] gates) =>
        SpecValidation.Validate(Given.Snapshot().With(s => s with { Gates = gates }).Policy.Spec!, Given.Now);
}
