using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Api.Tests;

/// <summary>Who holds a Node, and why, from its metadata as an API server sends it.</summary>
public partial class NodeHoldTests
{
    private const string Kubelet = """{"manager":"kubelet","operation":"Update","apiVersion":"v1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:volumes.kubernetes.io/x":{}},"f:labels":{"f:kubernetes.io/os":{}}},"f:status":{"f:conditions":{}}}}""";
    private const string Annotate = """{"manager":"kubectl-annotate","operation":"Update","apiVersion":"v1","time":"2026-11-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{"f:ostler.dev/hold":{}}}}}""";
    private const string LabelReversed = """{"fieldsV1":{"f:metadata":{"f:labels":{"f:ostler.dev/hold":{}}}},"operation":"Update","manager":"kubectl-label"}""";

    [Theory]
    [InlineData("""{"name":"n1"}""", null, null)]
    [InlineData("""{"annotations":{"ostler.dev/hold":"new disks"}}""", "new disks", null)]
    [InlineData($$$"""{"annotations":{"ostler.dev/hold":"new disks"},"managedFields":[{{{Kubelet}}},{{{Annotate}}}]}""", "new disks", "kubectl-annotate")]
    [InlineData($$$"""{"managedFields":[{{{Annotate}}},{{{Kubelet}}}],"annotations":{"ostler.dev/hold":""}}""", "", "kubectl-annotate")]
    [InlineData($$$"""{"labels":{"ostler.dev/hold":"disks"},"managedFields":[{{{Kubelet}}},{{{LabelReversed}}}]}""", "disks", "kubectl-label")]
    [InlineData($$$"""{"annotations":{"ostler.dev/hold":"a"},"managedFields":[{{{Kubelet}}}]}""", "a", null)]
    [InlineData("""{"annotations":{"ostler.dev/hold":" two\n lines\t"},"managedFields":[{"fieldsV1":{"f:ostler.dev/hold":{}}},"x",7,[]]}""", "two lines", null)]
    [InlineData("""{"annotations":{"ostler.dev/hold":"a"},"managedFields":{"manager":"x"}}""", "a", null)]
    [InlineData("""{"annotations":{"ostler.dev/hold":"a"},"managedFields":[{"manager":7,"fieldsV1":{"f:ostler.dev/hold":{}}}]}""", "a", null)]
    public void It_is_read_from_the_mark_and_from_managedFields(string metadata, string? reason, string? by)
    {
        var hold = NodeHold.Of(JsonSerializer.Deserialize(metadata, Json.Default.ObjectMeta)!);

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
    public void Managed_fields_are_never_written() =>
        Assert.DoesNotContain("kubectl", JsonSerializer.Serialize(new ObjectMeta { Name = "n1", HoldManager = "kubectl-annotate" }, Json.Default.ObjectMeta), StringComparison.Ordinal);

    [JsonSerializable(typeof(ObjectMeta))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    private sealed partial class Json : JsonSerializerContext;
}
