using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Json;
using Ostler.CrdGenerator.Schema;
using Ostler.CrdGenerator.Tests.Schema;

namespace Ostler.CrdGenerator.Tests.Server;

/// <summary>
/// What the API server stores, the programs can read, and read as it was meant. One object that they could not read would stop every
/// informer that lists it, and with it every rollout.
/// </summary>
[Collection<ApiServerTests>]
public sealed class StoredObjectTests(ApiServerFixture server)
{
    /// <summary>For each kind of value, what a person or a broken client may write.</summary>
    private static readonly Dictionary<ValueKind, string[]> Oddities = new()
    {
        [ValueKind.Integer] = ["0", "1", "-1", "1.0", "1.5", "1e3", "2147483647", "2147483648", "-2147483648", "9007199254740991", "9007199254740993", "9223372036854775807", "9223372036854775808", "1e30", "-1e30", "\"1\"", "true", "null"],
        [ValueKind.IntOrPercent] = ["0", "3", "-1", "1.0", "1.5", "2147483647", "2147483648", "1e30", "\"3\"", "\"007\"", "\"25%\"", "\"00%\"", "\"100%\"", "\"101%\"", "\"-1%\"", "\"2.5%\"", "\" 3\"", "\"%\"", "\"\"", "\"9999999999\"", "true", "null"],
        [ValueKind.Duration] = ["\"0\"", "\"0s\"", "\"30s\"", "\"1h30m\"", "\"1.5h\"", "\"250ms\"", "\"999999h\"", "\"999999h999999h999999h999999h\"", "\"9999999h\"", "\"999999999999h\"", "\"1h1h1h1h1h\"", "\"-5m\"", "\"5\"", "\"5d\"", "\"PT5M\"", "\"1h 30m\"", "\".5s\"", "\"1.s\"", "\"\"", "5", "null"],
        [ValueKind.Timestamp] = ["\"2026-12-19T00:00:00Z\"", "\"2026-12-19T00:00:00.123456789Z\"", "\"2026-12-19T00:00:00.1234567891234567Z\"", "\"2026-12-19T00:00:00+13:59\"", "\"2026-12-19T00:00:00+14:59\"", "\"2026-12-19T00:00:00+23:59\"", "\"2026-12-19t00:00:00z\"", "\"2026-12-19 00:00:00Z\"", "\"2026-12-19T24:00:00Z\"", "\"2026-12-19T23:59:60Z\"", "\"2026-02-29T00:00:00Z\"", "\"2028-02-29T00:00:00Z\"", "\"0000-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00+01:00\"", "\"9999-12-31T23:59:59-01:00\"", "\"1900-01-01T00:00:00+13:59\"", "\"2999-12-31T23:59:59-13:59\"", "\"2026-12-19\"", "\"\"", "0", "null"],
        [ValueKind.Enum] = ["\"\"", "\"Nonsense\"", "0", "null"],
        [ValueKind.Boolean] = ["true", "\"true\"", "0", "null"],
        [ValueKind.String] = ["\"\"", "\"\\u0000\"", "\"\\ud800\"", "1", "null"],
    };

