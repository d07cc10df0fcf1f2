using Ostler.Api.NodeOSes;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;

namespace Ostler.Controller.Telemetry;

/// <summary>What is told of one policy: all from its last snapshot, plan and status. Pure.</summary>
internal sealed record PolicyFigures
{
    /// <summary>Of a policy that has not been planned yet.</summary>
    public static PolicyFigures None { get; } = new();

    public IReadOnlyDictionary<NodeStep, int> Steps { get; init; } = new Dictionary<NodeStep, int>();

    public IReadOnlyDictionary<string, int> Blocked { get; init; } = new Dictionary<string, int>();

    public int Unavailable { get; init; }

    /// <summary>spec.rollout.maxUnavailable as a number of nodes.</summary>
    public int MaxUnavailable { get; init; }

    /// <summary>Nodes by the version that they run; see <see cref="VersionCounts"/>.</summary>
    public IReadOnlyDictionary<string, int> Versions { get; init; } = new Dictionary<string, int>();

    /// <summary>Updated nodes, from 0 to 1.</summary>
    public double Progress { get; init; }

    public bool Halted { get; init; }

    public bool WindowOpen { get; init; }

    /// <summary>Whether the tree that the policy moves nodes to may be given to none.</summary>
    public bool TargetQuarantined { get; init; }

    /// <summary>Nodes that Ostler cordoned, and for which nothing is under way.</summary>
    public int LeftCordoned { get; init; }

    /// <summary>How long an agent has owed an answer, at most.</summary>
    public TimeSpan Silence { get; init; }

    /// <summary>Nodes that differ from their tree, by how. The words are known ones: a node may say anything.</summary>
    public IReadOnlyDictionary<string, int> Drifted { get; init; } = new Dictionary<string, int>();

    /// <summary>How many trees are booted.</summary>
    public int DistinctDigests { get; init; }

    /// <summary>The condition Ready as reported; null before the first report.</summary>
    public (bool Holds, string Reason)? Ready { get; init; }

    /// <summary>Since when each gate is closed; null: it is open. As reported, empty before the first report.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset?> Gates { get; init; } = new Dictionary<string, DateTimeOffset?>();

    public static PolicyFigures Of(RolloutSnapshot snapshot, RolloutPlan plan, TimeSpan silence)
    {
        NodeVerdict[] selected = [.. plan.Nodes.Where(n => n.Selected)];
        var facts = snapshot.Nodes.ToDictionary(n => n.Name, StringComparer.Ordinal);
        var fleet = FleetConsistency.Of(plan);
        return new()
        {
            Steps = selected.GroupBy(n => n.Step).ToDictionary(g => g.Key, g => g.Count()),
            Blocked = selected.Where(n => n.Blocked).GroupBy(n => n.Reason).ToDictionary(g => g.Key, g => g.Count()),
            Unavailable = plan.Availability.Unavailable,
            MaxUnavailable = plan.Availability.Limit,
            Versions = VersionCounts.Of(fleet.Digests),
            Progress = selected.Length == 0 ? 1 : (double)selected.Count(n => n.Tally == NodeTally.Updated) / selected.Length,
            Halted = plan.Failures.Halted,
            WindowOpen = plan.Window.IsOpen,
            TargetQuarantined = plan.Target is { } target && snapshot.Image is { } image && OSImageStatusRules.IsQuarantined(image.Spec, image.Status, target.Digest),

            // Those that are selected no more are given back as well, or are not: that is what this count is for.
            LeftCordoned = plan.Nodes.Count(n => (!n.InFlight || n.Step == NodeStep.Failed) && facts.GetValueOrDefault(n.Node) is { Unschedulable: true, CordonedBy: not null }),
            Silence = silence,
            Drifted = fleet.Drifted.GroupBy(d => d.Reason).ToDictionary(g => g.Key, g => g.Count()),
            DistinctDigests = fleet.Digests.Count,
        };
    }
}
