using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Tests.Health;

public class FieldConditionTests
{
    private const string Object = """
        {
          "metadata": {"name": "n1", "labels": {"acme.example/zone": "a", "it's": "b"}, "annotations": null},
          "spec": {"replicas": 3, "paused": false, "ratio": 0.5, "size": "12", "quantity": "2Gi"},
          "status": {
            "conditions": [
              {"type": "Available", "status": "True", "observed": 2},
              {"type": "Progressing", "status": "False", "observed": 3},
              {"type": "Odd", "status": "Unknown", "nested": {"deep": [1, 2]}}
            ],
            "empty": []
          }
        }
        """;

    [Theory]
    [InlineData("{.spec.replicas}", "3")]
    [InlineData(".spec.replicas", "3")]
    [InlineData("$.spec.replicas", "3")]
    [InlineData("{ .spec.paused }", "false")]
    [InlineData("{.metadata.labels.acme\\.example/zone}", "a")]
    [InlineData("{.metadata.labels['acme.example/zone']}", "a")]
    [InlineData("{.metadata.labels[\"it's\"]}", "b")]
    [InlineData("{.status.conditions[0].type}", "Available")]
    [InlineData("{.status.conditions[-1].type}", "Odd")]
    [InlineData("{.status.conditions[7].type}", "")]
    [InlineData("{.status.conditions[*].type}", "Available Progressing Odd")]
    [InlineData("{.spec.*}", "3 false 0.5 12 2Gi")]
    [InlineData("{.status.conditions[?(@.type==\"Available\")].status}", "True")]
    [InlineData("{.status.conditions[?(@.type=='Available')].status}", "True")]
    [InlineData("{.status.conditions[?( @.type == \"Available\" )].status}", "True")]
    [InlineData("{.status.conditions[?(@.type!=\"Available\")].status}", "False Unknown")]
    [InlineData("{.status.conditions[?(@.observed==3)].type}", "Progressing")]
    [InlineData("{.status.conditions[?(@.observed)].type}", "Available Progressing")]
    [InlineData("{.status.conditions[?(@.nested.deep[1]==2)].type}", "Odd")]
    [InlineData("{.status.conditions[?(@.type==\"None\")].status}", "")]
    [InlineData("{.spec.replicas.nothing}", "")]
    [InlineData("{.spec[0]}", "")]
    [InlineData("{.nothing.at.all}", "")]
    [InlineData("{.status.conditions[2].nested.deep}", "[1, 2]")]
    public void A_path_leads_to(string path, string values)
    {
        using var json = JsonDocument.Parse(Object);
        var (parsed, problem) = JsonPath.Parse(path);

        Assert.Equal("", problem);
        Assert.Equal(values, string.Join(' ', parsed!.Select(json.RootElement).Select(v => v.ValueKind == JsonValueKind.String ? v.GetString() : v.GetRawText())));
    }