    /// <summary>Some field of each kind, with what else its object needs.</summary>
    public static TheoryData<string, string, string> Places => new()
    {
        { "UpgradePolicy", "spec.drain.rules", """[{"podSelector": {"matchLabels": {"a": "b"}}, "order": ?}]""" },
        { "NodeOS", "spec.attempt", "?" },
        { "UpgradePolicy", "spec.rollout.maxUnavailable", "?" },
        { "UpgradePolicy", "spec.rollout.waves", """[{"name":"a","nodes": ?}]""" },
        { "UpgradePolicy", "spec.drain.timeout", "?" },
        { "UpgradePolicy", "spec.drain.gracePeriod", "?" },
        { "UpgradePolicy", "spec.rollout.retryFailuresBefore", "?" },
        { "UpgradePolicy", "spec.freezes", """[{"from": ?, "to": "2998-01-01T00:00:00Z"}]""" },
        { "UpgradePolicy", "spec.drain.onTimeout", "?" },
        { "UpgradePolicy", "spec.paused", "?" },
        { "OSImage", "spec.version", "?" },
        { "UpgradePolicy", "spec.dependsOn", "[?]" },
        { "UpgradePolicy", "spec.nodeSelector.matchLabels", """{"a": ?}""" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task What_the_API_server_stores_can_be_read(string kind, string path, string template)
    {
        var accepted = 0;
        var oddities = Oddities[KindAt(kind, path, template)];
        foreach (var oddity in oddities)
        {
            // Put in as text: half a surrogate, or a number of thirty digits, is nothing that a JSON writer would let through.
            var manifest = Manifests.Minimal(kind, "odd")
                .With(path, JsonNode.Parse(template.Replace("?", "\"ODDITY\"", StringComparison.Ordinal)))
                .ToJsonString()
                .Replace("\"ODDITY\"", oddity, StringComparison.Ordinal);

            var answer = await server.DryRunAsync(kind, manifest, TestContext.Current.CancellationToken);

            if (answer.Accepted)
            {
                accepted++;
                var problem = Record.Exception(() => Read(kind, answer.Body));
                Assert.True(problem is null, $"{path} = {oddity} is stored, and cannot be read: {problem?.Message}");
            }
        }

        // Otherwise the place is wrong and nothing was tried.
        Assert.InRange(accepted, 1, oddities.Length);
    }

    [Fact]
    public void Every_kind_of_value_is_tried() => Assert.Equal(
        FieldTree.All.Values.Select(value => value.Kind).Where(kind => kind is not (ValueKind.Object or ValueKind.List or ValueKind.Map or ValueKind.Metadata)).ToHashSet(),
        Places.Select(row => KindAt(row.Data.Item1, row.Data.Item2, row.Data.Item3)).ToHashSet());

    /// <summary>Two sets of defaults, one in the schema and one in the types, are one too many; this keeps them the same.</summary>
    [Theory]
    [InlineData("OSImage", "spec: {ostree: {remote: acme, ref: acme/stable}}")]
    [InlineData("UpgradePolicy", "spec: {imageRef: {name: edge-os}, nodeSelector: {matchLabels: {kubernetes.io/os: linux}}}")]
    [InlineData("UpgradePolicy", """
        spec:
          imageRef: {name: edge-os}
          nodeSelector: {matchLabels: {kubernetes.io/os: linux}}
          rollout:
            topology: {}
            waves: [{name: canary, nodes: 1}]
          windows: [{schedule: 0 1 * * 6, duration: 4h}]
          drain: {rules: [{podSelector: {matchLabels: {a: b}}}]}
          health:
            checks:
            - {name: systemd, systemd: {}}
            - {name: exec, exec: {command: [/usr/bin/true]}}
            - {name: http, http: {url: "http://localhost/"}}
            - {name: tls, http: {url: "https://localhost/", tls: {}}}
            - {name: pods, pods: {selector: {matchLabels: {a: b}}}}
            - {name: prometheus, prometheus: {url: "http://localhost/", query: up, want: {operator: Less, value: "1"}}}
            - {name: condition, condition: {apiVersion: v1, kind: Node, name: n1, path: "{.spec.unschedulable}", operator: DoesNotExist}}
            - {name: workloads, workloads: {}}
        """)]
    [InlineData("NodeOS", "spec: {}")]
    [InlineData("NodeOS", "spec: {image: {digest: \"0000000000000000000000000000000000000000000000000000000000000000\", ostree: {remote: acme, ref: acme/stable}}}")]
    public async Task The_defaults_of_the_schema_are_those_of_the_types(string kind, string spec)
    {
        var manifest = Manifests.Yaml(spec, kind, "defaults");

        var answer = await server.DryRunAsync(manifest, TestContext.Current.CancellationToken);

        Assert.True(answer.Accepted, answer.Message);
        Assert.Equal(SpecOf(kind, manifest).ToJsonString(), SpecOf(kind, answer.Body).ToJsonString());
    }

    private static JsonNode SpecOf(string kind, JsonObject body) => JsonSerializer.SerializeToNode(Read(kind, body), TypeInfo(kind))!["spec"]!;

    private static object Read(string kind, JsonObject body) => body.Deserialize(TypeInfo(kind))!;

    private static JsonTypeInfo TypeInfo(string kind) => kind switch
    {
        "OSImage" => OstlerJson.Default.OSImage,
        "UpgradePolicy" => OstlerJson.Default.UpgradePolicy,
        _ => OstlerJson.Default.NodeOS,
    };

    private static ValueKind KindAt(string kind, string path, string template)
    {
        var value = FieldTree.All[$"{kind}.{path}"];
        if (value.Kind is ValueKind.List or ValueKind.Map)
        {
            value = value.Items!;
        }

        return value.Kind == ValueKind.Object
            ? value.Fields.Single(field => template.Contains($"\"{field.Name}\": ?", StringComparison.Ordinal)).Value.Kind
            : value.Kind;
    }
}
