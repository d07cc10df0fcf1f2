using System.CommandLine;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Plan;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Simulation;

namespace Ostler.Cli.Commands;

/// <summary><c>plan -f policy.yaml</c>: the real planner in virtual time.</summary>
internal sealed class PlanCommand
{
    private readonly CommandRunner _commands;
    private readonly Option<string> _file = new("--filename", "-f") { Description = "The file with the UpgradePolicy, and optionally its OSImage, in YAML or JSON. -: standard input", HelpName = "FILE", Required = true };
    private readonly Option<string?> _policy =
        new("--policy") { Description = "Only this policy. Default: all policies of the file, planned together", HelpName = "NAME" };
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
        var text = await InputFile.ReadAsync(name, _commands.Environment.In, cancellationToken);
        var files = PolicyOrder.Sorted(PolicyFile.Read(text, name == "-" ? "standard input" : name, arguments.GetValue(_policy)));
        var described = arguments.GetRequiredValue(_nodes);
        var cases = described.Length > 0 ? Described(arguments, files, described) : await LiveAsync(arguments, files, cancellationToken);
        PolicyOrder.RefuseConflicts(files, cases[0].Fleet.Nodes);
        var forecasts = new List<(PlanCase Case, RolloutForecast? Forecast)>();
        foreach (var one in cases)
        {
            forecasts.Add(await ForecastAsync(one, files, forecasts, cancellationToken));
        }

