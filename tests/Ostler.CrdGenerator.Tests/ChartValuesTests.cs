using Ostler.CrdGenerator.Output;
using Ostler.Testing;

namespace Ostler.CrdGenerator.Tests;

public sealed class ChartValuesTests
{
    [Fact]
    public void Comments_become_meanings_and_maps_become_paths()
    {
        var table = ChartValues.Of("""
            # About the file.

            # Secrets of the namespace,
            # by name.
            imagePullSecrets: []
            controller:
              # Where certificates are.
              caBundle:
                configMap: ""
              # A | B.
              logFormat: json
              # Extra rules.
              rules: []
              # - {port: 443}
              # From where.
              from: []

              nodeSelector: {}
              tolerations:
              - key: a
                operator: Exists
              - operator: Equal
              affinity: {}
            """.Split('\n'));

        Assert.Equal(
            [
                "| `imagePullSecrets` | `[]` | Secrets of the namespace, by name. |",
                "| `controller.caBundle` |  | Where certificates are. |",
                "| `controller.caBundle.configMap` | `\"\"` |  |",
                "| `controller.logFormat` | `json` | A \\| B. |",
                "| `controller.rules` | `[]` | Extra rules. |",
                "| `controller.from` | `[]` | From where. |",
                "| `controller.nodeSelector` | `{}` |  |",
                "| `controller.tolerations` | `[{key: a, operator: Exists}, {operator: Equal}]` |  |",
                "| `controller.affinity` | `{}` |  |",
            ],
            table.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)));
    }

    /// <summary>The values that users ask about first are explained, not only listed.</summary>
    [Theory]
    [InlineData("controller.image.repository")]
    [InlineData("global.imageRegistry")]
    [InlineData("controller.caBundle")]
    [InlineData("agent.updateStrategy")]
    [InlineData("console.ingress")]
    [InlineData("monitoring.prometheusRule.disabled")]
    [InlineData("openshift.enabled")]
    [InlineData("extraObjects")]
    public void The_table_of_the_chart_explains_a_value(string value)
    {
        var table = File.ReadAllText(Path.Combine(Path.GetDirectoryName(ChartFiles.FolderFor(Repository.Config))!, ChartValues.FileName));

        Assert.Matches($@"(?m)^\| `{value.Replace(".", "\\.", StringComparison.Ordinal)}` \|[^|]*\| \S", table);
    }
}
