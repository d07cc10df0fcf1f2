using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// Pods of the node: all that the selector matches and that were Ready when the node was told to boot must be Ready again. Those are pods that a
/// drain leaves, of DaemonSets and static ones. When none was, the check passes and says so.
/// </summary>
public sealed record PodsCheck
{
    /// <summary>Which pods.</summary>
    public required LabelSelector Selector { get; init; }

    /// <summary>In which namespace. Default: all.</summary>
    [MaxLength(63)]
    public string? Namespace { get; init; }
}
