using System.Text.Json.Nodes;
using Ostler.Cli.Output;
using Ostler.CrdGenerator.Output;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests.Output;

public sealed class YamlWriterTests
{
    /// <summary>Strings that YAML would take for something else, or for syntax.</summary>
    public static TheoryData<string> Texts =>
    [
        "plain", "", " leading", "trailing ", "true", "No", "y", "null", "~", "1", "1.5", ".5", "-1", "0x1F", "1e3", "2026-12-19", "10m",
        "a: b", "a #b", "# a", "- a", "[a]", "{a}", "*a", "&a", "!a", "%a", "@a", "`a`", "'a'", "\"a\"", "a\\b", "^[^\\s]+$", "ü…",
        "two\nlines", "two\n\nparagraphs\n- and a list", "ends with a line\n",
        "a long line of more than ninety characters, which is folded so that people can read the file without a wide screen",
        "a long line: with a colon, of more than ninety characters, which must not be read as a mapping by anybody at all",
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_is_read_back_as_it_was(string text)
    {
        var yaml = YamlWriter.Write(new JsonObject { ["key"] = text, ["list"] = new JsonArray(text) }, fold: 90, width: 120);

        var document = Assert.Single(YamlDocuments.Read(yaml));
        Assert.Equal(text, (string?)document["key"]);
        Assert.Equal(text, (string?)document["list"]![0]);
    }

    [Fact]
    public void Numbers_booleans_and_empty_collections_keep_their_types() => Assert.Equal(
        "number: 3\nyes: true\nnothing: null\nempty: {}\nnone: []\n",
        YamlWriter.Write(new JsonObject
        {
            ["number"] = 3,
            ["yes"] = true,
            ["nothing"] = null,
            ["empty"] = new JsonObject(),
            ["none"] = new JsonArray(),
        })
            .Replace("'yes'", "yes", StringComparison.Ordinal));
}
