using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>Values that are wrong are refused before anything is sent, and the message says which and what to write.</summary>
public sealed class SchemaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("replica=3", "additional properties 'replica' not allowed")]
    [InlineData("controller.replica=3", "at '/controller': additional properties 'replica' not allowed")]
    [InlineData("controller.replicas=-1", "at '/controller/replicas': minimum: got -1, want 0")]
    [InlineData("controller.replicas=two", "at '/controller/replicas': got string, want integer")]
    [InlineData("controller.podDisruptionBudget.maxUnavailable=0", "at '/controller/podDisruptionBudget/maxUnavailable': minimum: got 0, want 1")]
    [InlineData("controller.logLevel=debug", "at '/controller/logLevel': value must be one of 'Trace', 'Debug', 'Information', 'Warning', 'Error'")]
    [InlineData("controller.extraArgs[0]=verbose", "at '/controller/extraArgs/0': 'verbose' does not match pattern")]
    [InlineData("controller.image.digest=abc", "at '/controller/image/digest': 'abc' does not match pattern")]
    [InlineData("agent.maxUnavailable=0%", "at '/agent/maxUnavailable': '0%' does not match pattern")]
    [InlineData("agent.admissionPolicy=true", "at '/agent/admissionPolicy': value must be one of 'Auto', 'Always', 'Never'")]
    [InlineData("agent.tolerations[0].operator=Any", "at '/agent/tolerations/0/operator': value must be one of 'Exists', 'Equal'")]
    [InlineData("crds.install=maybe", "at '/crds/install': got string, want boolean")]
    [InlineData("imagePullSecrets[0]=secret", "at '/imagePullSecrets/0': got string, want object")]
    [InlineData("agent.extraArgs[0]=verbose", "at '/agent/extraArgs/0': 'verbose' does not match pattern")]
    [InlineData("agent.probes.startup=true", "at '/agent/probes/startup': got boolean, want object")]
    [InlineData("agent.updateStrategy.kind=OnDelete", "invalid propertyName 'kind'")]
    [InlineData("controller.podLabels.a=null,controller.podLabels.b=1", "at '/controller/podLabels/b': got number, want string")]
    [InlineData("controller.serviceAccount.name=A_B", "at '/controller/serviceAccount/name'")]
    [InlineData("console.ingress.class=nginx", "at '/console/ingress': additional properties 'class' not allowed")]
    [InlineData("global.imageRegistry=https://registry.example", "at '/global/imageRegistry': 'https://registry.example' does not match pattern")]
    [InlineData("monitoring.serviceMonitor.scrapeTimeout=never", "at '/monitoring/serviceMonitor/scrapeTimeout': 'never' does not match pattern")]
    [InlineData("monitoring.prometheusRule.disabled={a b}", "at '/monitoring/prometheusRule/disabled/0': 'a b' does not match pattern")]
    [InlineData("monitoring.podMonitor.interval=soon", "at '/monitoring/podMonitor/interval': 'soon' does not match pattern")]
    public async Task A_wrong_value_is_refused_with_its_path(string value, string message)
    {
        using var helm = await Rendered.HelmAsync();

        var result = await helm.TryAsync(Cancel, ["template", "ostler", Repository.Chart, .. Rendered.Images, "--set", value]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
    }

    /// <summary>A value that only one of the two knows is either refused though it is documented, or taken and never read.</summary>
    [Fact]
    public async Task The_schema_and_the_values_know_the_same_fields()
    {
        var schema = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, "values.schema.json"), Cancel))!.AsObject();
        var values = YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, "values.yaml"), Cancel))[0];

        Assert.Equal(
            Declared(schema, schema, "").Order(StringComparer.Ordinal),
            Given(schema, schema, values, "").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_schema_itself_says_what_the_defaults_are_like()
    {
        using var helm = await Rendered.HelmAsync();

        // Every default is valid, also when it is given again by hand.
        Assert.Equal(0, (await helm.TryAsync(Cancel, ["template", "ostler", Repository.Chart, "--values", Path.Combine(Repository.Chart, "values.yaml"), .. Rendered.Images])).ExitCode);
    }

    private static IEnumerable<string> Declared(JsonObject root, JsonNode schema, string at)
    {
        schema = Resolve(root, schema);
        return schema["properties"] is not JsonObject fields || at.EndsWith("resources", StringComparison.Ordinal)
            ? [at]
            : fields.SelectMany(field => Declared(root, field.Value!, $"{at}.{field.Key}"));
    }

    private static IEnumerable<string> Given(JsonObject root, JsonNode? schema, JsonNode? value, string at)
    {
        schema = Resolve(root, schema!);
        return schema["properties"] is not JsonObject fields || at.EndsWith("resources", StringComparison.Ordinal)
            ? [at]
            : value!.AsObject().SelectMany(field => Given(root, fields[field.Key] ?? throw new JsonException($"The schema does not know {at}.{field.Key}."), field.Value, $"{at}.{field.Key}"));
    }

    private static JsonNode Resolve(JsonObject root, JsonNode schema) =>
        (string?)schema["$ref"] is { } reference ? root["definitions"]![reference[(reference.LastIndexOf('/') + 1)..]]! : schema;
}
