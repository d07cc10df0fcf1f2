using System.CommandLine;
using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Cli.Hosting;
using Ostler.Cli.Nodes;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Client;

namespace Ostler.Cli.Commands;

/// <summary><c>nodes [policy]</c>.</summary>
internal static class NodesCommand
{
    public static Command Create(CommandRunner commands)
    {
        var policy = commands.CompleteNames(new Argument<string?>("policy") { Arity = ArgumentArity.ZeroOrOne, Description = "Only the nodes that this UpgradePolicy selects" }, ClusterResources.UpgradePolicies);
        var output = CommandRunner.OutputOption("json", "yaml", "wide");
        return commands.WithCluster(new Command("nodes", "Show which image each node runs, and its step") { policy, output }, async (arguments, client, cancel) =>
        {
            var (name, format) = (arguments.GetValue(policy), arguments.GetValue(output));
            var selector = name is null ? null : (await PolicyLookup.PolicyAsync(client, name, cancel)).Spec.NodeSelector;
            var nodes = (await client.ListAsync(ClusterResources.Nodes, ListOptions.All, cancel)).Items.Where(n => selector?.Matches(n.Metadata.Labels) != false).ToArray();
            var wholes = (await client.ListAsync(ClusterResources.Whole(ClusterResources.NodeOSes), ListOptions.All, cancel)).Items;
            if (format is OutputFormat.Json or OutputFormat.Yaml)
            {
                var names = nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
                await commands.Environment.Out.WriteAsync(ObjectText.Of([.. wholes.Where(w => names.Contains((string?)w["metadata"]?["name"] ?? ""))], format, list: true));
                return ExitCode.Ok;
            }

            var policies = (await client.ListAsync(ClusterResources.UpgradePolicies, ListOptions.All, cancel)).Items;
            commands.Printer.Print(NodeTable.Lines(nodes, [.. wholes.Select(w => w.Deserialize(OstlerJson.Default.NodeOS)!)], policies, format == OutputFormat.Wide));
            return ExitCode.Ok;
        });
    }
}
