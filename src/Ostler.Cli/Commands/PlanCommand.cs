using System.CommandLine;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Plan;
using Ostler.Cli.Resources;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Simulation;

namespace Ostler.Cli.Commands;

/// <summary><c>plan -f policy.yaml</c>: the real planner in virtual time.</summary>
internal sealed class PlanCommand
{
    // A person reads some screens; a program takes -o json.
    private const int MostNodes = 50;

    private readonly CommandRunner _commands;
    private readonly Option<string> _file = new("--filename", "-f") { Description = "The file with the UpgradePolicy, and optionally its OSImage, in YAML or JSON. -: standard input", HelpName = "FILE", Required = true };
    private readonly Option<string?> _policy = new("--policy") { Description = "Which one, if the file has several", HelpName = "NAME" };
    private readonly Option<string[]> _nodes = new("--nodes") { Description = "Describe a fleet instead of reading the cluster: [NAME=]COUNT[,LABEL=VALUE…]. May be repeated", HelpName = "COUNT", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _zones = new("--zones") { Description = "The zones of the described nodes, assigned in turn", HelpName = "A,B,…" };
    private readonly Option<string[]> _durations = new("--duration") { Description = "How long a step takes: STEP=TIME or STEP=TIME..TIME. May be repeated. Steps: staging, pod-termination, reboot, kubelet, host-checks", HelpName = "STEP=TIME", DefaultValueFactory = _ => [] };
    private readonly Option<string[]> _failures = new("--fail") { Description = "How often something fails: KIND=SHARE. May be repeated. Kinds: staging, falls-back, never-returns, unhealthy", HelpName = "KIND=SHARE", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _start = new("--start") { Description = "When the rollout starts. Default: now", HelpName = "TIME" };
    private readonly Option<string?> _horizon = new("--horizon") { Description = "Simulation horizon. Default: 720h", HelpName = "DURATION" };
    private readonly Option<string?> _approved = new("--approved-after") { Description = "How long an approval takes. Default: no wave is approved", HelpName = "DURATION" };
    private readonly Option<ulong> _seed = new("--seed") { Description = "Random seed: another number simulates another rollout. Default: 1", HelpName = "NUMBER", DefaultValueFactory = _ => 1UL };
    private readonly Option<OutputFormat> _output = CommandRunner.OutputOption("json", "yaml", "wide");

    private PlanCommand(CommandRunner commands) => _commands = commands;

    public static Command Create(CommandRunner commands)
    {
        var plan = new PlanCommand(commands);
        var command = new Command("plan", "Preview a rollout: run the controller's planner in virtual time, on the cluster as it is or on a described fleet. Changes nothing")
        {
            plan._file, plan._policy, plan._nodes, plan._zones, plan._durations, plan._failures, plan._start, plan._horizon, plan._approved, plan._seed, plan._output,
        };
        return commands.With(command, plan.RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var name = arguments.GetRequiredValue(_file);
        var text = name == "-" ? await _commands.Environment.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(name, cancellationToken);
        var file = PolicyFile.Read(text, name == "-" ? "standard input" : name, arguments.GetValue(_policy));
        var described = arguments.GetRequiredValue(_nodes);
        var (fleet, target, notes) = described.Length > 0 ? Described(arguments, file, described) : await LiveAsync(arguments, file, cancellationToken);
        if (RolloutSimulation.Validate(fleet, file.Policy.Spec, target.Target) is { Count: > 0 } problems)
        {
            throw CommandException.Usage(string.Join(" ", problems.Select(p => $"{p.Field}: {p.Message}.")));
        }

        // Seconds for thousands of nodes; Ctrl-C must end it all the same.
        var forecast = await Task.Run(() => RolloutSimulation.Forecast(fleet, file.Policy.Metadata.Name, file.Policy.Spec, target.Target), cancellationToken).WaitAsync(cancellationToken);
        var format = arguments.GetValue(_output);
        if (format is OutputFormat.Json or OutputFormat.Yaml)
        {
            await _commands.Environment.Out.WriteAsync(ObjectText.Of(ForecastJson.Of(forecast), format));
        }
        else
        {
            _commands.Printer.Print(
            [
                .. ForecastText.Lines(forecast, format == OutputFormat.Wide ? int.MaxValue : MostNodes).Select((l, i) => new Line(l, i == 1 ? forecast.CompletedAt is null ? Tone.Bad : Tone.Good : Tone.Plain)),
                .. notes,
                .. target.Note is { } note ? (Line[])[new(note)] : [],
                .. WaitsForPerson(forecast, file.Policy.Spec) && fleet.ApprovedAfter is null ? (Line[])[new("--approved-after 1h simulates an approval.")] : [],
            ]);
        }

        return forecast.CompletedAt is null ? ExitCode.NotReady : ExitCode.Ok;
    }

    private static bool WaitsForPerson(RolloutForecast forecast, UpgradePolicySpec spec) =>
        forecast.Waves.Any(w => w.StartedAt is null && spec.Rollout.Waves?.Any(s => s.Name == w.Name && s.Approval == WaveApproval.Manual) == true);

    private (FleetDescription, PlannedTarget, IReadOnlyList<Line>) Described(ParseResult arguments, PolicyFile file, string[] groups)
    {
        var zones = arguments.GetValue(_zones)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        FleetNodes[] nodes = [.. groups.Select((g, i) => FleetOptions.Nodes(g, file.Policy.Spec.NodeSelector, zones, i))];
        return (Fleet(arguments, nodes, new()), PlannedTarget.Of(file.Policy.Spec.ImageRef.Name, file.Image, null), []);
    }

    private async Task<(FleetDescription, PlannedTarget, IReadOnlyList<Line>)> LiveAsync(ParseResult arguments, PolicyFile file, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_zones) is not null)
        {
            throw CommandException.Usage("--zones applies to the nodes of --nodes only, because nodes of the cluster have their own zones. Omit it, or add --nodes.");
        }

        using var client = _commands.Connect(arguments);
        var nodes = (await client.ListAsync(ClusterResources.Nodes, ListOptions.All, cancellationToken)).Items;
        var systems = (await client.ListAsync(ClusterResources.NodeOSes, ListOptions.All, cancellationToken)).Items;
        var live = await client.GetAsync(ClusterResources.UpgradePolicies, NamespacedName.ClusterScoped(file.Policy.Metadata.Name), cancellationToken);
        var image = await client.GetAsync(ClusterResources.OSImages, NamespacedName.ClusterScoped(file.Policy.Spec.ImageRef.Name), cancellationToken);
        if (nodes.Count == 0)
        {
            throw new CommandException("The cluster has no nodes: describe some with --nodes.");
        }

        var measured = live?.Status?.Durations;
        Node[] selected = [.. nodes.Where(n => file.Policy.Spec.NodeSelector.Matches(n.Metadata.Labels))];
        return (Fleet(arguments, LiveFleet.Nodes(nodes, systems), LiveFleet.Durations(measured)), PlannedTarget.Of(file.Policy.Spec.ImageRef.Name, file.Image, image), [.. LiveFleet.Notes(selected, systems, measured)]);
    }

    private FleetDescription Fleet(ParseResult arguments, IReadOnlyList<FleetNodes> nodes, FleetDurations durations)
    {
        var fleet = new FleetDescription
        {
            Nodes = nodes,
            Durations = FleetOptions.Durations(arguments.GetRequiredValue(_durations), durations),
            Failures = FleetOptions.Failures(arguments.GetRequiredValue(_failures)),
            Start = arguments.GetValue(_start) is { } start ? FleetOptions.Moment("--start", start) : _commands.Environment.Time.GetUtcNow().TruncateToSeconds(),
            Seed = arguments.GetValue(_seed),
            ApprovedAfter = arguments.GetValue(_approved) is { } approved ? FleetOptions.Time("--approved-after", approved) : null,
        };
        return arguments.GetValue(_horizon) is { } horizon ? fleet with { Horizon = FleetOptions.Time("--horizon", horizon) } : fleet;
    }
}
