using Ostler.Api.Meta;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Ostler.Cli.Commands;

/// <summary><c>version</c>: of this program, and of what runs in the cluster.</summary>
internal static class VersionCommand
{
    /// <summary>The version that this program was built as.</summary>
    public static string Version =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static Command Create(CommandRunner commands)
    {
        var client = new Option<bool>("--client") { Description = "Print the version of this program alone; do not ask the cluster" };
        var space = CommandRunner.NamespaceOption();
        var output = CommandRunner.OutputOption("json", "yaml");
        return commands.With(new Command("version",
            "Show the versions of this program, the controller, the agents and Kubernetes") { client, space, output },
            async (arguments, cancel) =>
        {
            var format = arguments.GetValue(output);
            var isText = format is not (OutputFormat.Json or OutputFormat.Yaml);
            var document = new JsonObject { ["clientVersion"] = Version };
            if (isText)
            {
                // Before the cluster is asked, which may fail.
                commands.Printer.Print([new($"Client Version: {Version}")]);
            }

            if (!arguments.GetValue(client))
            {
                using var api = commands.Connect(arguments);
                var server = await ReadAsync(api, arguments.GetRequiredValue(space), cancel);
                if (isText)
                {
                    commands.Printer.Print(server.Lines());
                }
                else
                {
                    server.AddTo(document);
                }
            }

            if (!isText)
            {
                await commands.Environment.Out.WriteAsync(ObjectText.Of(document, format));
            }

            return ExitCode.Ok;
        });
    }

    private static async Task<ServerVersions> ReadAsync(ApiClient api, string space, CancellationToken cancellationToken)
    {
        var kubernetes = await api.GetServerVersionAsync(cancellationToken);
        var lease = await api.GetAsync(CoreResources.Leases, new NamespacedName(space, "ostler-controller"), cancellationToken);
        var agents = (await api.ListAsync(OstlerResources.NodeOSes, ListOptions.All, cancellationToken)).Items
            .GroupBy(n => n.Status?.AgentVersion ?? "")
            .Where(g => g.Key.Length > 0)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return new(lease is null ? null : lease.Metadata.Annotations?.GetValueOrDefault(LeaseAnnotations.Version) ?? "unknown", space,
            agents, kubernetes);
    }

    /// <param name="Controller">Null: no controller has ever led in this namespace.</param>
    /// <param name="Space">The namespace.</param>
    /// <param name="Agents">How many nodes have an agent of each version.</param>
    /// <param name="Kubernetes">Of the API server.</param>
    private sealed record ServerVersions(string? Controller, string Space, IReadOnlyDictionary<string, int> Agents, string Kubernetes)
    {
        public IEnumerable<Line> Lines()
        {
            yield return $"Controller Version: {Controller ?? $"none found in namespace {Space}"}";
            yield return $"Agent Version: "
                + $"{(Agents.Count == 0 ? "none reported" : string.Join(", ", Agents.Select(a => $"{a.Key} ({a.Value} node{(a.Value == 1 ? "" : "s")})")))}";
            yield return $"Kubernetes Version: {Kubernetes}";
        }

        public void AddTo(JsonObject document)
        {
            document["controllerVersion"] = Controller;
            document["agentVersions"] = new JsonObject(Agents.Select(a =>
                KeyValuePair.Create(a.Key, (JsonNode?)JsonValue.Create(a.Value))));
            document["kubernetesVersion"] = Kubernetes;
        }
    }
}
