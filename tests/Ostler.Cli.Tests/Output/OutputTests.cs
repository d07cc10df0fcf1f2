using System.Text.Json.Nodes;
using Ostler.Cli.Output;

namespace Ostler.Cli.Tests.Output;

public class OutputTests
{
    [Theory]
    [InlineData(-5, "0s")]
    [InlineData(0.4, "0s")]
    [InlineData(45, "45s")]
    [InlineData(119, "119s")]
    [InlineData(310, "5m10s")]
    [InlineData(300, "5m")]
    [InlineData(45 * 60, "45m")]
    [InlineData(3 * 3600 + 12 * 60, "3h12m")]
    [InlineData(30 * 3600, "30h")]
    [InlineData(4 * 86400 + 5, "4d")]
    public void An_age_reads_as_kubectl_writes_it(double seconds, string text) => Assert.Equal(text, Format.Span(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, 0, "[..........]", "-")]
    [InlineData(0, 3, "[..........]", "0%")]
    [InlineData(1, 3, "[###.......]", "33%")]
    [InlineData(1999, 2000, "[#########.]", "99%")]
    [InlineData(3, 3, "[##########]", "100%")]
    [InlineData(4, 3, "[##########]", "100%")]
    public void A_bar_is_full_when_all_is_done_and_not_before(int done, int total, string bar, string percent) =>
        Assert.Equal((bar, percent), (Format.Bar(done, total, 10), Format.Percent(done, total)));

    [Fact]
    public void A_table_has_its_columns_under_each_other_and_nothing_after_the_last()
    {
        var lines = new TextTable("NODE", "MESSAGE").Add(Tone.Plain, "node-1", "a\nb").Add(Tone.Plain, "n", " ").Lines(indent: 2).Select(l => l.Text);

        Assert.Equal(["  NODE     MESSAGE", "  node-1   a b", "  n        -"], lines);
    }

    [Theory]
    [InlineData("a: 1.20\nb: \"1.20\"\nc: yes\nd: [true, null]\n", """{"a":1.2,"b":"1.20","c":"yes","d":[true,null]}""")]
    [InlineData("{\"a\": {\"b\": 2}}", """{"a":{"b":2}}""")]
    public void Yaml_reads_as_Kubernetes_reads_it(string yaml, string json) => Assert.Equal(json, Assert.Single(YamlReader.Read(yaml)).ToJsonString());

    [Theory]
    [InlineData("a: [1")]
    [InlineData("a: 1\na: 2")]
    public void What_is_no_yaml_is_refused(string yaml) => Assert.Throws<InvalidDataException>(() => YamlReader.Read(yaml));

    [Fact]
    public void What_is_written_reads_the_same()
    {
        var document = JsonNode.Parse("""{"a":"yes","b":"1.20","c":["x: y","-",""],"d":{"e":{},"f":[]},"g":true,"h":7,"i":"two\nlines","j":null,"k":"2026-12-01T12:00:00Z"}""")!.AsObject();

        Assert.Equal(document.ToJsonString(), Assert.Single(YamlReader.Read(YamlWriter.Write(document))).ToJsonString());
    }
}