    [Theory]
    [InlineData("", "names no field")]
    [InlineData("{}", "names no field")]
    [InlineData("$", "names no field")]
    [InlineData("{.a", "a brace on one side only")]
    [InlineData(".a}", "a brace on one side only")]
    [InlineData("{..a}", "recursive descent is not supported")]
    [InlineData("{.a..b}", "recursive descent is not supported")]
    [InlineData("{a}", "a field begins with a dot")]
    [InlineData("{.a.}", "a dot is followed by the name of a field")]
    [InlineData("{.a[0:2]}", "slices and unions are not supported")]
    [InlineData("{.a[0,1]}", "slices and unions are not supported")]
    [InlineData("{.a[}", "brackets hold")]
    [InlineData("{.a['b}", "' is missing")]
    [InlineData("{.a['b'}", "] is missing")]
    [InlineData("{.a[?(.b==1)]}", "a filter begins with the item")]
    [InlineData("{.a[?(@.b==c)]}", "a filter compares with")]
    [InlineData("{.a[?(@.b>1)]}", "is not understood")]
    [InlineData("{.a[?(@.b=1)]}", "= is missing")]
    [InlineData("{.a[?(@.b==1)}", "] is missing")]
    [InlineData("{.a[?(@.b==1]}", "is not understood")]
    [InlineData("{.a[?(@.b[?(@.c==1)]==1)]}", "a filter inside a filter")]
    public void What_is_not_understood_is_refused_with_a_sentence(string path, string problem)
    {
        var (parsed, said) = JsonPath.Parse(path);

        Assert.Null(parsed);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    public static TheoryData<string, ConditionOperator, string?, CheckOutcome, string> Conditions => new()
    {
        { "{.spec.replicas}", ConditionOperator.Equal, "3", CheckOutcome.Passed, "" },
        { "{.spec.replicas}", ConditionOperator.Equal, "4", CheckOutcome.False, "{.spec.replicas} of Deployment apps/web does not match; wanted: Equal 4" },
        { "{.spec.replicas}", ConditionOperator.NotEqual, "4", CheckOutcome.Passed, "" },
        { "{.spec.replicas}", ConditionOperator.NotEqual, "3", CheckOutcome.False, "wanted: NotEqual 3" },
        { "{.spec.paused}", ConditionOperator.Equal, "false", CheckOutcome.Passed, "" },
        { "{.spec.ratio}", ConditionOperator.Less, "0.6", CheckOutcome.Passed, "" },
        { "{.spec.ratio}", ConditionOperator.Less, "0.5", CheckOutcome.False, "" },
        { "{.spec.ratio}", ConditionOperator.LessOrEqual, "0.5", CheckOutcome.Passed, "" },
        { "{.spec.size}", ConditionOperator.Greater, "9", CheckOutcome.Passed, "" },
        { "{.spec.size}", ConditionOperator.GreaterOrEqual, "12", CheckOutcome.Passed, "" },
        { "{.spec.size}", ConditionOperator.GreaterOrEqual, "12.5", CheckOutcome.False, "" },
        { "{.spec.quantity}", ConditionOperator.Greater, "1", CheckOutcome.Error, "{.spec.quantity} of Deployment apps/web is no number to compare with 1" },
        { "{.status.conditions[?(@.type==\"Available\")].status}", ConditionOperator.Equal, "True", CheckOutcome.Passed, "" },
        { "{.status.conditions[?(@.type==\"Gone\")].status}", ConditionOperator.Equal, "True", CheckOutcome.Missing, "Deployment apps/web has no {.status.conditions[?(@.type==\"Gone\")].status}" },
        { "{.status.conditions[?(@.type==\"Gone\")].status}", ConditionOperator.NotEqual, "True", CheckOutcome.Missing, "" },
        { "{.status.conditions[*].status}", ConditionOperator.NotEqual, "Unknown", CheckOutcome.False, "is \"Unknown\"" },
        { "{.metadata.annotations}", ConditionOperator.Exists, null, CheckOutcome.Missing, "has no {.metadata.annotations}" },
        { "{.metadata.annotations}", ConditionOperator.DoesNotExist, null, CheckOutcome.Passed, "" },
        { "{.metadata.labels}", ConditionOperator.Exists, null, CheckOutcome.Passed, "" },
        { "{.spec.size}", ConditionOperator.DoesNotExist, null, CheckOutcome.False, "has {.spec.size}" },
        { "{.status.empty[*]}", ConditionOperator.Equal, "x", CheckOutcome.Missing, "" },
        { "{..x}", ConditionOperator.Exists, null, CheckOutcome.Error, "recursive descent" },
    };

    [Theory]
    [InlineData("{.data.password}", ConditionOperator.Equal, "x")]
    [InlineData("{.data.password}", ConditionOperator.DoesNotExist, null)]
    [InlineData("{.data.password}", ConditionOperator.Less, "1")]
    [InlineData("{.metadata.annotations['login']}", ConditionOperator.Equal, "x")]
    [InlineData("{.spec.values[*]}", ConditionOperator.NotEqual, "hunter2")]
    [InlineData("{.*.password}", ConditionOperator.Equal, "x")]
    public void A_value_outside_of_status_is_in_no_message(string path, ConditionOperator comparison, string? value)
    {
        using var json = JsonDocument.Parse("""{"data":{"password":"hunter2"},"metadata":{"annotations":{"login":"hunter2"}},"spec":{"values":["hunter2"]},"status":{"password":"hunter2"}}""");
        var check = new ConditionCheck { ApiVersion = "v1", Kind = "ConfigMap", Namespace = "apps", Name = "web", Path = path, Operator = comparison, Value = value };

        var finding = FieldCondition.Judge(check, "ConfigMap apps/web", json.RootElement);

        Assert.NotEqual(CheckOutcome.Passed, finding.Outcome);
        Assert.DoesNotContain("hunter2", value is "hunter2" ? finding.Message.Replace($"wanted: {comparison} {value}", "", StringComparison.Ordinal) : finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Secret_is_not_judged()
    {
        using var json = JsonDocument.Parse("""{"status":{"x":"hunter2"}}""");
        var check = new ConditionCheck { ApiVersion = "v1", Kind = "Secret", Namespace = "apps", Name = "web", Path = "{.status.x}", Operator = ConditionOperator.Equal, Value = "hunter2" };

        Assert.Equal(CheckFinding.Error("a check may not read Secrets"), FieldCondition.Judge(check, "Secret apps/web", json.RootElement));
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void A_field_is_judged(string path, ConditionOperator comparison, string? value, CheckOutcome outcome, string message)
    {
        using var json = JsonDocument.Parse(Object);
        var check = new ConditionCheck { ApiVersion = "apps/v1", Kind = "Deployment", Namespace = "apps", Name = "web", Path = path, Operator = comparison, Value = value };

        var finding = FieldCondition.Judge(check, "Deployment apps/web", json.RootElement);

        Assert.Equal(outcome, finding.Outcome);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }
}
