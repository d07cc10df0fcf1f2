using System.CommandLine;
using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Cli.Hosting;
using Ostler.Cli.Nodes;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Commands;

/// <summary><c>nodes [policy]</c>.</summary>
internal static class NodesCommand
{
    public static Command Create(CommandRunner commands)
    {
        var policy = commands.CompleteNames(new Argument<string?>("policy") { Arity = ArgumentArity.ZeroOrOne, Description = "Only the nodes that this UpgradePolicy selects" }, OstlerResources.UpgradePolicies);
        var output = CommandRunner.OutputOption("json", "yaml", "wide");
        var managed = CommandRunner.ManagedFieldsOption();
        return commands.WithCluster(new Command("nodes", "Show which image each node runs, and its step") { policy, output, managed },
            async (arguments, client, cancel) =>
        {
            var (name, format) = (arguments.GetValue(policy), arguments.GetValue(output));
            var selector = name is null ? null : (await PolicyLookup.PolicyAsync(client, name, cancel)).Spec.NodeSelector;
            var nodes = (await client.ListAsync(CoreResources.Nodes, ListOptions.All, cancel)).Items.Where(n => selector?.Matches(n.Metadata.Labels) != false).ToArray();
            var wholes = (await client.ListAsync(CoreResources.Whole(OstlerResources.NodeOSes), ListOptions.All, cancel)).Items;
            if (format is OutputFormat.Json or OutputFormat.Yaml)
            {
                var names = nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
                await commands.Environment.Out.WriteAsync(ObjectText.Of(
                    [.. wholes.Where(w => names.Contains((string?)w["metadata"]?["name"] ?? ""))], format, list: true,
                        arguments.GetValue(managed)));
                return ExitCode.Ok;
            }

            var policies = (await client.ListAsync(OstlerResources.UpgradePolicies, ListOptions.All, cancel)).Items;
            commands.Printer.Print(NodeTable.Lines(nodes, [.. wholes.Select(w => w.Deserialize(OstlerJson.Default.NodeOS)!)], policies, format == OutputFormat.Wide));
            return ExitCode.Ok;
        });
    }
}
