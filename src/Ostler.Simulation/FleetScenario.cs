using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Slots;
using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>Makes of a description that was found valid the cluster that is simulated.</summary>
internal static class FleetScenario
{
    /// <summary>How often in a row an agent may fail to fetch: more would say nothing more.</summary>
    private const int MostStagingFailures = 20;

    private static readonly string SomeTree = new('0', 64);

    private static readonly string SomeOtherTree = new('1', 64);

    public static SimulationScenario Of(FleetDescription fleet, string policy, UpgradePolicySpec spec, FleetTarget target)
    {
        var look = Resolution(fleet);
        return new()
        {
            Seed = fleet.Seed,
            Start = fleet.Start,
            Horizon = fleet.Horizon,
            Nodes = [.. Nodes(fleet, target)],
            // Of the policies that it depends on nothing is described.
            Policies = new Dictionary<string, UpgradePolicySpec> { [policy] = spec with { DependsOn = null } },
            // The forecast begins when the image is old enough.
            Image = target.Image with { MinAge = Duration.Zero },
            ImageName = spec.ImageRef.Name,
            TargetDigest = target.Digest,
            TargetVersion = target.Version,
            Workloads = fleet.Workloads,
            Faults = [.. Faults(fleet)],
            LeaderNode = fleet.LeaderNode,
            // A forecast is one itself.
            Estimates = false,
            Latencies = new()
            {
                Controller = (look, look),
                Staging = fleet.Durations.Staging.Span,
                PodTermination = fleet.Durations.PodTermination.Span,
                Boot = fleet.Durations.Reboot.Span,
                Kubelet = fleet.Durations.Kubelet.Span,
                HostChecks = fleet.Durations.HostChecks.Span,
            },
        };
    }

    /// <summary>Who looks less often than answers hold finds each too old, asks again, and never grants a slot.</summary>
    public static readonly TimeSpan CoarsestResolution = Preflight.Lifetime;

    public static TimeSpan Resolution(FleetDescription fleet) =>
        fleet.Resolution
        ?? TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(fleet.Nodes.Sum(n => n.Count ?? 1) * 0.006), 2, CoarsestResolution.TotalSeconds));

    public static IEnumerable<SimulatedNodeSpec> Nodes(FleetDescription fleet, FleetTarget target)
    {
        foreach (var group in fleet.Nodes)
        {
            var index = 0;
            foreach (var name in NamesOf(group))
            {
                yield return new()
                {
                    Name = name,
                    Digest = group.Digest ?? (target.Digest == SomeTree ? SomeOtherTree : SomeTree),
                    Version = group.Version,
                    Labels = LabelsOf(group, index++),
                    Capacity = group.Capacity,
                    // Not known: just now. The forecast is not of reboots that nobody knows to be due.
                    BootedAt = group.BootedAt ?? fleet.Start,
                };
            }
        }
    }

    public static IEnumerable<string> NamesOf(FleetNodes group)
    {
        if (group.Count is not { } count)
        {
            return [group.Name];
        }

        // In order of their numbers when they are sorted by name.
        var digits = "D" + count.ToString(CultureInfo.InvariantCulture).Length.ToString(CultureInfo.InvariantCulture);
        return Enumerable.Range(1, count).Select(i => $"{group.Name}-{i.ToString(digits, CultureInfo.InvariantCulture)}");
    }

    private static Dictionary<string, string> LabelsOf(FleetNodes group, int index)
    {
        var labels = new Dictionary<string, string>(group.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        if (group.Zones is { Count: > 0 } zones)
        {
            labels[NodeMarks.ZoneLabel] = zones[index % zones.Count];
        }

        if (group.ControlPlane)
        {
            labels[NodeMarks.ControlPlaneLabel] = "";
        }

        return labels;
    }

    // From a sequence of their own: who fails does not change with what else is drawn.
    private static IEnumerable<SimulationFault> Faults(FleetDescription fleet)
    {
        var random = new SeededSequence(~fleet.Seed);
        foreach (var (group, name) in fleet.Nodes.SelectMany(g => NamesOf(g).Select(n => (g, n))))
        {
            var failures = 0;
            while (Share(random) < fleet.Failures.Staging && failures < MostStagingFailures)
            {
                failures++;
            }

            if (failures > 0)
            {
                yield return new SimulationFault.StagingFails(TimeSpan.Zero, name, failures);
            }

            if (BootOf(fleet.Failures, Share(random)) is { } boot)
            {
                yield return new SimulationFault.Boots(TimeSpan.Zero, name, [boot]);
            }

            if (group.Cordoned)
            {
                yield return new SimulationFault.HumanCordons(TimeSpan.Zero, name);
            }

            if (!group.Ready)
            {
                yield return new SimulationFault.KubeletIsAway(TimeSpan.Zero, name, fleet.Horizon.Value + TimeSpan.FromDays(1));
            }
        }
    }

    private static SimulatedBoot? BootOf(FailureRates rates, double drawn) =>
        drawn < rates.FallsBack ? SimulatedBoot.FallsBack
        : drawn < rates.FallsBack + rates.NeverReturns ? SimulatedBoot.NeverReturns
        : drawn < rates.FallsBack + rates.NeverReturns + rates.Unhealthy ? SimulatedBoot.Unhealthy
        : null;

    // From 0 to below 1, in the 53 bits that a double holds.
    private static double Share(SeededSequence random) => (random.Next() >> 11) * (1.0 / (1UL << 53));
}
