using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Validation;

namespace Ostler.Simulation;

/// <summary>Something that is about to happen, told before it takes effect, so that it can be judged by the world as it is.</summary>
public abstract record SimulatedStep
{
    /// <summary>The controller has looked and decided; nothing has changed since it looked.</summary>
    public sealed record Plans(string Policy, RolloutPlan Plan, RolloutSnapshot Snapshot) : SimulatedStep;

    /// <summary>The controller writes.</summary>
    public sealed record Writes(string Policy, NodeAction Action) : SimulatedStep;

    /// <summary>A host goes down on the order of its agent.</summary>
    public sealed record Reboots(string Node, Goal Goal) : SimulatedStep;
}

/// <summary>
/// A cluster in virtual time around the real planner: agents, kubelets, pods and budgets, people and faults. The seed determines every
/// latency and the order of what happens at once; the same scenario always gives the same run.
/// </summary>
/// <remarks>
/// The controller of the simulation sees its own former writes, as the real one does before it plans. What it does not see is what others
/// write between its look and its write; writes that carry a resource version then fail, and the rest of that node's actions is left out.
/// </remarks>
public sealed class RolloutSimulation
{
    private readonly SimulatedController _controller;
    private readonly AgentLoops _agents;
    private readonly SimulatedMachines _machines;
    private bool _schedulesPods;

    public RolloutSimulation(SimulationScenario scenario)
    {
        World = new(scenario);
        _machines = new(this);
        _agents = new(this, _machines);
        _controller = new(this);
        var created = scenario.Start - TimeSpan.FromDays(30);
        foreach (var spec in scenario.Nodes)
        {
            World.Add(spec, created += TimeSpan.FromMinutes(1), 0);
            foreach (var pod in spec.Pods)
            {
                World.Pods.Add(spec.Name, pod);
            }
        }

        foreach (var (name, spec) in scenario.Policies)
        {
            World.Policies[name] = new(name, spec);
        }

        foreach (var pod in World.Pods.Schedule(World.Nodes))
        {
            pod.Ready = true;
        }

        _controller.Start();
        foreach (var fault in scenario.Faults)
        {
            World.Time.At(scenario.Start + fault.At, () => SimulatedFaults.Strike(this, fault));
        }
    }

    /// <summary>
    /// Foretells a rollout: the real planner moves the described fleet to the target in virtual time. The same arguments always give the
    /// same forecast.
    /// </summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="policy">The policy's name.</param>
    /// <param name="spec">The policy's spec. Other policies that it depends on are taken to be Ready.</param>
    /// <param name="target">What the policy's image resolves to.</param>
    /// <exception cref="ArgumentException">Something is not valid. The message has what <see cref="Validate"/> found, a line
    /// each.</exception>
    public static RolloutForecast Forecast(FleetDescription fleet, string policy, UpgradePolicySpec spec, FleetTarget target)
    {
        if (Validate(fleet, spec, target) is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join('\n', problems.Select(p => $"{p.Field}: {p.Message}")), nameof(fleet));
        }

        var simulation = new RolloutSimulation(FleetScenario.Of(fleet, policy, spec, target));
        var record = new ForecastRecord(simulation, fleet, policy, spec.DependsOn ?? []);
        simulation.Run();
        return record.Ending();
    }

    /// <summary>
    /// What is wrong with a description, a policy or a target, field by field, and what to write instead; empty: a forecast can be made.
    /// </summary>
    public static IReadOnlyList<FieldProblem> Validate(FleetDescription fleet, UpgradePolicySpec spec, FleetTarget target) =>
        FleetValidation.Validate(fleet, spec, target);

    public SimulatedWorld World { get; }

    /// <summary>Called before each step, to judge it.</summary>
    public Action<SimulatedWorld, SimulatedStep>? OnStep { get; set; }

    /// <summary>Called after each event.</summary>
    public Action<SimulatedWorld>? OnEvent { get; set; }

    /// <summary>How many writes the controller has made.</summary>
    public int ControllerWrites => _controller.Writes;

    /// <summary>How many steps the agents have taken.</summary>
    public int AgentSteps => _agents.Steps;

    internal SimulatedController Controller => _controller;

    internal AgentLoops Agents => _agents;

    internal SimulatedMachines Machines => _machines;

    /// <summary>Runs until nothing is left to happen, or to the horizon. True: nothing is left.</summary>
    public bool Run()
    {
        var horizon = World.Scenario.Start + World.Scenario.Horizon;
        while (World.Time.Step(horizon))
        {
            OnEvent?.Invoke(World);
        }

        return World.Now < horizon && !_controller.HasWork;
    }

    /// <summary>
    /// Whether the controller ends within a minute what it had begun when the horizon came: one that tries something every now and then,
    /// for as long as the world does not change, does.
    /// </summary>
    public bool ComesToRest()
    {
        var latest = World.Now + TimeSpan.FromMinutes(1);
        while (_controller.HasWork && World.Time.Step(latest))
        {
            OnEvent?.Invoke(World);
        }

        return !_controller.HasWork;
    }

    internal void Publish(SimulatedStep step) => OnStep?.Invoke(World, step);

    /// <summary>A Node, its NodeOS or its pods changed: whoever watches it looks.</summary>
    internal void Changed(SimulatedNode node)
    {
        _controller.Enqueue();
        SchedulePods();
        if (!node.Gone && node.OS is not null)
        {
            _agents.Wake(node);
        }
    }

    internal void SchedulePods()
    {
        if (_schedulesPods)
        {
            return;
        }

        _schedulesPods = true;
        World.Time.In(TimeSpan.FromSeconds(1), () =>
        {
            _schedulesPods = false;
            foreach (var (workload, primary) in World.Pods.FailOver(World))
            {
                World.Record(workload, $"primary: now {primary.Facts.Name} on {primary.Node}");
                _controller.Enqueue();
            }

            foreach (var pod in World.Pods.Schedule(World.Nodes))
            {
                _controller.Enqueue();
                World.Time.In(World.Random.Between(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20)), () =>
                {
                    pod.Ready = World.Find(pod.Node) is { Ready: true };
                    _controller.Enqueue();
                    if (pod.Workload is { } name && World.Pods.Workloads[name].HasPrimary)
                    {
                        SchedulePods();
                    }
                });
            }
        });
    }
}
