using System.Text.Json.Nodes;
using Cel;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests.Output;

/// <summary>
/// An API server that knows rules (seen with 1.36) holds each default against those of its own schema, before the defaults within it are
/// filled in, and takes no CRD in which one fails. Servers without rules do not notice.
/// </summary>
public sealed class DefaultTests
{
    public static TheoryData<string> Crds => [.. GeneratedFiles.All().Keys.Where(path => path.StartsWith("crd/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Crds))]
    public void A_default_keeps_the_rules_of_its_own_object(string path)
    {
        var version = YamlDocuments.Read(GeneratedFiles.All()[path])[0]["spec"]!["versions"]![0]!;
        var environment = new CelEnvironment(null, null);

        foreach (var (at, schema) in Objects(version["schema"]!["openAPIV3Schema"]!.AsObject(), ""))
        {
            if (schema["default"] is JsonObject value)
            {
                var known = new Dictionary<string, object?> { ["self"] = Plain(value) };
                Assert.All(schema["x-kubernetes-validations"]?.AsArray() ?? [], rule =>
                    Assert.True(environment.Program((string)rule!["rule"]!, known) is true, $"{at}: {value.ToJsonString()} breaks {rule["rule"]}"));
            }
        }
    }

    /// <summary>
    /// kubectl apply compares lists of a custom resource as a whole: one with defaults in its items would differ from the applied file
    /// forever.
    /// </summary>
    [Theory]
    [MemberData(nameof(Crds))]
    public void The_API_server_completes_nothing_within_a_list(string path)
    {
        var version = YamlDocuments.Read(GeneratedFiles.All()[path])[0]["spec"]!["versions"]![0]!;

        Assert.Empty(Objects(version["schema"]!["openAPIV3Schema"]!.AsObject(), "").Where(o => o.At.Contains("[]", StringComparison.Ordinal) && o.Schema["default"] is not null).Select(o => o.At));
    }

    private static IEnumerable<(string At, JsonObject Schema)> Objects(JsonObject schema, string at) =>
        (schema["properties"]?.AsObject() ?? []).SelectMany(property => Objects(property.Value!.AsObject(), $"{at}.{property.Key}"))
            .Concat(schema["items"] is JsonObject items ? Objects(items, $"{at}[]") : [])
            .Append((at, schema));

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(p => p.Key, p => Plain(p.Value)),
        JsonArray list => list.Select(Plain).ToList(),
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        _ => null,
    };
}
