using System.Text.Json.Nodes;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Core;

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

    public IReadOnlyList<PodDisruptionBudget> Budgets { get; init; } = [];

    /// <summary>Whether the server has budgets in policy/v1, where an empty selector selects every pod.</summary>
    public bool BudgetsAreV1 { get; init; } = true;

    /// <summary>The pods of the namespaces in which a budget may be in the way.</summary>
    public IReadOnlyList<Pod> Pods { get; init; } = [];

    /// <summary>The labels of all namespaces, for drain rules that ask for them; null: not read.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? NamespaceLabels { get; init; }

    /// <summary>Where the controller's lease was looked for.</summary>
    public string Namespace { get; init; } = "ostler-system";

    public Lease? Lease { get; init; }

    /// <summary>What could not be read, and why.</summary>
    public IReadOnlyList<Finding> Unread { get; init; } = [];

    /// <summary>Policies that are not being deleted: the others take no further node.</summary>
    public IEnumerable<UpgradePolicy> Active => Policies.Where(p => p.Metadata.DeletionTimestamp is null).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal);
}
