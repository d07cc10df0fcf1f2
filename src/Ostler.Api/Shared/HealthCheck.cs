using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// One check, of exactly one kind. It passes, fails, cannot run (error), or finds nothing to judge (missing). Reasons distinguish the
/// last three.
/// </summary>
[Cel(
    // A sum and no loop over a list: its cost is constant for every API server's estimate.
    "(has(self.systemd) ? 1 : 0) + (has(self.exec) ? 1 : 0) + (has(self.http) ? 1 : 0) + (has(self.pods) ? 1 : 0)"
    + " + (has(self.workloads) ? 1 : 0) + (has(self.prometheus) ? 1 : 0) + (has(self.condition) ? 1 : 0)"
    + " + (has(self.alerts) ? 1 : 0) + (has(self.nodeConditions) ? 1 : 0) == 1",
    "set exactly one of systemd, exec, http, pods, workloads, prometheus, condition, alerts and nodeConditions")]
public sealed record HealthCheck
{
    /// <summary>The name, shown wherever the check fails.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>The interval between tries, while the node is verified and soaks. From 1s to 1h.</summary>
    [Default("\"10s\"")]
    public Duration Interval { get; set; } = Duration.FromSeconds(10);

    /// <summary>The timeout of one try. When it expires, the try is an error. From 1s to 1h.</summary>
    [Default("\"10s\"")]
    public Duration Timeout { get; set; } = Duration.FromSeconds(10);

    /// <summary>How many tries in a row must pass.</summary>
    [Default("1"), Minimum(1), Maximum(100)]
    public int Successes { get; set; } = 1;

    /// <summary>systemd units on the host. Run by the agent.</summary>
    public SystemdCheck? Systemd { get; init; }

    /// <summary>A command on the host that must exit with 0. Run by the agent.</summary>
    public ExecCheck? Exec { get; init; }

    /// <summary>An HTTP GET that must answer with 200 to 299.</summary>
    public HttpCheck? Http { get; init; }

    /// <summary>Pods of the node that were Ready before the boot and must be again.</summary>
    public PodsCheck? Pods { get; init; }

    /// <summary>The workloads that the drain displaced must be available again.</summary>
    public WorkloadsCheck? Workloads { get; init; }

    /// <summary>A Prometheus query.</summary>
    public PrometheusCheck? Prometheus { get; init; }

    /// <summary>A condition on a field of any object, or of all objects that a selector selects.</summary>
    public ConditionCheck? Condition { get; init; }

    /// <summary>No matching alert of an Alertmanager is active.</summary>
    public AlertsCheck? Alerts { get; init; }

    /// <summary>Conditions of the Node.</summary>
    public NodeConditionsCheck? NodeConditions { get; init; }

    /// <summary>
    /// Fields that this version does not know, as a kind of check that a newer one added. Kept so that a check of such a kind can be named
    /// when it is refused. Null: none.
    /// </summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}
