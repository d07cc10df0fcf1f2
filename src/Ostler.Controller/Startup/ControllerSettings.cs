using System.Net;
using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Controller.Console;
using Ostler.Controller.Health;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Kubernetes.Connections;

namespace Ostler.Controller.Startup;

/// <summary>How the log is written.</summary>
internal enum LogFormat
{
    Console,
    Json,
}

/// <summary>What the command line and the environment say.</summary>
internal sealed record ControllerSettings
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Usage = """
        ostler-controller: rolls out OS upgrades to the nodes of a cluster.

          --kubeconfig=FILE           how to reach the cluster       (default: the pod's service account)
          --namespace=NAME            where the lease and events are (default: $NAMESPACE, then ostler-system)
          --identity=NAME             the name of this replica       (default: $POD_NAME, then the host's name)
          --node-name=NAME            the node that it runs on; upgraded last (default: $NODE_NAME)
          --control-plane-labels=LABEL,...  nodes with one of these labels are upgraded one at a time
                                      (default: node-role.kubernetes.io/control-plane, master, controlplane, etcd and arbiter)
          --leader-election=BOOL      wait for the lease; false only where a single process is certain (default: true)
          --metrics-address=HOST:PORT /metrics; 0: off                   (default: :8080)
          --health-address=HOST:PORT  /healthz and /readyz; 0: off       (default: :8081)
          --console-address=HOST:PORT the web console; 0: off. Beyond loopback it always requires tokens (default: 127.0.0.1:8082)
          --console-auth=none|token   whether it requires tokens on loopback as well (default: none)
          --console-hosts=NAME,...    additional host names of the console (default: those of loopback; with tokens, any)
          --console-cluster-name=NAME how the console names the cluster          (default: as the kubeconfig does; in a pod, not at all)
          --console-tls-certificate=FILE, --console-tls-key=FILE  PEM files, to serve the console over TLS
          --allow-addresses=CIDR,...  link-local and cloud metadata addresses that Ostler may connect to
                                      (default: none)
          --alertmanager-url=URL      the Alertmanager that gates and checks of the kind alerts ask, without /api/v2 (default: none)
          --alertmanager-ca-file=FILE PEM certificate authorities to trust there (default: the public ones)
          --alertmanager-token-file=FILE  a bearer token, which requires https and is sent nowhere else (default: none)
          --alertmanager-allow-other-urls=BOOL  whether a policy may name another Alertmanager (default: false)
          --shutdown-timeout=DURATION how long work in progress may take to finish (default: 20s)
          --log-format=console|json                                      (default: console)
          --log-level=Trace|Debug|Information|Warning|Error              (default: Information)
          --otlp-endpoint=URL         an OpenTelemetry collector for traces, such as http://collector:4318; port 4317: gRPC
                                      (default: $OTEL_EXPORTER_OTLP_ENDPOINT; without either, no traces; other OTEL_* variables apply as well)
          --check-installation        checks CRDs, leader and agents for up to a minute, then exits: 0 when all pass, else 1 (helm test)
          --help, --version
        """;

    public string? Kubeconfig { get; init; }
    public string Namespace { get; init; } = "ostler-system";
    public required string Identity { get; init; }
    public string? NodeName { get; init; }
    /// <summary>Which labels mark the control plane.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Default;

    public bool LeaderElection { get; init; } = true;

    /// <summary>Null: not served.</summary>
    public IPEndPoint? MetricsAddress { get; init; } = new(IPAddress.IPv6Any, 8080);

    /// <summary>Null: not served.</summary>
    public IPEndPoint? HealthAddress { get; init; } = new(IPAddress.IPv6Any, 8081);

    /// <summary>How the web console is served.</summary>
    public ConsoleSettings Console { get; init; } = new();

    /// <summary>Whether it is served.</summary>
    public bool ServesConsole { get; init; } = true;

    /// <summary>Which addresses it connects to when a policy, an image or a redirect names them.</summary>
    public OutboundRules Outbound { get; init; } = OutboundRules.Default;

    /// <summary>The Alertmanager that gates and checks ask.</summary>
    public AlertmanagerSettings Alertmanager { get; init; } = new();

    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(20);
    public LogFormat LogFormat { get; init; }

    /// <summary>Null: no traces are made.</summary>
    public TraceSettings? Traces { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Reads flags (<c>--name=value</c> or <c>--name value</c>), which win over the environment.</summary>
    /// <returns>The settings, or a sentence that says what is wrong.</returns>
    public static (ControllerSettings? Settings, string? Problem) Parse(
        IReadOnlyList<string> arguments, Func<string, string?> environment, string hostName)
    {
        var settings = new ControllerSettings
        {
            Namespace = NonEmpty(environment("NAMESPACE")) ?? "ostler-system",
            Identity = NonEmpty(environment("POD_NAME")) ?? hostName,
            NodeName = NonEmpty(environment("NODE_NAME")),
        };
        string? collector = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var n, var v] ? (n, v) : (arguments[i], null);
            if (!Names.Contains(name))
            {
                return (null, $"{name} is not a flag of ostler-controller; --help lists all flags.");
            }

            // As in Go's flags, a boolean needs no value.
            value ??= name is "--leader-election" or "--alertmanager-allow-other-urls" ? "true" : ++i < arguments.Count ? arguments[i]
                : null;
            if (name == "--otlp-endpoint" && !string.IsNullOrEmpty(value))
            {
                collector = value;
                continue;
            }

            if (value is null || settings.With(name, value) is not { } next)
            {
                return (null, value is null ? $"{name} needs a value." : $"\"{value}\" is not a value for {name}; --help lists them.");
            }

            settings = next;
        }

        if (settings.Console is var console && console.CertificateFile is null != console.KeyFile is null)
        {
            return (null, "--console-tls-certificate and --console-tls-key must be set together.");
        }

        if (settings.Alertmanager.Problem is { } unusable)
        {
            return (null, unusable);
        }

        var (traces, problem) = TraceSettings.Parse(collector, environment);
        return problem is null ? (settings with { Traces = traces }, null) : (null, problem);
    }

    private static readonly HashSet<string> Names =
    [
        "--kubeconfig", "--namespace", "--identity", "--node-name", "--control-plane-labels", "--leader-election", "--metrics-address", "--health-address",
        "--console-address", "--console-auth", "--console-hosts", "--console-cluster-name", "--console-tls-certificate",
        "--console-tls-key", "--shutdown-timeout", "--log-format", "--log-level",
        "--otlp-endpoint", "--allow-addresses",
        "--alertmanager-url", "--alertmanager-ca-file", "--alertmanager-token-file", "--alertmanager-allow-other-urls",
    ];

    private ControllerSettings? With(string name, string value) => (name, value) switch
    {
        (_, "") => null,
        ("--kubeconfig", _) => this with { Kubeconfig = value },
        ("--namespace", _) => this with { Namespace = value },
        ("--identity", _) => this with { Identity = value },
        ("--node-name", _) => this with { NodeName = value },
        ("--control-plane-labels", _) when value.Split(',', StringSplitOptions.TrimEntries) is var labels && labels.All(IsLabel) => this with { Roles = new(labels) },
        ("--leader-election", _) when bool.TryParse(value, out var elect) => this with { LeaderElection = elect },
        ("--metrics-address", _) when TryParseAddress(value, out var address) => this with { MetricsAddress = address },
        ("--health-address", _) when TryParseAddress(value, out var address) => this with { HealthAddress = address },
        (_, _) when name.StartsWith("--console-", StringComparison.Ordinal) => WithConsole(name, value),
        (_, _) when name.StartsWith("--alertmanager-", StringComparison.Ordinal) => WithAlertmanager(name, value),
        ("--allow-addresses", _) when OutboundRules.Parse(value) is { } outbound => this with { Outbound = outbound },
        ("--shutdown-timeout", _) when Duration.TryParse(value, out var timeout) => this with { ShutdownTimeout = timeout },
        ("--log-format", "console") => this with { LogFormat = LogFormat.Console },
        ("--log-format", "json") => this with { LogFormat = LogFormat.Json },
        ("--log-level", _) when Enum.TryParse<LogLevel>(value, ignoreCase: true, out var level) && Enum.IsDefined(level) => this with { LogLevel = level },
        _ => null,
    };

    // A value that is none would leave the control plane without its protection.
    private static bool IsLabel(string text) =>
        text.Length is > 0 and <= 317 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/') && char.IsAsciiLetterOrDigit(text[0]);

    private ControllerSettings? WithConsole(string name, string value) => (name, value) switch
    {
        ("--console-address", "0") => this with { ServesConsole = false },
        ("--console-address", _) when TryParseAddress(value, out var address) => this with { ServesConsole = true, Console = Console with { Address = address! } },
        ("--console-auth", "none" or "token") => this with { Console = Console with { Tokens = value == "token" } },
        ("--console-hosts", _) => this with { Console = Console with { Hosts = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) } },
        ("--console-cluster-name", _) => this with { Console = Console with { ClusterName = value } },
        ("--console-tls-certificate", _) => this with { Console = Console with { CertificateFile = value } },
        ("--console-tls-key", _) => this with { Console = Console with { KeyFile = value } },
        _ => null,
    };

    private ControllerSettings? WithAlertmanager(string name, string value) => (name, value) switch
    {
        ("--alertmanager-url", _) when AlertmanagerSettings.IsUrl(value, out var url) =>
            this with { Alertmanager = Alertmanager with { Url = url } },
        ("--alertmanager-ca-file", _) => this with { Alertmanager = Alertmanager with { AuthoritiesFile = value } },
        ("--alertmanager-token-file", _) => this with { Alertmanager = Alertmanager with { TokenFile = value } },
        ("--alertmanager-allow-other-urls", _) when bool.TryParse(value, out var allow) =>
            this with { Alertmanager = Alertmanager with { AllowOtherUrls = allow } },
        _ => null,
    };

    private static bool TryParseAddress(string text, out IPEndPoint? address)
    {
        address = null;
        if (text == "0")
        {
            return true;
        }

        // ":8080" is every address of the machine, as Go programs have it. Without a colon there is no port.
        return text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text.StartsWith(':') ? $"[::]{text}" : text, out address);
    }

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
