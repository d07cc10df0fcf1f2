using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.OSImages;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Tests.Schema;

public sealed class SchemaReaderTests
{
    /// <summary>One field for each thing that the types can say: path, kind, required, default.</summary>
    public static TheoryData<string, string, bool, string?> Fields => new()
    {
        { "OSImage.spec", "Object", true, null },
        { "OSImage.status", "Object", false, null },
        { "OSImage.metadata", "Metadata", false, null },
        { "OSImage.spec.pollInterval", "Duration", false, "\"10m\"" },
        { "OSImage.spec.ostree.ref", "String", true, null },
        { "OSImage.spec.ostree.commit", "String", false, null },
        { "OSImage.spec.ostree.gpgVerify", "Boolean", false, "true" },
        { "OSImage.status.resolved.resolvedAt", "Timestamp", true, null },
        { "UpgradePolicy.spec.nodeSelector.matchLabels", "Map", false, null },
        { "UpgradePolicy.spec.rollout", "Object", false, "{}" },
        { "UpgradePolicy.spec.rollout.maxUnavailable", "IntOrPercent", false, "1" },
        { "UpgradePolicy.spec.rollout.waves[].nodes", "IntOrPercent", false, null },
        { "UpgradePolicy.spec.drain.onTimeout", "Enum", false, "\"Release\"" },
        { "UpgradePolicy.spec.drain.gracePeriod", "Duration", false, null },
        { "UpgradePolicy.spec.health.checks", "List", false, null },
        { "NodeOS.spec.attempt", "Integer", false, "0" },
        { "NodeOS.spec.grantedAt", "Timestamp", false, null },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_field_is_read_as_it_is_on_the_wire(string path, string kind, bool required, string? fallback)
    {
        var dot = path.LastIndexOf('.');
        var field = Assert.Single(FieldTree.All[path[..dot]].Fields, field => field.Name == path[(dot + 1)..]);

        Assert.Equal(kind, field.Value.Kind.ToString());
        Assert.Equal(required, field.IsRequired);
        Assert.Equal(fallback, field.Value.Default?.ToJsonString());
    }

    [Fact]
    public void A_pattern_on_a_list_is_meant_for_its_items()
    {
        var units = FieldTree.All["UpgradePolicy.spec.health.checks[].systemd.active"];

        Assert.Equal(50, units.MaxItems);
        Assert.Null(units.Pattern);
        Assert.Null(units.MaxLength);
        Assert.Equal("^[a-zA-Z0-9:_.\\\\@-]+$", units.Items!.Pattern);
        Assert.Equal(255, units.Items.MaxLength);
    }

    [Fact]
    public void Rules_of_a_type_stand_wherever_the_type_does()
    {
        Assert.Contains(FieldTree.All["UpgradePolicy.spec.health.checks[]"].Rules, rule => rule.Message.StartsWith("set exactly one", StringComparison.Ordinal));
        Assert.Contains(FieldTree.All["NodeOS.spec.hostChecks[]"].Rules, rule => rule.Message.StartsWith("set exactly one", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_rules_none_is_left_at_any_depth()
    {
        var bare = FieldTree.All["UpgradePolicy"].WithoutRules();

        Assert.DoesNotContain(Flatten(bare), value => value.Rules.Count > 0);
        Assert.Equal(Flatten(FieldTree.All["UpgradePolicy"]).Count(), Flatten(bare).Count());
    }

    [Fact]
    public void A_type_with_an_unknown_converter_is_refused_by_name()
    {
        var options = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        var reader = new SchemaReader(options, XmlDocumentation.Of(typeof(OSImage).Assembly));

        var problem = Assert.Throws<NotSupportedException>(() => reader.Read(typeof(Uri)));

        Assert.Contains("System.Uri", problem.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<ValueSchema> Flatten(ValueSchema value) =>
        [value, .. value.Fields.SelectMany(field => Flatten(field.Value)), .. value.Items is null ? [] : Flatten(value.Items)];
}
