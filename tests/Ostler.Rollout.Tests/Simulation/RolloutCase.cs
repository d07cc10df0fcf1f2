using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>A random cluster and what befalls it, small enough to read when it fails.</summary>
internal sealed record RolloutCase
{
    /// <summary>When everything that could go on for ever is lifted, so that every rollout can end.</summary>
    private static readonly TimeSpan Lifted = TimeSpan.FromHours(6);

    public int Seed { get; init; }

    public int Nodes { get; init; } = 3;

    public IntOrPercent MaxUnavailable { get; init; } = IntOrPercent.Count(1);

    public IntOrPercent StageAhead { get; init; } = IntOrPercent.Percent(25);

    public int SoakSeconds { get; init; } = 30;

    public int DrainMinutes { get; init; } = 30;

    public DrainTimeoutAction OnTimeout { get; init; }

    public bool Automatic { get; init; } = true;

    public int MaxFailures { get; init; }

    /// <summary>What goes back when too many fail.</summary>
    public RollbackScope Scope { get; init; }

    public int? MinAvailable { get; init; }

    /// <summary>Whether there are drain rules, pods that they speak of, and a database that goes last.</summary>
    public bool HasRules { get; init; }

    /// <summary>How many pods of workloads fit on a node.</summary>
    public int? Capacity { get; init; }

    public DrainPreflight Preflight { get; init; }

    /// <summary>Whether two databases have their primaries and replicas crosswise on the first two nodes.</summary>
    public bool HasPrimaries { get; init; }

    /// <summary>Whether there is a store whose pods have volumes, and the policy waits two minutes for them to detach.</summary>
    public bool HasVolumes { get; init; }

    /// <summary>Whether every other host can soft-reboot, and the policy lets it.</summary>
    public bool Softly { get; init; }

    /// <summary>How old an image must be before nodes get it.</summary>
    public int MinAgeMinutes { get; init; }

    /// <summary>How the rollout is held back: waves, windows, zones.</summary>
    public CasePace Pace { get; init; } = new();

    public IReadOnlyList<CaseFault> Faults { get; init; } = [];

    /// <summary>What is asked about the cluster before a node is disrupted.</summary>
    public IReadOnlyList<CaseGate> Gates { get; init; } = [];

    /// <summary>How often each check of the controller's must pass in a row.</summary>
    public IReadOnlyList<int> Checks { get; init; } = [];

    public override string ToString() =>
        $"seed {Seed}: {Nodes} nodes, maxUnavailable {MaxUnavailable}, stageAhead {StageAhead}, soak {SoakSeconds}s, drain {DrainMinutes}m {OnTimeout}, "
        + $"automatic {Automatic}, maxFailures {MaxFailures}, scope {Scope}, minAvailable {MinAvailable}, rules {HasRules}, capacity {Capacity}, "
        + $"preflight {Preflight}, primaries {HasPrimaries}, volumes {HasVolumes}, softly {Softly}, minAge {MinAgeMinutes}m, "
        + $"checks [{string.Join(", ", Checks)}], {Pace}; "
        + $"{string.Join("; ", [.. Gates.Select(g => g.ToString()), .. Faults.Select(f => f.ToString())])}";

