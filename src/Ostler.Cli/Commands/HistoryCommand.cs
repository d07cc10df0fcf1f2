using System.CommandLine;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.History;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Commands;

/// <summary><c>history [policy] [--node NAME]</c>.</summary>
internal static class HistoryCommand
{
    public static Command Create(CommandRunner commands)
    {
        var policy = commands.CompleteNames(new Argument<string?>("policy") { Arity = ArgumentArity.ZeroOrOne, Description = "Only this UpgradePolicy, its image and its nodes. Default: all" }, OstlerResources.UpgradePolicies);
        var node = commands.CompleteNames(NodeOption(), OstlerResources.NodeOSes);
        var output = CommandRunner.OutputOption("json", "yaml", "wide");
        var command = new Command("history", "Show recorded upgrades, failures and rollbacks of nodes, the current rollout, previous images and quarantines; newest last") { policy, node, output };
        return commands.WithCluster(command, async (arguments, client, cancel) =>
        {
            var (name, one, format, now) = (arguments.GetValue(policy), arguments.GetValue(node), arguments.GetValue(output), commands.Environment.Time.GetUtcNow());
            var entries = new List<HistoryEntry>();
            if (one is not null)
            {
                // Of a node that the policy does not select there is nothing to tell; the error says which there are.
                entries.AddRange(NodeRecords.Of(await NodeLookup.OneAsync(client, one, name, cancel), now));
            }
            else
            {
                IReadOnlyList<UpgradePolicy> policies = name is null ? (await client.ListAsync(OstlerResources.UpgradePolicies, ListOptions.All, cancel)).Items : [await PolicyLookup.PolicyAsync(client, name, cancel)];
                var images = (await client.ListAsync(OstlerResources.OSImages, ListOptions.All, cancel)).Items.Where(i => name is null || i.Metadata.Name == policies[0].Spec.ImageRef.Name);
                var systems = await NodeLookup.OfAsync(client, name is null ? null : policies[0], cancel);
                entries.AddRange([.. policies.SelectMany(p => PolicyRecords.Of(p, now)), .. images.SelectMany(PolicyRecords.Of), .. systems.SelectMany(s => NodeRecords.Of(s, now))]);
            }

            if (format is OutputFormat.Json or OutputFormat.Yaml)
            {
                await commands.Environment.Out.WriteAsync(ObjectText.Of(HistoryText.Document(entries), format));
            }
            else
            {
                commands.Printer.Print(HistoryText.Lines(entries, one ?? name ?? "this cluster", format == OutputFormat.Wide));
            }

            return ExitCode.Ok;
        });
    }

    /// <summary>The option --node, without its completion.</summary>
    public static Option<string?> NodeOption() => new("--node") { Description = "Only this node", HelpName = "NAME" };
}
