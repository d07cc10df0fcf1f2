using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.UpgradePolicies;

/// <summary>
/// What must be true before a node counts as updated. Always required: the agent reports from a new boot of the target, and the Node is
/// Ready with a heartbeat from that boot.
/// </summary>
public sealed record HealthSpec
{
    /// <summary>
    /// How long after the boot all checks may take to pass. A check that still cannot run by then counts against the node as well, with
    /// the reason HealthCheckError: a node that could not be checked is not healthy.
    /// </summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);

    /// <summary>Additional checks.</summary>
    [MaxItems(50), ListMap("name")]
    public IReadOnlyList<HealthCheck>? Checks { get; init; }
}
