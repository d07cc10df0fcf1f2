using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Validation;

namespace Ostler.Simulation;

/// <summary>Checks what a forecast is asked for, before anything is simulated.</summary>
internal sealed class FleetValidation
{
    private const int MostNodes = 50_000;
    private const int MostPods = 500_000;

    private readonly List<FieldProblem> _found = [];

    public static IReadOnlyList<FieldProblem> Validate(FleetDescription fleet, UpgradePolicySpec policy, FleetTarget target)
    {
        var check = new FleetValidation();
        if (check.Nodes(fleet) is { } names)
        {
            check.Workloads(fleet.Workloads, names);
            check.Require(
                fleet.LeaderNode is null || names.Contains(fleet.LeaderNode), "leaderNode", $"{fleet.LeaderNode} is not one of the described nodes: name one of them, or remove it");
        }

        check.Range("durations.staging", fleet.Durations.Staging);
        check.Range("durations.podTermination", fleet.Durations.PodTermination);
        check.Range("durations.reboot", fleet.Durations.Reboot);
        check.Range("durations.kubelet", fleet.Durations.Kubelet);
        check.Range("durations.hostChecks", fleet.Durations.HostChecks);
        check.Rates(fleet.Failures);
        check.Between("horizon", fleet.Horizon, TimeSpan.FromSeconds(1), TimeSpan.FromDays(366), "720h");
        check.Between("resolution", fleet.Resolution, TimeSpan.FromMilliseconds(100), FleetScenario.CoarsestResolution, "5s");
        check.Between("approvedAfter", fleet.ApprovedAfter, TimeSpan.Zero, TimeSpan.FromDays(366), "1h");
        check.Require(IsDigest(target.Digest), "target.digest", "must be 64 hexadecimal digits in lower case: copy status.resolved.digest of the OSImage");
        check._found.AddRange(SpecValidation.Validate(target.Image).Select(p => p with { Field = $"target.image.{p.Field}" }));
        check._found.AddRange(SpecValidation.Validate(policy, fleet.Start).Select(p => p with { Field = $"policy.{p.Field}" }));
        if (check._found.Count == 0 && !FleetScenario.Nodes(fleet, target).Any(n => policy.NodeSelector.Matches(n.Labels)))
        {
            check.Require(false, "policy.spec.nodeSelector", "matches none of the described nodes: give them its labels in nodes[].labels, or widen it");
        }

        return check._found;
    }

    // The names, or null when there are none to speak of.
    private HashSet<string>? Nodes(FleetDescription fleet)
    {
        if (fleet.Nodes.Count == 0)
        {
            Require(false, "nodes", "describe at least one node, as in {name: edge, count: 3}");
            return null;
        }

        for (var i = 0; i < fleet.Nodes.Count; i++)
        {
            var (at, group) = ($"nodes[{i}]", fleet.Nodes[i]);
            Require(IsName(group.Name), $"{at}.name", "must be a Node's name: lower case letters, digits, - and ., such as edge or node-1.acme.example");
            Require(group.Count is null or > 0, $"{at}.count", $"must be 1 or more, or be omitted for one node named {group.Name}");
            Require(group.Zones is null || group.Zones is { Count: > 0 } && group.Zones.All(z => z.Length > 0), $"{at}.zones", "lists names of zones, as in [a, b, c]: omit it if there are none");
            Require(group.Digest is null || IsDigest(group.Digest), $"{at}.digest", "must be 64 hexadecimal digits in lower case, or be omitted for an image other than the target");
            Require(group.Capacity is null or >= 0, $"{at}.capacity", "must be 0 or more, or be omitted for any number of pods");
        }

        if (_found.Count > 0)
        {
            return null;
        }

        if (fleet.Nodes.Sum(n => (long)(n.Count ?? 1)) > MostNodes)
        {
            Require(false, "nodes", $"describe at most {MostNodes} nodes in all: forecast policy by policy");
            return null;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < fleet.Nodes.Count; i++)
        {
            if (FleetScenario.NamesOf(fleet.Nodes[i]).FirstOrDefault(n => !names.Add(n)) is { } twice)
            {
                Require(false, $"nodes[{i}].name", $"describes {twice} a second time: choose another name");
            }
        }

        return names;
    }

    private void Workloads(IReadOnlyList<SimulatedWorkload> workloads, HashSet<string> nodes)
    {
        for (var i = 0; i < workloads.Count; i++)
        {
            var (at, workload) = ($"workloads[{i}]", workloads[i]);
            Require(workload.Name.Length > 0, $"{at}.name", "names the workload and must not be empty");
            Require(workloads.Take(i).All(w => w.Name != workload.Name), $"{at}.name", $"{workload.Name} is described before: choose another name");
            Require(workload.Replicas >= 0, $"{at}.replicas", "must be 0 or more");
            Require(workload.MinAvailable is null or >= 0, $"{at}.minAvailable", "must be 0 or more, or be omitted if there is no PodDisruptionBudget");
            Require(workload.Homes?.FirstOrDefault(h => !nodes.Contains(h)) is not { } stranger, $"{at}.homes", $"lists a node that is not described: use names of nodes");
        }

        Require(workloads.Sum(w => (long)Math.Max(0, w.Replicas)) <= MostPods, "workloads", $"describe at most {MostPods} pods in all");
    }

    private void Range(string field, DurationRange range)
    {
        Require(range.Least >= Duration.Zero, $"{field}.least", "must not be negative");
        Require(range.Least <= range.Most, field, $"least ({range.Least}) exceeds most ({range.Most}): swap them");
    }

    private void Rates(FailureRates rates)
    {
        var before = _found.Count;
        Rate("failures.staging", rates.Staging);
        Rate("failures.fallsBack", rates.FallsBack);
        Rate("failures.neverReturns", rates.NeverReturns);
        Rate("failures.unhealthy", rates.Unhealthy);
        if (_found.Count == before)
        {
            Require(
                rates.FallsBack + rates.NeverReturns + rates.Unhealthy <= 1, "failures",
                "a boot goes wrong in one way only: fallsBack, neverReturns and unhealthy must not exceed 1 together");
        }
    }

    // Not a number is refused, too.
    private void Rate(string field, double rate) => Require(rate is >= 0 and <= 1, field, "is a share from 0 to 1: write 0.05 for one node in twenty");

    private void Between(string field, Duration? value, TimeSpan least, TimeSpan most, string example) => Require(
        value is not { } given || (given.Value >= least && given.Value <= most), field,
        $"must lie between {new Duration(least)} and {new Duration(most)}, as in {example}");

    private void Require(bool holds, string field, string otherwise)
    {
        if (!holds)
        {
            _found.Add(new(field, Reasons.Invalid, otherwise));
        }
    }

    private static bool IsDigest(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static bool IsName(string text) => text.Length is > 0 and <= 253
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.') && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);
}
