using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Text;
using Ostler.Simulation;

namespace Ostler.Cli.Plan;

/// <summary>Describes the nodes of a cluster as they are now.</summary>
internal static class LiveFleet
{
    /// <summary>
    /// Each Node with its labels, the tree that its agent reports, whether it is Ready and whether a person has cordoned it.
    /// </summary>
    /// <remarks>A node that Ostler has cordoned is taken to be where it was before: the forecast begins anew for it.</remarks>
    public static IReadOnlyList<FleetNodes> Nodes(IEnumerable<Node> nodes, IReadOnlyList<NodeOS> systems)
    {
        var byName = systems.ToDictionary(s => s.Metadata.Name, StringComparer.Ordinal);
        return
        [
            .. nodes.OrderBy(n => n.Name, StringComparer.Ordinal).Select(n =>
            {
                var status = byName.GetValueOrDefault(n.Name)?.Status;
                var booted = status?.Booted;
                return new FleetNodes
                {
                    Name = n.Name,
                    Labels = n.Metadata.Labels,
                    Digest = booted is null ? null : Digest.Bare(booted.Digest),
                    Version = booted?.Version,
                    BootedAt = status?.Timings?.BootedAt,
                    Cordoned = n.Unschedulable && n.CordonedBy is null,
                    Ready = n.IsReady,
                };
            }),
        ];
    }

    /// <summary>What the policy's nodes took so far, from the average to the longest; the defaults for what was not measured.</summary>
    public static FleetDurations Durations(MeasuredDurations? measured)
    {
        var defaults = new FleetDurations();
        return defaults with { Staging = Of(measured?.Staging) ?? defaults.Staging, Reboot = Of(measured?.Reboot) ?? defaults.Reboot };

        static DurationRange? Of(MeasuredDuration? step) => step is { Count: > 0 } ? new(step.Average, step.Max > step.Average ? step.Max : step.Average) : null;
    }

    /// <summary>What the forecast does not know of the cluster, for people.</summary>
    public static IEnumerable<Line> Notes(IReadOnlyList<Node> selected, IReadOnlyList<NodeOS> systems, UpgradePolicyStatus? status)
    {
        var (measured, gates) = (status?.Durations, status?.Gates ?? []);
        var reporting = systems.Where(s => s.Status?.Booted is not null).Select(s => s.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var unknown = selected.Where(n => !reporting.Contains(n.Name)).Select(n => n.Name).Order(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            yield return new($"No agent reports from {MessageText.List(unknown)}: assumed to be outdated. kubectl ostler doctor shows why.", Tone.Attention);
        }

        yield return measured?.Node is { Count: > 0 } node
            ? $"Durations of staging and reboots are those measured on {MessageText.Count(node.Count, "node")} of this policy; --duration overrides them."
            : "Nothing was measured yet. Durations are guesses; --duration overrides them.";
        foreach (var gate in gates.Where(g => g.Reason != Reasons.GateOpen))
        {
            yield return new($"Gate {gate.Name} is not open now ({gate.Reason}): {gate.Message}", Tone.Attention);
        }

        yield return "Pods and PodDisruptionBudgets are not simulated. kubectl ostler doctor names budgets that would block a drain.";
    }
}
