using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Validation;

namespace Ostler.Rollout.Tests.Validation;

public class HealthValidationTests
{
    private static readonly HealthCheck Http = new() { Name = "a", Http = new() { Url = "https://{address}:8443/{node}" } };

    private static readonly HealthCheck Prometheus = new() { Name = "a", Prometheus = new() { Url = "https://prometheus.example/prefix", Query = "up" } };

    private static readonly HealthCheck Condition = new()
    {
        Name = "a",
        Condition = new() { ApiVersion = "v1", Kind = "Node", Name = "{node}", Path = "{.status.conditions[?(@.type==\"Ready\")].status}", Operator = ConditionOperator.Equal, Value = "True" },
    };

    private const string Pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    public static TheoryData<string, HealthCheck> Refused => new()
    {
        { "interval", Http with { Interval = Duration.FromSeconds(0) } },
        { "interval", Http with { Interval = Duration.FromMinutes(61) } },
        { "timeout", Http with { Timeout = Duration.Zero } },
        { "timeout", Http with { Timeout = Duration.FromMinutes(61) } },
        { "successes", Http with { Successes = 0 } },
        { "successes", Http with { Successes = 101, Interval = Duration.FromSeconds(1) } },
        { "successes", Http with { Successes = 61, Interval = Duration.FromSeconds(10) } },
        { "http.url", Web("https://{nodes}/") },
        { "http.url", Web("https://user:password@x/") },
        { "http.url", Web("https:///x") },
        { "http.tls", Web("http://x/", new() { InsecureSkipVerify = true }) },
        { "http.tls", Web("https://x/", new() { CaBundle = Pem, CaSecretRef = Secret() }, HttpCheckOrigin.Controller) },
        { "http.tls.caBundle", Web("https://x/", new() { CaBundle = "trust me" }) },
        { "http.tls.caBundle", Web("https://x/", new() { CaBundle = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----" }) },
        { "http.tls.caSecretRef", Web("https://x/", new() { CaSecretRef = Secret() }) },
        { "http.tls.caSecretRef.namespace", Web("https://x/", new() { CaSecretRef = Secret("kube-system") }, HttpCheckOrigin.Controller) },
        { "http.tls.insecureSkipVerify", Web("https://x/", new() { InsecureSkipVerify = true, ServerName = "y" }) },
        { "pods.selector.matchExpressions[0].values", new() { Name = "a", Pods = new() { Selector = new() { MatchExpressions = [new() { Key = "x", Operator = LabelOperator.In }] } } } },
        { "prometheus.url", Ask(p => p with { Url = "https://p/?x=1" }) },
        { "prometheus.headers[0]", Ask(p => p with { Headers = [new() { Name = "Authorization", Value = "Bearer x" }] }) },
        { "prometheus.headers[0]", Ask(p => p with { Headers = [new() { Name = "X Tenant", Value = "a" }] }) },
        { "prometheus.headers[0]", Ask(p => p with { Headers = [new() { Name = "content-type", Value = "text/plain" }] }) },
        { "prometheus.headers[0]", Ask(p => p with { Headers = [new() { Name = "X-Tenant", Value = "a\nb" }] }) },
        { "prometheus.headers[1].name", Ask(p => p with { Headers = [new() { Name = "X-Tenant", Value = "a" }, new() { Name = "x-tenant", Value = "b" }] }) },
        { "prometheus.parameters[0].name", Ask(p => p with { Parameters = [new() { Name = "time", Value = "0" }] }) },
        { "prometheus.tls.insecureSkipVerify", Ask(p => p with { BearerTokenSecretRef = Secret(), Tls = new() { InsecureSkipVerify = true } }) },
        { "condition.kind", Condition with { Condition = Condition.Condition! with { Kind = "Secret" } } },
        { "prometheus.query", Ask(p => p with { Query = " " }) },
        { "prometheus.want.value", Ask(p => p with { Want = new() { Operator = SampleOperator.Less, Value = "much" } }) },
        { "prometheus.bearerTokenSecretRef", Ask(p => p with { Url = "http://p", BearerTokenSecretRef = Secret() }) },
        { "prometheus.bearerTokenSecretRef.namespace", Ask(p => p with { BearerTokenSecretRef = Secret("monitoring") }) },
        { "condition.path", Look(c => c with { Path = "{..x}" }) },
        { "condition", Look(c => c with { Value = null }) },
        { "condition", Look(c => c with { Operator = ConditionOperator.Exists }) },
        { "condition.value", Look(c => c with { Operator = ConditionOperator.Less, Value = "2Gi" }) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_check_is_refused_for(string field, HealthCheck check)
    {
        var problem = Assert.Single(SpecValidation.Validate(Policy(check), Given.Now));

        Assert.Equal(($"spec.health.checks[0].{field}", Reasons.Invalid), (problem.Field, problem.Reason));
        Assert.NotEmpty(RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1")).With(_ => Policy(check))).Problems);
    }

    public static TheoryData<string, HealthCheck> Accepted => new()
    {
        { "http", Http },
        { "http from the controller, with an authority in a Secret", Web("https://x/", new() { CaSecretRef = Secret(), ServerName = "y" }, HttpCheckOrigin.Controller) },
        { "http with an authority", Web("https://x/", new() { CaBundle = Pem }) },
        { "http with braces that are escaped", Web("http://x/%7Ba%7D") },
        { "prometheus", Prometheus },
        { "prometheus of a tenant", Ask(p => p with { Headers = [new() { Name = "X-Scope-OrgID", Value = "a" }], Parameters = [new() { Name = "partial_response", Value = "false" }] }) },
        { "prometheus with a token", Ask(p => p with { BearerTokenSecretRef = Secret(), Want = new() { Operator = SampleOperator.Less, Value = "1e-3" } }) },
        { "a query with braces", Ask(p => p with { Query = "up{instance=~\"{node}:.*\"}" }) },
        { "condition", Condition },
        { "condition that something is there", Look(c => c with { Operator = ConditionOperator.Exists, Value = null }) },
        { "pods", new() { Name = "a", Pods = new() { Selector = Trees.AllNodes } } },
        { "as often as there is time for", Http with { Successes = 60, Interval = Duration.FromSeconds(10) } },
        { "the shortest", Http with { Interval = Duration.FromSeconds(1), Timeout = Duration.FromSeconds(1), Successes = 100 } },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public void A_check_is_accepted(string what, HealthCheck check)
    {
        _ = what;
        Assert.Empty(SpecValidation.Validate(Policy(check), Given.Now));
    }

    [Fact]
    public void Secrets_are_those_of_the_namespace_that_Ostler_runs_in()
    {
        var policy = Policy(Ask(p => p with { BearerTokenSecretRef = Secret("elsewhere") }));

        Assert.Empty(SpecValidation.Validate(policy, Given.Now, "elsewhere"));
        Assert.Contains("must be ostler-system", Assert.Single(SpecValidation.Validate(policy, Given.Now)).Message, StringComparison.Ordinal);
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1")).With(_ => policy) with { Namespace = "elsewhere" }).Problems);
    }

    private static UpgradePolicySpec Policy(HealthCheck check) => Trees.Policy(s => s with { Health = new() { Checks = [check] } });

    private static HealthCheck Web(string url, CheckTls? tls = null, HttpCheckOrigin from = HttpCheckOrigin.Host) => new() { Name = "a", Http = new() { Url = url, Tls = tls, From = from } };

    private static HealthCheck Ask(Func<PrometheusCheck, PrometheusCheck> change) => Prometheus with { Prometheus = change(Prometheus.Prometheus!) };

    private static HealthCheck Look(Func<ConditionCheck, ConditionCheck> change) => Condition with { Condition = change(Condition.Condition!) };

    private static SecretReference Secret(string @namespace = "ostler-system") => new() { Namespace = @namespace, Name = "monitoring" };
}
