using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>Which nodes roll back if a node does not become healthy.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RollbackScope>))]
public enum RollbackScope
{
    /// <summary>The failed node.</summary>
    Node,

    /// <summary>The failed node. If more nodes fail than maxFailures allows, every updated node of its wave as well.</summary>
    Wave,

    /// <summary>The failed node. If more nodes fail than maxFailures allows, every updated node of the policy as well.</summary>
    Policy,
}

/// <summary>What happens if a node does not become healthy.</summary>
public sealed record RollbackSpec
{
    /// <summary>Whether a failed node rolls back on its own. false: it stays cordoned on the new image until a user decides.</summary>
    [Default("true")]
    public bool Automatic { get; set; } = true;

    /// <summary>
    /// Which nodes roll back. Healthy nodes roll back newest first, in slots, windows and drains like an upgrade. Ignored if automatic
    /// is false.
    /// </summary>
    [Default("\"Node\"")]
    public RollbackScope Scope { get; init; }

    /// <summary>How many nodes may fail before the rollout halts and the digest is quarantined, as a count or a percentage.</summary>
    [Default("0")]
    public IntOrPercent MaxFailures { get; set; } = IntOrPercent.Count(0);

    /// <summary>
    /// How long after the boot of a new image the agent may take to declare its host healthy. Then the host rolls back on its own,
    /// without kubelet or network. Must be shorter than reboot.timeout. 0s: no watchdog. There is none either if automatic is false.
    /// Default: health.timeout plus 2 minutes, at most four fifths of reboot.timeout.
    /// </summary>
    public Duration? Watchdog { get; init; }
}
