using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class YamlDocumentsTests
{
    public static TheoryData<string, string> Scalars => new()
    {
        { "1", "1" },
        { "1.5", "1.5" },
        { "true", "true" },
        { "null", "null" },
        { "", "null" },
        { "\"1\"", "\"1\"" },
        { "'true'", "\"true\"" },
        { "1.20.2", "\"1.20.2\"" },
        { "v1", "\"v1\"" },
        { "Infinity", "\"Infinity\"" },
        { "\"\"", "\"\"" },
        { "{a: [1, b]}", "{\"a\":[1,\"b\"]}" },
    };

    [Theory]
    [MemberData(nameof(Scalars))]
    public void Values_have_the_types_that_Kubernetes_gives_them(string yaml, string json) =>
        Assert.Equal($"{{\"value\":{json}}}", YamlDocuments.Read($"value: {yaml}\n").Single().ToJsonString());

    [Fact]
    public void Empty_documents_are_left_out() =>
        Assert.Equal(2, YamlDocuments.Read("# nothing\n---\na: 1\n---\n---\nb: 2\n").Count);
}