        await PrintAsync(forecasts, arguments.GetValue(_output));
        return forecasts.All(f => f.Forecast?.CompletedAt is not null) ? ExitCode.Ok : ExitCode.NotReady;
    }

    // A policy begins when those of the file that it depends on are complete; others are taken to be Ready.
    private static async Task<(PlanCase, RolloutForecast?)> ForecastAsync(
        PlanCase one, IReadOnlyList<PolicyFile> files, IReadOnlyList<(PlanCase Case, RolloutForecast? Forecast)> before,
            CancellationToken cancellationToken)
    {
        var (policy, spec) = (one.File.Policy.Metadata.Name, one.File.Policy.Spec);
        string[] awaited = [.. PolicyOrder.Within(one.File.Policy, files)];
        DateTimeOffset?[] ends = [.. before.Where(f => awaited.Contains(f.Case.File.Policy.Metadata.Name))
            .Select(f => f.Forecast?.CompletedAt)];
        if (ends.Contains(null))
        {
            return (one with
            {
                Notes = [new($"{policy}: not started, since {string.Join(", ", awaited)} would not complete "
                + $"(spec.dependsOn).", Tone.Bad)]
            }, null);
        }

        if (awaited.Length > 0)
        {
            one = one with
            {
                Fleet = one.Fleet with { Start = ends.Append(one.Fleet.Start).Max()!.Value },
                Notes = [$"Starts once {string.Join(", ", awaited)} {(awaited.Length == 1 ? "is" : "are")} complete (spec.dependsOn).",
                    .. one.Notes],
            };
            spec = spec with { DependsOn = [.. spec.DependsOn!.Except(awaited)] };
        }

        if (RolloutSimulation.Validate(one.Fleet, spec, one.Target.Target) is { Count: > 0 } problems)
        {
            throw CommandException.Usage((files.Count > 1 ? $"{policy}: " : "")
                + string.Join(" ", problems.Select(p => $"{p.Field}: {p.Message}.")));
        }

        // Seconds for thousands of nodes; Ctrl-C must end it all the same.
        return (one, await Task.Run(() => RolloutSimulation.Forecast(one.Fleet, policy, spec, one.Target.Target), cancellationToken)
            .WaitAsync(cancellationToken));
    }

    private async Task PrintAsync(List<(PlanCase Case, RolloutForecast? Forecast)> forecasts, OutputFormat format)
    {
        if (format is OutputFormat.Json or OutputFormat.Yaml)
        {
            JsonObject[] documents = [.. forecasts.Where(f => f.Forecast is not null).Select(f => ForecastJson.Of(f.Forecast!))];
            await _commands.Environment.Out.WriteAsync(ObjectText.Of(
                forecasts.Count == 1 ? documents[0] : new JsonObject { ["forecasts"] = new JsonArray([.. documents]) }, format));
            return;
        }

        var isFirst = true;
        foreach (var (one, forecast) in forecasts)
        {
            _commands.Printer.Print(isFirst ? Lines(one, forecast, format == OutputFormat.Wide)
                : Lines(one, forecast, format == OutputFormat.Wide).Prepend(new("")));
            isFirst = false;
        }
    }

    private static IEnumerable<Line> Lines(PlanCase one, RolloutForecast? forecast, bool wide)
    {
        var spec = one.File.Policy.Spec;
        return forecast is null ? one.Notes :
        [
            .. wide ? ForecastText.Lines(forecast, int.MaxValue).Select(l => new Line(l)) : PlanText.Lines(forecast, spec),
            new(""),
            .. one.Notes,
            .. one.Target.Note is { } note ? (Line[])[new(note)] : [],
            .. WaitsForPerson(forecast, spec) && one.Fleet.ApprovedAfter is null
                ? (Line[])[new("--approved-after 1h simulates an approval.")] : [],
            .. wide ? [] : (Line[])["-o wide prints each step of each node."],
        ];
    }

    private static bool WaitsForPerson(RolloutForecast forecast, UpgradePolicySpec spec) =>
        forecast.Waves.Any(w => w.StartedAt is null && spec.Rollout.Waves?.Any(s => s.Name == w.Name && s.Approval == WaveApproval.Manual) == true);

    private List<PlanCase> Described(ParseResult arguments, IReadOnlyList<PolicyFile> files, string[] groups)
    {
        var zones = arguments.GetValue(_zones)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        // Of several policies, which one a group is meant for only its labels can say.
        var selector = files.Count == 1 ? files[0].Policy.Spec.NodeSelector : new LabelSelector();
        FleetNodes[] nodes = [.. groups.Select((g, i) => FleetOptions.Nodes(g, selector, zones, i))];
        return [.. files.Select(f => new PlanCase(f, Fleet(arguments, nodes, new()),
            PlannedTarget.Of(f.Policy.Spec.ImageRef.Name, f.Image, null), []))];
    }

    private async Task<List<PlanCase>> LiveAsync(ParseResult arguments, IReadOnlyList<PolicyFile> files,
        CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_zones) is not null)
        {
            throw CommandException.Usage("--zones applies to the nodes of --nodes only, because nodes of the cluster have their own zones. Omit it, or add --nodes.");
        }

        using var client = _commands.Connect(arguments);
        var nodes = (await client.ListAsync(CoreResources.Nodes, ListOptions.All, cancellationToken)).Items;
        var systems = (await client.ListAsync(OstlerResources.NodeOSes, ListOptions.All, cancellationToken)).Items;
        if (nodes.Count == 0)
        {
            throw new CommandException("The cluster has no nodes: describe some with --nodes.");
        }

        var cases = new List<PlanCase>();
        foreach (var file in files)
        {
            var live = await client.GetAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(file.Policy.Metadata.Name),
                cancellationToken);
            var image = await client.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(file.Policy.Spec.ImageRef.Name),
                cancellationToken);
            var measured = live?.Status?.Durations;
            Node[] selected = [.. nodes.Where(n => file.Policy.Spec.NodeSelector.Matches(n.Metadata.Labels))];
            cases.Add(new(
                file, Fleet(arguments, LiveFleet.Nodes(nodes, systems), LiveFleet.Durations(measured)),
                PlannedTarget.Of(file.Policy.Spec.ImageRef.Name, file.Image, image),
                    [.. LiveFleet.Notes(selected, systems, live?.Status)]));
        }

        return cases;
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

    /// <summary>One policy to be planned.</summary>
    /// <param name="File">The policy, and its image.</param>
    /// <param name="Fleet">The nodes.</param>
    /// <param name="Target">Where to.</param>
    /// <param name="Notes">What the forecast does not know.</param>
    private sealed record PlanCase(PolicyFile File, FleetDescription Fleet, PlannedTarget Target, IReadOnlyList<Line> Notes);
}
