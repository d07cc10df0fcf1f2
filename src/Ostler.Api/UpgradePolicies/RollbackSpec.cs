using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>What goes back when a node does not become healthy.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RollbackScope>))]
public enum RollbackScope
{
    /// <summary>That node.</summary>
    Node,

    /// <summary>That node; and once more failed than maxFailures, every node of its wave that was updated.</summary>
    Wave,

    /// <summary>That node; and once more failed than maxFailures, every node of the policy that was updated.</summary>
    Policy,
}

/// <summary>What happens when a node does not become healthy.</summary>
public sealed record RollbackSpec
{
    /// <summary>Whether a node that failed goes back by itself. False: it stays cordoned on the new tree until a person decides.</summary>
    [Default("true")]
    public bool Automatic { get; set; } = true;

    /// <summary>
    /// What goes back. Nodes that are well go newest first, in slots, windows and drains as an upgrade does. Ignored when automatic is false.
    /// </summary>
    [Default("\"Node\"")]
    public RollbackScope Scope { get; init; }

    /// <summary>How many nodes may fail before the rollout halts and the digest is put into quarantine, as a count or a percentage.</summary>
    [Default("0")]
    public IntOrPercent MaxFailures { get; set; } = IntOrPercent.Count(0);

    /// <summary>
    /// How long after the boot of a new tree the agent may take to call its host healthy before the host goes back by itself, needing neither kubelet nor network. Shorter than
    /// reboot.timeout. 0s: no watchdog. None either when automatic is false. Default: health.timeout and 2 minutes, at most four fifths of reboot.timeout.
    /// </summary>
    public Duration? Watchdog { get; init; }
}
