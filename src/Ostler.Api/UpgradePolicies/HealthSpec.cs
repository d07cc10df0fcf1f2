using System.Text.Json.Serialization;
using Ostler.Api.Schema;

namespace Ostler.Api;

/// <summary>
/// What must hold before a node counts as updated. Always asked: the agent reports from the new boot and from the wanted
/// tree, and the Node is Ready with a heartbeat from that boot.
/// </summary>
public sealed record HealthSpec
{
    /// <summary>How long after the boot all checks must pass.</summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);

    /// <summary>Further checks.</summary>
    [MaxItems(50), ListMap("name")]
    public IReadOnlyList<HealthCheck>? Checks { get; init; }
}

/// <summary>One check. Exactly one kind.</summary>
[Cel(
    // A sum and no loop over a list: its cost is constant for every API server's estimate.
    "(has(self.systemd) ? 1 : 0) + (has(self.exec) ? 1 : 0) + (has(self.http) ? 1 : 0) + (has(self.pods) ? 1 : 0)"
    + " + (has(self.workloads) ? 1 : 0) + (has(self.prometheus) ? 1 : 0) + (has(self.cel) ? 1 : 0) == 1",
    "set exactly one of systemd, exec, http, pods, workloads, prometheus and cel")]
public sealed record HealthCheck
{
    /// <summary>Its name, shown wherever it fails.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>systemd units of the host. Run by the agent.</summary>
    public SystemdCheck? Systemd { get; init; }

    /// <summary>A command on the host that must exit with 0. Run by the agent.</summary>
    public ExecCheck? Exec { get; init; }

    /// <summary>An HTTP GET that must answer with 200 to 399.</summary>
    public HttpCheck? Http { get; init; }

    /// <summary>Pods that were Ready before the upgrade and must be again.</summary>
    public PodsCheck? Pods { get; init; }

    /// <summary>The workloads that the drain displaced must be available again.</summary>
    public WorkloadsCheck? Workloads { get; init; }

    /// <summary>A Prometheus query.</summary>
    public PrometheusCheck? Prometheus { get; init; }

    /// <summary>A condition on the fields of any object.</summary>
    public CelCheck? Cel { get; init; }
}

/// <summary>systemd units of the host.</summary>
public sealed record SystemdCheck
{
    /// <summary>Units that must be active.</summary>
    [MaxItems(50), MaxLength(255), Pattern("^[a-zA-Z0-9:_.\\\\@-]+$")]
    public IReadOnlyList<string>? Active { get; init; }

    /// <summary>Whether any failed unit on the host fails the check.</summary>
    [Default("false")]
    public bool NoneFailed { get; init; }
}

/// <summary>A command on the host.</summary>
public sealed record ExecCheck
{
    /// <summary>The program by its absolute path on the host, and its arguments. No shell is involved.</summary>
    [MinItems(1), MaxItems(64), MaxLength(4096)]
    [Cel("self[0].startsWith('/')", "must begin with the absolute path of a program, since no shell looks it up")]
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>How long it may run.</summary>
    [Default("\"30s\"")]
    public Duration Timeout { get; set; } = Duration.FromSeconds(30);
}

/// <summary>From where an HTTP check is made.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HttpCheckOrigin>))]
public enum HttpCheckOrigin
{
    /// <summary>From the node itself, by its agent.</summary>
    Host,

    /// <summary>From the controller's pod.</summary>
    Controller,
}

/// <summary>An HTTP GET.</summary>
public sealed record HttpCheck
{
    /// <summary>The address; <c>{node}</c> stands for the node's name, <c>{address}</c> for its internal IP.</summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public required string Url { get; init; }

    /// <summary>From where.</summary>
    [Default("\"Host\"")]
    public HttpCheckOrigin From { get; init; }

    /// <summary>How long an answer may take.</summary>
    [Default("\"10s\"")]
    public Duration Timeout { get; set; } = Duration.FromSeconds(10);
}

/// <summary>Pods on the node.</summary>
public sealed record PodsCheck
{
    /// <summary>Which pods.</summary>
    public required LabelSelector Selector { get; init; }

    /// <summary>In which namespace. Default: all.</summary>
    [MaxLength(63)]
    public string? Namespace { get; init; }
}

/// <summary>The workloads that the drain displaced. They are waited for without this check too; it overrides spec.drain.workloadTimeout.</summary>
public sealed record WorkloadsCheck
{
    /// <summary>How long after the uncordon they may take. 0s: not waited for.</summary>
    [Default("\"10m\"")]
    public Duration Timeout { get; set; } = Duration.FromMinutes(10);
}

/// <summary>A Prometheus instant query.</summary>
public sealed record PrometheusCheck
{
    /// <summary>The server's address.</summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public required string Url { get; init; }

    /// <summary>The query. It must return at least one sample, and each must be other than 0; <c>{node}</c> stands for the node's name.</summary>
    [MinLength(1), MaxLength(4096)]
    public required string Query { get; init; }

    /// <summary>A Secret whose key <c>token</c> is sent as the bearer token.</summary>
    public SecretReference? BearerTokenSecretRef { get; init; }
}

/// <summary>A condition on the fields of an object.</summary>
public sealed record CelCheck
{
    /// <summary>The object's API version.</summary>
    [MinLength(1), MaxLength(253)]
    public required string ApiVersion { get; init; }

    /// <summary>The object's kind.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Kind { get; init; }

    /// <summary>The object's namespace. Empty for cluster-scoped ones.</summary>
    [MaxLength(63)]
    public string? Namespace { get; init; }

    /// <summary>The object's name.</summary>
    [MinLength(1), MaxLength(253)]
    public required string Name { get; init; }

    /// <summary>The condition.</summary>
    [MinLength(1), MaxLength(4096)]
    public required string Expression { get; init; }
}
