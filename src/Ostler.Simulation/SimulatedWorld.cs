using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>All that there is: the objects of the API server and the machines. Only the parts of the simulation change it.</summary>
public sealed class SimulatedWorld
{
    private readonly Dictionary<string, SimulatedNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<TimelineEntry> _timeline = [];
    private SimulatedNode[]? _sorted;

    internal SimulatedWorld(SimulationScenario scenario)
    {
        Scenario = scenario;
        Random = new(scenario.Seed);
        Time = new(scenario.Start, Random);
        Pods = new(scenario.Workloads, Volumes);
        Image = new()
        {
            Metadata = new() { Name = scenario.ImageName, Generation = 1 },
            Spec = scenario.Image,
        };
    }

    public SimulationScenario Scenario { get; }

    public DateTimeOffset Now => Time.Now;

    /// <summary>The nodes that are there, by name.</summary>
    public IReadOnlyList<SimulatedNode> Nodes => _sorted ??= [.. _nodes.Values.OrderBy(n => n.Name, StringComparer.Ordinal)];

    public SimulatedPods Pods { get; }

    public SimulatedVolumes Volumes { get; } = new();

    public OSImage Image { get; internal set; }

    /// <summary>The policies that there were, by name.</summary>
    public SortedDictionary<string, SimulatedPolicy> Policies { get; } = new(StringComparer.Ordinal);

    /// <summary>What happened.</summary>
    public IReadOnlyList<TimelineEntry> Timeline => _timeline;

    /// <summary>How far the API server's clock is off.</summary>
    internal TimeSpan ServerClockError { get; set; }

    /// <summary>How many outages of the API server overlap just now.</summary>
    internal int ApiOutages { get; set; }

    internal VirtualTime Time { get; }

    internal SeededSequence Random { get; }

    internal Dictionary<string, SimulatedBoot> BadTrees { get; } = new(StringComparer.Ordinal);

    internal Dictionary<(string? Node, string Check), SimulationFault.CheckSays> CheckScripts { get; } = [];

    /// <summary>What each gate would answer now, and since when; one that is not here answers yes.</summary>
    public Dictionary<(string? Node, string Gate), (CheckOutcome Outcome, DateTimeOffset Since)> GateAnswers { get; } = [];

    /// <summary>Makes a try of a check.</summary>
    internal CheckFinding Check(SimulatedNode node, string check)
    {
        var script = CheckScripts.GetValueOrDefault((node.Name, check)) ?? CheckScripts.GetValueOrDefault((null, check));
        var outcome = script is null ? CheckOutcome.Passed : script.Outcomes[Math.Min(node.ScriptedTries.GetValueOrDefault(script), script.Outcomes.Count - 1)];
        if (script is not null)
        {
            node.ScriptedTries[script] = node.ScriptedTries.GetValueOrDefault(script) + 1;
        }

        node.AddTry(check, outcome);
        return new(outcome, outcome switch
        {
            CheckOutcome.Passed => "",
            CheckOutcome.False => "errors is 0.3; wanted: Less 0.01",
            CheckOutcome.Error => "connection refused",
            CheckOutcome.Missing => "no sample",
            _ => throw new InvalidOperationException($"No such outcome: {outcome}"),
        });
    }

    public SimulatedNode? Find(string name) => _nodes.GetValueOrDefault(name);

    internal void Add(SimulatedNodeSpec spec, DateTimeOffset createdAt, int incarnation)
    {
        _nodes[spec.Name] = new(spec, createdAt, incarnation, BadTrees);
        _sorted = null;
    }

    internal void Remove(SimulatedNode node)
    {
        node.Gone = true;
        _nodes.Remove(node.Name);
        _sorted = null;
    }

    internal void Record(string who, string what) => _timeline.Add(new(Now - Time.Start, who, what));

    internal TimeSpan Draw((TimeSpan Least, TimeSpan Most) latency) => Random.Between(latency.Least, latency.Most);
}

/// <summary>A policy, and what its last pass reported.</summary>
public sealed class SimulatedPolicy(string name, UpgradePolicySpec spec)
{
    public string Name { get; } = name;

    /// <summary>Null when it is gone.</summary>
    public UpgradePolicySpec? Spec { get; internal set; } = spec;

    public long Generation { get; internal set; } = 1;

    public UpgradePolicyStatus? Status { get; internal set; }
}

/// <summary>One line of the narrative.</summary>
/// <param name="At">Since the start.</param>
/// <param name="Who">The node, the policy, or who acted.</param>
/// <param name="What">What happened.</param>
public sealed record TimelineEntry(TimeSpan At, string Who, string What)
{
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(long)At.TotalHours:00}:{At.Minutes:00}:{At.Seconds:00}  {Who,-10}  {What}");
}
