using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// Conditions of the Node, such as those that Node Problem Detector sets, each reported since the boot. A condition that the Node does
/// not have, or that was last reported before the boot, is missing.
/// </summary>
public sealed record NodeConditionsCheck
{
    /// <summary>The types, such as KernelDeadlock.</summary>
    [MinItems(1), MaxItems(32), MinLength(1), MaxLength(316)]
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>The status that each must have. false: the problem does not exist.</summary>
    [Default("false")]
    public bool Status { get; init; }
}
