using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// The workloads that the drain displaced. Ostler waits for them without this check as well; the check overrides
/// spec.drain.workloadTimeout.
/// </summary>
public sealed record WorkloadsCheck
{
    /// <summary>How long they may take after the uncordon. 0s: no wait.</summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);
}