    public SimulationScenario Scenario()
    {
        var policy = Trees.Policy(s => Pace.Apply(s with
        {
            Rollout = s.Rollout with { MaxUnavailable = MaxUnavailable, StageAhead = StageAhead, Soak = Duration.FromSeconds(SoakSeconds) },
            Drain = s.Drain with
            {
                Timeout = Duration.FromMinutes(DrainMinutes),
                OnTimeout = OnTimeout,
                Preflight = Preflight,
                Rules = HasRules ? DrainScenarios.Rules : null,
                VolumeDetachTimeout = HasVolumes ? Duration.FromMinutes(2) : null,
            },
            Reboot = s.Reboot with { Method = Softly ? RebootMethod.Auto : RebootMethod.Reboot },
            Rollback = new() { Automatic = Automatic, Scope = Scope, MaxFailures = IntOrPercent.Count(MaxFailures) },
            Gates = Gates.Count == 0 ? null : [.. Gates.Select((g, i) => g.Spec(i))],
            Health = new() { Checks = [.. Checks.Select((successes, i) => Scenarios.Errors with { Name = $"check-{i}", Successes = successes })] },
        }));
        return new()
        {
            Seed = (ulong)Seed,
            Horizon = TimeSpan.FromDays(3),
            Nodes = Scenarios.Nodes(Nodes, (i, n) => n with
            {
                Labels = Pace.Labels(i, new() { ["topology.kubernetes.io/zone"] = i % 2 == 0 ? "a" : "b", ["half"] = i <= Nodes / 2 ? "first" : "second" }),
                ClockSkew = TimeSpan.FromMinutes(((Seed + i) % 5) - 2),
                Capacity = Capacity,
                SoftReboots = Softly && i % 2 == 1,
                Pods = HasRules
                    ? [.. n.Pods, DrainScenarios.Pod($"job-{i}", "Job", "apps", "batch"), DrainScenarios.Pod($"probe-{i}", "ReplicaSet", "lab", "probe")]
                    : n.Pods,
            }),
            Policies = new Dictionary<string, UpgradePolicySpec> { ["edge"] = policy },
            Image = Trees.ImageSpec with { MinAge = Duration.FromMinutes(MinAgeMinutes) },
            TargetDigest = Trees.New,
            TargetVersion = "42",
            Workloads =
            [
                new() { Name = "web", Replicas = Nodes + 1, MinAvailable = MinAvailable },
                .. HasRules ? [Database] : Array.Empty<SimulatedWorkload>(),
                .. HasPrimaries ? DrainScenarios.Crosswise : [],
                .. HasVolumes ? [DrainScenarios.Store] : Array.Empty<SimulatedWorkload>(),
            ],
            LeaderNode = "n1",
            Faults =
            [
                .. Faults.Select(f => f.ToFault(Nodes)),
                .. Gates.SelectMany((g, i) => g.Faults(i, Lifted)),
                .. Enumerable.Range(1, HasRules ? Nodes : 0).Select(i => new SimulationFault.PodCompletes(TimeSpan.FromMinutes((Seed + i) % 50), $"job-{i}")),
                .. Enumerable.Range(1, Nodes).Select(i => new SimulationFault.CapacityChanges(Lifted, $"n{i}", null)),
                .. Enumerable.Range(1, Nodes).Select(i => new SimulationFault.HumanHolds(Lifted, $"n{i}", null)),
                new SimulationFault.BudgetChanges(Lifted, "web", null),
                .. (HasPrimaries ? DrainScenarios.Crosswise : []).Select(w => new SimulationFault.BudgetChanges(Lifted, w.Name, null)),
                new SimulationFault.PolicyChanges(Lifted, "edge", s => CasePace.Lift(s with { Paused = false })),
            ],
        };
    }

    /// <summary>
    /// As it is written in <see cref="KeptCases"/>. Every field: a seed alone means another case as soon as somebody adds a field.
    /// </summary>
    public string ToCode() =>
        $"new() {{ Seed = {Seed}, Nodes = {Nodes}, MaxUnavailable = {Code(MaxUnavailable)}, StageAhead = {Code(StageAhead)}, SoakSeconds = {SoakSeconds}, "
        + $"DrainMinutes = {DrainMinutes}, OnTimeout = DrainTimeoutAction.{OnTimeout}, Automatic = {Code(Automatic)}, MaxFailures = {MaxFailures}, Scope = RollbackScope.{Scope}, "
        + $"MinAvailable = {Code(MinAvailable)}, HasRules = {Code(HasRules)}, Capacity = {Code(Capacity)}, Preflight = DrainPreflight.{Preflight}, "
        + $"HasPrimaries = {Code(HasPrimaries)}, HasVolumes = {Code(HasVolumes)}, Softly = {Code(Softly)}, "
        + $"MinAgeMinutes = {MinAgeMinutes}, Checks = [{string.Join(", ", Checks)}], Pace = {Pace.ToCode()}, "
        + $"Gates = [{string.Join(", ", Gates.Select(g => g.ToCode()))}], Faults = [{string.Join(", ", Faults.Select(f => f.ToCode()))}] }}";

