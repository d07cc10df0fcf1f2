namespace Ostler.Rollout.Health;

/// <summary>
/// What a check or a gate asks: one member for each kind of <see cref="Api.Shared.HealthCheck"/>. A switch over it has no default arm, so
/// that the compiler names each place a new kind needs.
/// </summary>
public enum CheckKind
{
    /// <summary>Not exactly one kind that this version knows. Never passes.</summary>
    Unknown,
    Systemd,
    Exec,
    Http,
    Pods,
    Workloads,
    Prometheus,
    Condition,
    Alerts,
    NodeConditions,
}

/// <summary>Who makes the tries of a check, and with that, who judges it.</summary>
public enum CheckRunner
{
    /// <summary>No one: the check fails with an error, on the controller and on the agent.</summary>
    None,

    /// <summary>
    /// The agent, on the host. <c>HostCheckRules</c> judges all of them together; the NodeOS reports that as its condition HostHealthy.
    /// </summary>
    Agent,

    /// <summary>The controller. The verification of the node judges each by its <see cref="CheckObservation"/>.</summary>
    Controller,

    /// <summary>
    /// No try is made: after the uncordon the planner asks for the displaced workloads and keeps the slot until they are available.
    /// </summary>
    Planner,
}
