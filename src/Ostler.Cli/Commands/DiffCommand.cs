using System.CommandLine;
using System.Text.Json.Nodes;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Diff;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Commands;

/// <summary><c>diff [policy] [--node NAME]</c>.</summary>
internal static class DiffCommand
{
    public static Command Create(CommandRunner commands)
    {
        var policy = commands.CompleteNames(new Argument<string?>("policy") { Arity = ArgumentArity.ZeroOrOne, Description = "Only this UpgradePolicy. Default: all" }, OstlerResources.UpgradePolicies);
        var node = commands.CompleteNames(HistoryCommand.NodeOption(), OstlerResources.NodeOSes);
        var output = CommandRunner.OutputOption("json", "yaml", "wide");
        var command = new Command("diff", "Show what changes on the nodes: version, digest, labels, signature, and packages as far as they are recorded") { policy, node, output };
        return commands.WithCluster(command, async (arguments, client, cancel) =>
        {
            var (name, format) = (arguments.GetValue(policy), arguments.GetValue(output));
            var diffs = await ReadAsync(client, name, arguments.GetValue(node), cancel);
            if (format is OutputFormat.Json or OutputFormat.Yaml)
            {
                await commands.Environment.Out.WriteAsync(ObjectText.Of(new JsonObject { ["policies"] = new JsonArray([.. diffs.Select(d => (JsonNode)DiffText.Document(d))]) }, format));
                return ExitCode.Ok;
            }

            commands.Printer.Print(diffs.Count == 0 ? [new("No UpgradePolicy exists, so nothing changes.")] : diffs.SelectMany((d, i) => DiffText.Lines(d, format == OutputFormat.Wide).Prepend(new(""), i > 0)));
            return ExitCode.Ok;
        });
    }

    private static IEnumerable<Line> Prepend(this IEnumerable<Line> lines, Line first, bool wanted) => wanted ? Enumerable.Prepend(lines, first) : lines;

    private static async Task<IReadOnlyList<TreeDiff>> ReadAsync(ApiClient client, string? name, string? node, CancellationToken cancellationToken)
    {
        IReadOnlyList<UpgradePolicy> policies = name is null ? (await client.ListAsync(OstlerResources.UpgradePolicies, ListOptions.All, cancellationToken)).Items : [await PolicyLookup.PolicyAsync(client, name, cancellationToken)];
        var images = (await client.ListAsync(OstlerResources.OSImages, ListOptions.All, cancellationToken)).Items;
        var only = node is null ? null : await NodeLookup.OneAsync(client, node, name, cancellationToken);
        var diffs = new List<TreeDiff>();
        foreach (var policy in policies.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal))
        {
            var systems = await NodeLookup.OfAsync(client, policy, cancellationToken);
            NodeOS[] wanted = only is null ? [.. systems] : [.. systems.Where(s => s.Metadata.Name == only.Metadata.Name)];
            if (only is null || wanted.Length > 0)
            {
                diffs.Add(TreeDiff.Of(policy, images.FirstOrDefault(i => i.Metadata.Name == policy.Spec.ImageRef.Name), wanted));
            }
        }

        return diffs.Count == 0 && only is not null ? throw new CommandException($"No UpgradePolicy selects {node}, so it has no target. kubectl ostler nodes shows the policy of each node.") : diffs;
    }
}
