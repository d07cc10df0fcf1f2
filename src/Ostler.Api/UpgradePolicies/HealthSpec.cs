using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.UpgradePolicies;

/// <summary>
/// What must hold before a node counts as updated. Always asked: the agent reports from the new boot and from the wanted
/// tree, and the Node is Ready with a heartbeat from that boot.
/// </summary>
public sealed record HealthSpec
{
    /// <summary>
    /// How long after the boot all checks must pass. A check that can still not be made by then counts against the node too, and the reason says so
    /// (HealthCheckError): a node that nobody could look at is not called healthy.
    /// </summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);

    /// <summary>Further checks.</summary>
    [MaxItems(50), ListMap("name")]
    public IReadOnlyList<HealthCheck>? Checks { get; init; }
}

/// <summary>The workloads that the drain displaced. They are waited for without this check too; it overrides spec.drain.workloadTimeout.</summary>
public sealed record WorkloadsCheck
{
    /// <summary>How long after the uncordon they may take. 0s: not waited for.</summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);
}
