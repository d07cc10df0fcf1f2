using System.Text.Json.Nodes;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Resources;

namespace Ostler.Cli.Doctor;

/// <summary>All that the checks look at, read once.</summary>
internal sealed record ClusterFacts
{
    public required DateTimeOffset Now { get; init; }

    /// <summary>The definitions of the group, by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> Definitions { get; init; } = new Dictionary<string, JsonObject>();

    public IReadOnlyList<Node> Nodes { get; init; } = [];
    public IReadOnlyList<NodeOS> Systems { get; init; } = [];
    public IReadOnlyList<UpgradePolicy> Policies { get; init; } = [];
    public IReadOnlyList<OSImage> Images { get; init; } = [];

    /// <summary>The budgets that allow no disruption now, and the pods of their namespaces.</summary>
    public IReadOnlyList<Budget> ClosedBudgets { get; init; } = [];

    public IReadOnlyList<Pod> Pods { get; init; } = [];

    /// <summary>Where the controller's lease was looked for.</summary>
    public string Namespace { get; init; } = "ostler-system";

    public Lease? Lease { get; init; }

    /// <summary>What could not be read, and why.</summary>
    public IReadOnlyList<Finding> Unread { get; init; } = [];

    /// <summary>Policies that are not being deleted: the others take no further node.</summary>
    public IEnumerable<UpgradePolicy> Active => Policies.Where(p => p.Metadata.DeletionTimestamp is null).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal);
}
