using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>The workloads that the drain displaced. They are waited for without this check too; it overrides spec.drain.workloadTimeout.</summary>
public sealed record WorkloadsCheck
{
    /// <summary>How long after the uncordon they may take. 0s: not waited for.</summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);
}
