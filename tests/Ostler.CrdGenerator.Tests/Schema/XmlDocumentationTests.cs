using System.Xml.Linq;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Tests.Schema;

public sealed class XmlDocumentationTests
{
    public static TheoryData<string, string> Markup => new()
    {
        { "Plain words.", "Plain words." },
        { "\n  Two\n  lines.\n", "Two lines." },
        { "As in <c>30s</c>.", "As in 30s." },
        { """<see cref="P:Ostler.Api.DrainSpec.OnTimeout" /> applies.""", "onTimeout applies." },
        { """See <see cref="T:Ostler.Api.DrainSpec"/>.""", "See DrainSpec." },
        { """<see cref="F:Ostler.Api.Goal.Boot"/> only.""", "Boot only." },
        { """Not <see langword="null"/>.""", "Not null." },
        { """See <see cref="T:Ostler.Api.DrainSpec">the drain</see>.""", "See the drain." },
        { "<para>One.</para><para>Two.</para>", "One.Two." },
        { "a &lt; b", "a < b" },
    };

    [Theory]
    [MemberData(nameof(Markup))]
    public void Markup_becomes_plain_text(string summary, string text) =>
        Assert.Equal(text, XmlDocumentation.PlainText(XElement.Parse($"<summary>{summary}</summary>", LoadOptions.PreserveWhitespace)));

    [Fact]
    public void A_member_is_found_by_its_declaring_type()
    {
        var documentation = XmlDocumentation.Of(typeof(DrainSpec).Assembly);

        Assert.Equal(
            "What happens when the timeout expires.", documentation.Of(typeof(DrainSpec).GetProperty(nameof(DrainSpec.OnTimeout))!));
        Assert.Equal("Report only.", documentation.Of(typeof(Goal).GetField(nameof(Goal.Observe))!));
        Assert.StartsWith("Names a Secret. It must carry the label", documentation.Of(typeof(SecretReference)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_no_summary_has_no_text() =>
        Assert.Equal("", XmlDocumentation.Of(typeof(OSImage).Assembly).Of(typeof(OSImage).GetProperty(nameof(OSImage.Kind))!));
}
