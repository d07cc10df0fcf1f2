using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// Pods on the node that match the selector and were Ready before the boot must be Ready again. A drain leaves pods of DaemonSets and
/// static pods on the node. If no such pod was Ready, the check passes and reports that.
/// </summary>
public sealed record PodsCheck
{
    /// <summary>The pods.</summary>
    public required LabelSelector Selector { get; init; }

    /// <summary>The namespace. Default: all namespaces.</summary>
    [MaxLength(63)]
    public string? Namespace { get; init; }
}
