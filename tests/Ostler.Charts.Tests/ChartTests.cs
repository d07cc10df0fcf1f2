using System.Text.RegularExpressions;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>The chart as it is packed: helm takes it, and what it makes is what was looked at.</summary>
public sealed partial class ChartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Helm_finds_nothing_to_object_to()
    {
        using var helm = await Rendered.HelmAsync();

        var lint = await helm.TryAsync(Cancel, ["lint", "--strict", Repository.Chart, .. Rendered.Images]);

        Assert.Equal(("", 0), (lint.Stderr, lint.ExitCode));
        Assert.Contains("0 chart(s) failed", lint.Stdout, StringComparison.Ordinal);
    }

    /// <summary>CRDs and dashboards are left out: they are copies, which other tests compare with what they are copied from.</summary>
    [Theory]
    [InlineData("default", Rendered.Newest)]
    [InlineData("oldest", Rendered.Oldest)]
    [InlineData("everything", Rendered.Newest)]
    [InlineData("minimal", Rendered.Newest)]
    [InlineData("extended", Rendered.Newest)]
    [InlineData("openshift", Rendered.WithoutAdmissionPolicy)]
    public async Task What_is_made_is_what_was_looked_at(string name, string kubernetes)
    {
        string[] values = name is not ("default" or "oldest") ? ["--values", Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", $"{name}.values.yaml")] : [];

        var rendered = await Rendered.OfAsync(kubernetes, values);

        Golden.Verify(Shortened(rendered.Text), $"{name}.yaml");
    }

    /// <summary>What people read after an installation, with what holds for theirs and without what does not.</summary>
    [Theory]
    [InlineData("controller.replicas=2", "Nothing is upgraded until you create an OSImage", "With one replica")]
    [InlineData("controller.replicas=1", "With one replica", null)]
    [InlineData("crds.keep=true", "`helm uninstall` keeps the CRDs", null)]
    [InlineData("crds.keep=false", "Nothing is upgraded", "`helm uninstall` keeps the CRDs")]
    [InlineData("agent.admissionPolicy=Never", "No admission policy limits each agent", null)]
    [InlineData("agent.admissionPolicy=Always", "Nothing is upgraded", "No admission policy limits each agent")]
    [InlineData("console.enabled=false", "Nothing is upgraded", "port-forward")]
    [InlineData("console.service.enabled=true", "port-forward service/ostler-console 8082:80", "port-forward deployment")]
    [InlineData("console.service.enabled=true,console.ingress.enabled=true,console.hosts={ostler.example}", "https://ostler.example ", "port-forward")]
    [InlineData("tests.enabled=true", "helm test ostler -n os --logs", null)]
    [InlineData("tests.enabled=false", "Nothing is upgraded", "helm test")]
    public async Task The_notes_say_what_holds_for_this_installation(string value, string expected, string? not)
    {
        using var helm = await Rendered.HelmAsync();

        var output = await helm.RunAsync(Cancel, ["install", "ostler", Repository.Chart, "--namespace", "os", "--dry-run=client", .. Rendered.Images, "--set", value]);

        var notes = output[output.IndexOf("\nNOTES:\n", StringComparison.Ordinal)..];
        Assert.Contains("runs in namespace os.", notes, StringComparison.Ordinal);
        Assert.Contains(expected, notes, StringComparison.Ordinal);
        Assert.True(not is null || !notes.Contains(not, StringComparison.Ordinal), notes);
    }

    [Fact]
    public void Chart_and_programs_have_one_version()
    {
        var chart = File.ReadAllLines(Path.Combine(Repository.Chart, "Chart.yaml"));
        var version = VersionPrefix().Match(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"))).Groups[1].Value;

        Assert.Contains($"version: {version}", chart);
        Assert.Contains($"appVersion: {version}", chart);
    }

    /// <summary>What Artifact Hub and helm show of a chart, and it is about the CRDs that the chart installs.</summary>
    [Fact]
    public async Task The_chart_says_where_it_is_from_and_what_it_installs()
    {
        var chart = YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, "Chart.yaml"), Cancel))[0];
        var annotations = chart["annotations"]!.AsObject();
        var crds = (await Rendered.OfAsync(Rendered.Newest)).OfKind("CustomResourceDefinition")
            .Select(crd => (Rendered.NameOf(crd), (string)crd["spec"]!["names"]!["kind"]!, (string)crd["spec"]!["versions"]![0]!["name"]!));

        Assert.All((string[])["home", "icon"], field => Assert.StartsWith("https://", (string?)chart[field], StringComparison.Ordinal));
        Assert.All((string[])["sources", "maintainers"], field => Assert.NotEmpty(chart[field]!.AsArray()));
        Assert.Equal(
            crds.Order(),
            YamlDocuments.Read("list:\n" + annotations["artifacthub.io/crds"])[0]["list"]!.AsArray().Select(c => ((string)c!["name"]!, (string)c["kind"]!, (string)c["version"]!)).Order());
        Assert.Equal(
            ["OSImage", "UpgradePolicy"],
            YamlDocuments.Read("list:\n" + annotations["artifacthub.io/crdsExamples"])[0]["list"]!.AsArray().Select(c => (string)c!["kind"]!));
        Assert.Contains((string?)annotations["artifacthub.io/operatorCapabilities"], (string[])["Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"]);
    }

    /// <summary>A release is stored with the whole chart in it, in a Secret, which may have a megabyte.</summary>
    [Fact]
    public async Task A_packed_chart_leaves_room_for_the_release_that_is_stored_with_it()
    {
        using var helm = await Rendered.HelmAsync();
        var folder = Directory.CreateTempSubdirectory("ostler-chart-");
        try
        {
            await helm.RunAsync(Cancel, "package", Repository.Chart, "--destination", folder.FullName);

            Assert.InRange(Assert.Single(folder.EnumerateFiles("ostler-*.tgz")).Length, 10_000, 150_000);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Shortened(string text) => string.Concat(
        text.Split("---\n", StringSplitOptions.RemoveEmptyEntries).Select(document => "---\n" + document.Split('\n') switch
        {
            var lines when lines.Contains("kind: CustomResourceDefinition") => string.Join('\n', lines.TakeWhile(l => l != "spec:")) + "\n# …\n",
            var lines when lines.Contains("kind: ConfigMap") => string.Join('\n', lines.TakeWhile(l => !l.StartsWith("    {", StringComparison.Ordinal))) + "\n# …\n",
            _ => document,
        }));

    [GeneratedRegex("<VersionPrefix>(.*)</VersionPrefix>")]
    private static partial Regex VersionPrefix();
}
