using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Controller.Health;
using Ostler.Controller.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Controller.Notifications;
using Ostler.Controller.Telemetry;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Startup;

/// <summary>What outlives a term: the connection, the clock, and what is told to the outside.</summary>
internal sealed record ControllerServices
{
    public required ApiClient Client { get; init; }
    public required OstreeRepository Repository { get; init; }
    public required ContainerImages Containers { get; init; }

    /// <summary>Which addresses health checks may connect to.</summary>
    public OutboundRules Outbound { get; init; } = OutboundRules.Default;

    /// <summary>The Alertmanager of the installation.</summary>
    public AlertmanagerSettings Alertmanager { get; init; } = new();

    public required INotificationSender Notifications { get; init; }
    public required ControllerMetrics Metrics { get; init; }

    /// <summary>Where spans go. Default: nowhere.</summary>
    public ISpanSink Spans { get; init; } = NoSpans.Instance;

    public required Liveness Liveness { get; init; }
    public required Readiness Readiness { get; init; }
    public required ILoggerFactory Loggers { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Since when the API server has answered this process. Default: since the term began.</summary>
    public Func<ControllerSight?> Sight { get; init; } = static () => null;

    /// <summary>A number in [0, 1) for jitter.</summary>
    public required Func<double> Random { get; init; }

    /// <summary>This process, as Events name it.</summary>
    public required string Identity { get; init; }

    /// <summary>The namespace that this process runs in.</summary>
    public string Namespace { get; init; } = "ostler-system";

    /// <summary>The node that this process runs on; null: not known.</summary>
    public string? NodeName { get; init; }

    /// <summary>Which labels mark the control plane.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Default;

    /// <summary>The least time between two writes of a policy's status in which no condition changes. Default: 1 s.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(1);
}
