using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Api.Tests;

/// <summary>Who holds a Node, and why, from its metadata as an API server sends it.</summary>
public partial class NodeHoldTests
{
    private const string Kubelet = """
        {"manager":"kubelet","operation":"Update","fieldsV1":{"f:metadata":{"f:annotations":{"f:x":{}}},"f:status":{"f:conditions":{}}}}
        """;

    private const string Annotate = """
        {"manager":"kubectl-annotate","operation":"Update","apiVersion":"v1","time":"2026-11-01T00:00:00Z","fieldsType":"FieldsV1",
         "fieldsV1":{"f:metadata":{"f:annotations":{"f:ostler.dev/hold":{}}}}}
        """;

    private const string Reversed = """
        {"fieldsV1":{"f:metadata":{"f:labels":{"f:ostler.dev/hold":{}}}},"operation":"Update","manager":"kubectl-label"}
        """;

    private const string Strange = """{"fieldsV1":{"f:ostler.dev/hold":{}}},"x",7,[],{"manager":7,"fieldsV1":{"f:ostler.dev/hold":{}}}""";

    public static TheoryData<string, string?, string?> Metadata => new()
    {
        { """ "name":"n1" """, null, null },
        { """ "annotations":{"ostler.dev/hold":"new disks"} """, "new disks", null },
        { $$""" "annotations":{"ostler.dev/hold":"disks"},"managedFields":[{{Kubelet}},{{Annotate}}] """, "disks", "kubectl-annotate" },
        { $$""" "managedFields":[{{Annotate}},{{Kubelet}}],"annotations":{"ostler.dev/hold":""} """, "", "kubectl-annotate" },
        { $$""" "labels":{"ostler.dev/hold":"disks"},"managedFields":[{{Kubelet}},{{Reversed}}] """, "disks", "kubectl-label" },
        { $$""" "annotations":{"ostler.dev/hold":"a"},"managedFields":[{{Kubelet}}] """, "a", null },
        { $$""" "annotations":{"ostler.dev/hold":" two\n lines\t"},"managedFields":[{{Strange}}] """, "two lines", null },
        { """ "annotations":{"ostler.dev/hold":"a"},"managedFields":{"manager":"x"} """, "a", null },
    };

    [Theory]
    [MemberData(nameof(Metadata))]
    public void It_is_read_from_the_mark_and_from_managedFields(string metadata, string? reason, string? by)
    {
        var hold = NodeHold.Of(JsonSerializer.Deserialize($"{{{metadata}}}", Json.Default.ObjectMeta)!);

        Assert.Equal((reason, by), (hold?.Reason, hold?.By));
    }

    [Fact]
    public void An_annotation_comes_before_a_label()
    {
        var both = """{"labels":{"ostler.dev/hold":"label"},"annotations":{"ostler.dev/hold":"annotation"}}""";

        Assert.Equal(new NodeHold("annotation", null), NodeHold.Of(JsonSerializer.Deserialize(both, Json.Default.ObjectMeta)!));
    }

    [Fact]
    public void A_long_reason_is_cut()
    {
        var meta = new ObjectMeta { Annotations = new Dictionary<string, string> { [NodeMarks.Hold] = new('x', 5000) } };

        Assert.Equal(256, NodeHold.Of(meta)!.Reason.Length);
    }

    [Fact]
    public void Managed_fields_are_never_written()
    {
        var meta = new ObjectMeta { Name = "n1", HoldManager = "kubectl-annotate" };

        Assert.DoesNotContain("kubectl", JsonSerializer.Serialize(meta, Json.Default.ObjectMeta), StringComparison.Ordinal);
    }

    [JsonSerializable(typeof(ObjectMeta))]
    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    private sealed partial class Json : JsonSerializerContext;
}
