using Ostler.Api.Json;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Cli.Status;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ostler.Cli.Commands;

/// <summary><c>status [policy] [--watch]</c>.</summary>
internal static class StatusCommand
{
    public static Command Create(CommandRunner commands)
    {
        var policy = commands.CompleteNames(new Argument<string?>("policy") { Arity = ArgumentArity.ZeroOrOne, Description = "The UpgradePolicy. Default: all, one line each" }, OstlerResources.UpgradePolicies);
        var watch = new Option<bool>("--watch", "-w") { Description = "Follow the rollout. With a policy, exits when it is Ready (0) or halted (3)" };
        var output = CommandRunner.OutputOption("json", "yaml", "wide");
        var managed = CommandRunner.ManagedFieldsOption();
        var command = new Command("status",
            "Show the progress of a rollout: nodes in flight, blocked nodes and why, and the estimated completion") { policy, watch, output,
            managed };
        command.Validators.Add(r =>
        {
            if (r.GetValue(watch) && r.GetValue(output) is OutputFormat.Json or OutputFormat.Yaml)
            {
                r.AddError("--watch prints text only. Omit -o json or -o yaml, or use kubectl get upgradepolicy -w -o json.");
            }
        });
        return commands.WithCluster(command, async (arguments, client, cancel) =>
        {
            var (name, format) = (arguments.GetValue(policy), arguments.GetValue(output));
            var objects = await ReadAsync(client, name, cancel);
            if (format is OutputFormat.Json or OutputFormat.Yaml)
            {
                await commands.Environment.Out.WriteAsync(ObjectText.Of(objects, format, list: name is null, arguments.GetValue(managed)));
                return CodeOf(objects.Select(Policy));
            }

            if (arguments.GetValue(watch))
            {
                return await new StatusWatch(commands, client, name, format == OutputFormat.Wide).RunAsync([.. objects.Select(Policy)], cancel);
            }

            var policies = objects.Select(Policy).ToArray();
            var now = commands.Environment.Time.GetUtcNow();
            var image = name is null ? null
                : await client.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(policies[0].Spec.ImageRef.Name), cancel);
            commands.Printer.Print(
                name is null ? PolicyTable.Lines(policies, now, format == OutputFormat.Wide)
                    : StatusText.Lines(policies[0], now, format == OutputFormat.Wide, image));
            return CodeOf(policies);
        });
    }

    private static int CodeOf(IEnumerable<UpgradePolicy> policies) => policies.All(PolicyState.IsReady) ? ExitCode.Ok : ExitCode.NotReady;

    private static UpgradePolicy Policy(JsonObject whole) => whole.Deserialize(OstlerJson.Default.UpgradePolicy)!;

    private static async Task<IReadOnlyList<JsonObject>> ReadAsync(ApiClient client, string? name, CancellationToken cancellationToken)
    {
        var type = CoreResources.Whole(OstlerResources.UpgradePolicies);
        if (name is null)
        {
            return (await client.ListAsync(type, ListOptions.All, cancellationToken)).Items;
        }

        return await client.GetAsync(type, NamespacedName.ClusterScoped(name), cancellationToken) is { } found ? [found] : throw await PolicyLookup.NotFoundAsync(client, name, cancellationToken);
    }
}
