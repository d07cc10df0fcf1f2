using System.Text.Json.Serialization;
using Ostler.Api.Schema;

namespace Ostler.Api;

/// <summary>The pace of a rollout.</summary>
public sealed record RolloutSpec
{
    /// <summary>
    /// How many of the selected nodes may be unavailable at once, as a count or a percentage (rounded down, never below 1).
    /// Every node that is cordoned by anyone, not Ready, in flight or failed counts.
    /// </summary>
    [Default("1")]
    public IntOrPercent MaxUnavailable { get; set; } = IntOrPercent.Count(1);

    /// <summary>Limits how many zones are disrupted at once. Default: no limit.</summary>
    public TopologySpec? Topology { get; init; }

    /// <summary>How many nodes may download and stage at once ahead of their turn, as a count or a percentage. 0: only when a slot is free.</summary>
    [Default("\"25%\"")]
    public IntOrPercent StageAhead { get; set; } = IntOrPercent.Percent(25);

    /// <summary>How long a node must stay healthy before its slot goes to the next one.</summary>
    [Default("\"30s\"")]
    public Duration Soak { get; set; } = Duration.FromSeconds(30);

    /// <summary>Groups of nodes that go one after the other; the nodes of no wave form the last one. Default: a single wave.</summary>
    [MaxItems(20), ListMap("name")]
    public IReadOnlyList<WaveSpec>? Waves { get; init; }

    /// <summary>
    /// Failures up to this moment no longer count: their nodes are tried again and what this policy put into quarantine by then is
    /// released. Set it to the present time to retry a halted rollout.
    /// </summary>
    public DateTimeOffset? RetryFailuresBefore { get; init; }
}

/// <summary>Limits how many topology domains are disrupted at once.</summary>
public sealed record TopologySpec
{
    /// <summary>The node label whose values are the domains.</summary>
    [Default("\"topology.kubernetes.io/zone\""), MinLength(1), MaxLength(317)]
    public string Key { get; set; } = "topology.kubernetes.io/zone";

    /// <summary>How many domains may have a node in flight.</summary>
    [Default("1"), Minimum(1)]
    public int MaxDomainsAtOnce { get; set; } = 1;
}

/// <summary>Whether a wave starts by itself.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WaveApproval>))]
public enum WaveApproval
{
    /// <summary>It starts when the former wave has succeeded and soaked.</summary>
    Automatic,

    /// <summary>It waits for a person.</summary>
    Manual,
}

/// <summary>A group of nodes that go together.</summary>
[Cel("has(self.nodes) != has(self.nodeSelector)", "set exactly one of nodes and nodeSelector")]
public sealed record WaveSpec
{
    /// <summary>Its name, shown in status.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>How many nodes, as a count or a percentage of the selection (at least one).</summary>
    public IntOrPercent? Nodes { get; init; }

    /// <summary>Which nodes.</summary>
    public LabelSelector? NodeSelector { get; init; }

    /// <summary>How long the wave must have been complete before the next one starts.</summary>
    [Default("\"0s\"")]
    public Duration Soak { get; init; }

    /// <summary>Whether it starts by itself.</summary>
    [Default("\"Automatic\"")]
    public WaveApproval Approval { get; init; }

    /// <summary>How many of its nodes must be updated before the next wave starts, as a percentage.</summary>
    [Default("\"100%\"")]
    public IntOrPercent SuccessThreshold { get; set; } = IntOrPercent.Percent(100);
}
