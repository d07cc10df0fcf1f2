using System.Text.Json.Nodes;
using Ostler.CrdGenerator.Schema;
using Ostler.CrdGenerator.Tests.Schema;

namespace Ostler.CrdGenerator.Tests.Output;

public sealed class OpenApiSchemaTests
{
    public static TheoryData<string, string> Schemas => new()
    {
        {
            "UpgradePolicy.spec.rollout.maxUnavailable",
            """
            {"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}],"pattern":"^((100|[1-9][0-9]?|0[1-9])%|0*[1-9][0-9]{0,8})$",
             "minimum":1,"maximum":2147483647,"default":1,
             "x-kubernetes-validations":[{"rule":"type(self) == int ? self > 0 : self != '0' && self != '0%'","message":"must be at least 1 or 1%: use spec.paused to stop before the next node"}]}
            """
        },
        {
            "UpgradePolicy.spec.drain.timeout",
            """{"type":"string","pattern":"^(0|([0-9]{1,6}(\\.[0-9]{1,9})?(ms|s|m|h)){1,4})$","default":"30m"}"""
        },
        {
            "UpgradePolicy.spec.drain.rules[].order",
            """{"type":"integer","format":"int32","minimum":-1000,"maximum":1000,"default":0}"""
        },
        {
            "NodeOS.status.attempt",
            """{"type":"integer","format":"int64","minimum":-9007199254740991,"maximum":9007199254740991}"""
        },
        {
            "UpgradePolicy.spec.drain.unmanagedPods",
            """{"type":"string","enum":["Block","Delete"],"default":"Block"}"""
        },
        {
            "UpgradePolicy.spec.nodeSelector.matchLabels",
            """{"type":"object","minProperties":1,"additionalProperties":{"type":"string","maxLength":63}}"""
        },
        {
            "OSImage.spec.quarantine.deny",
            """{"type":"array","maxItems":50,"items":{"type":"string","pattern":"^(sha256:)?[0-9a-f]{64}$"}}"""
        },
    };

    [Fact]
    public void A_default_within_a_list_is_described_and_left_to_the_programs()
    {
        var items = OpenApiSchema.Of(FieldTree.All["UpgradePolicy.spec.windows"])["items"]!["properties"]!["timeZone"]!;

        Assert.Null(items["default"]);
        Assert.EndsWith("Default: UTC.", (string?)items["description"], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_value_is_written_as_OpenApi(string path, string expected)
    {
        var schema = OpenApiSchema.Of(FieldTree.All[path]);
        schema.Remove("description");

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), schema), schema.ToJsonString());
    }

    [Fact]
    public void The_words_of_an_enum_are_explained_as_a_list() => Assert.Equal(
        "What happens to pods without a controller, which nothing starts again elsewhere.\n\n- Block: They block the drain.\n- Delete: They are evicted and do not return.",
        (string?)OpenApiSchema.Of(FieldTree.All["UpgradePolicy.spec.drain.unmanagedPods"])["description"]);

    [Fact]
    public void Metadata_is_left_to_the_API_server() => Assert.Equal(
        """{"type":"object"}""", OpenApiSchema.Of(FieldTree.All["OSImage"])["properties"]!["metadata"]!.ToJsonString());

    [Fact]
    public void A_list_with_keys_is_a_map_for_server_side_apply()
    {
        var checks = OpenApiSchema.Of(FieldTree.All["UpgradePolicy.spec.health.checks"]);

        Assert.Equal("map", (string?)checks["x-kubernetes-list-type"]);
        Assert.Equal("""["name"]""", checks["x-kubernetes-list-map-keys"]!.ToJsonString());
    }
}