    public static RolloutCase From(int seed)
    {
        var random = new SeededSequence((ulong)seed);
        var nodes = 1 + random.Below(7);
        var drawn = new RolloutCase
        {
            Seed = seed,
            Nodes = nodes,
            MaxUnavailable = Pick(random, IntOrPercent.Count(1), IntOrPercent.Count(2), IntOrPercent.Count(3), IntOrPercent.Percent(50)),
            StageAhead = Pick(random, IntOrPercent.Count(0), IntOrPercent.Percent(25), IntOrPercent.Percent(100)),
            SoakSeconds = Pick(random, 0, 30, 120),
            DrainMinutes = Pick(random, 3, 10, 30),
            OnTimeout = Pick(random, DrainTimeoutAction.Release, DrainTimeoutAction.Release, DrainTimeoutAction.Force, DrainTimeoutAction.Hold),
            Automatic = random.Below(4) > 0,
            MaxFailures = random.Below(4),
            MinAvailable = Pick<int?>(random, null, null, 1, nodes, nodes + 1),
            Faults = [.. Enumerable.Range(0, random.Below(9)).Select(_ => CaseFault.From(random))],
            HasRules = random.Below(3) == 0,
            Capacity = Pick<int?>(random, null, null, 2, 3),
            Preflight = Pick(random, DrainPreflight.Respect, DrainPreflight.Respect, DrainPreflight.Ignore),
            HasPrimaries = nodes > 1 && random.Below(3) == 0,
            Checks = [.. Enumerable.Range(0, random.Below(3)).Select(_ => 1 + random.Below(3))],
            Pace = CasePace.From(random),
            Scope = Pick(random, RollbackScope.Node, RollbackScope.Wave, RollbackScope.Policy),
            HasVolumes = random.Below(4) == 0,
            Softly = random.Below(3) == 0,
            MinAgeMinutes = Pick(random, 0, 0, 0, 10, 40),
            Gates = [.. Enumerable.Range(0, Math.Max(0, random.Below(5) - 2)).Select(_ => CaseGate.From_(random))],
        };
        return random.Below(4) == 0 ? drawn.WithBlame(random) : drawn;
    }

    // By chance alone too few images are blamed: a proof that an image is bad, on more nodes than may fail, before something else ends the
    // rollout, with others that run it by then.
    private RolloutCase WithBlame(SeededSequence random) => this with
    {
        MaxFailures = 0,
        Automatic = true,
        Faults = [CaseFault.Blames(random, random.Below(3) == 0 ? random.Below(Nodes) : Nodes - 1), .. Faults.Take(3)],
    };

    private static SimulatedWorkload Database => new()
    {
        Name = "db",
        Replicas = 2,
        ControllerKind = "StatefulSet",
        Labels = new Dictionary<string, string> { ["tier"] = "db" },
    };

    private static T Pick<T>(SeededSequence random, params T[] values) => values[random.Below(values.Length)];

    private static string Code(IntOrPercent value) => value.IsPercent ? $"IntOrPercent.Percent({value.Value})" : $"IntOrPercent.Count({value.Value})";

    private static string Code(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "null";

    private static string Code(bool value) => value ? "true" : "false";

    /// <summary>The cases that are a little simpler.</summary>
    public static IEnumerable<RolloutCase> Shrink(RolloutCase c) =>
        [.. c.Gates.Select((_, i) => c with { Gates = [.. c.Gates.Where((_, at) => at != i)] }), .. ShrinkRest(c)];

    private static IEnumerable<RolloutCase> ShrinkRest(RolloutCase c)
    {
        for (var i = 0; i < c.Faults.Count; i++)
        {
            yield return c with { Faults = [.. c.Faults.Where((_, at) => at != i)] };
        }

        if (c.Nodes > (c.HasPrimaries ? 2 : 1))
        {
            yield return c with { Nodes = c.Nodes - 1 };
        }

        RolloutCase[] simpler =
        [
            c with { Scope = RollbackScope.Node },
            c with { HasRules = false },
            c with { HasPrimaries = false },
            c with { Softly = false },
            c with { HasVolumes = false },
            c with { Capacity = null },
            c with { MinAvailable = null },
            c with { MinAgeMinutes = 0 },
        ];
        foreach (var one in simpler.Where(s => s != c))
        {
            yield return one;
        }

        for (var i = 0; i < c.Checks.Count; i++)
        {
            yield return c with { Checks = [.. c.Checks.Where((_, at) => at != i)] };
        }

        foreach (var pace in (CasePace[])[c.Pace with { Waves = 0 }, c.Pace with { WindowMinutes = 0 }, c.Pace with { Domains = 0 }, c.Pace with { ControlPlane = 0 }])
        {
            if (pace != c.Pace)
            {
                yield return c with { Pace = pace };
            }
        }
    }
}
