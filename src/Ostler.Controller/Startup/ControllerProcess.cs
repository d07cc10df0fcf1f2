using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Controller.Console;
using Ostler.Controller.Notifications;
using Ostler.Controller.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Controller.Telemetry;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.LeaderElection;
using Prometheus;

namespace Ostler.Controller.Startup;

/// <summary>The whole process: serves metrics and probes, contends for the lease, leads, and ends in an orderly way.</summary>
internal sealed partial class ControllerProcess(
    ControllerSettings settings, ApiClient client, ILoggerFactory loggers, TimeProvider time, Func<double> random)
{
    public const string LeaseName = "ostler-controller";

    /// <summary>What this program was built as, without the commit; empty: not known.</summary>
    private static string Version { get; } =
        (typeof(ControllerProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "")
            .Split('+')[0];

    private readonly ILogger _logger = loggers.CreateLogger<ControllerProcess>();
    private readonly TaskCompletionSource<Uri?> _healthAddress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Uri?> _consoleAddress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Uri?> _metricsAddress = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where probes are answered, once that is so; null when not served.</summary>
    public Task<Uri?> HealthAddress => _healthAddress.Task;

    /// <summary>Where metrics are served, once that is so; null when not served.</summary>
    public Task<Uri?> MetricsAddress => _metricsAddress.Task;

    /// <summary>Where the console is served, once that is so; null when not served.</summary>
    public Task<Uri?> ConsoleAddress => _consoleAddress.Task;

    /// <summary>Runs until <paramref name="cancellationToken"/>. Throws when the process had better be started afresh.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Before anything that counts, so that every counter is served from its first 0 on.
        var registry = Metrics.NewCustomRegistry();
        DotNetStats.Register(registry);
        using var bridge = new MeterBridge(registry);
        using var metrics = new ControllerMetrics(time: time) { ClockDoubt = time is ServerClock doubted ? () => doubted.Doubt : static () => null };
        using var traces = Traces(metrics);
        using var http = OstreeRepository.CreateHttpClient(settings.Outbound);
        using var receivers = NotificationSender.CreateHttpClient(settings.Outbound);
        using var registries = ContainerImages.CreateHttpClient(settings.Outbound);
        var readiness = new Readiness();
        var liveness = new Liveness(time, TimeSpan.FromMinutes(5));
        await using var metricsServer = await ServeAsync(
            settings.MetricsAddress, new() { ["/metrics"] = HttpEndpoint.Exposition(bridge) }, _metricsAddress, cancellationToken);
        await using var healthServer = await ServeAsync(
            settings.HealthAddress,
            new()
            {
                ["/healthz"] = HttpEndpoint.Probe(() => liveness.Problem() is { } problem ? (false, problem) : (true, "ok")),
                ["/readyz"] = HttpEndpoint.Probe(() => (readiness.IsReady, readiness.State)),
            },
            _healthAddress,
            cancellationToken);

        await using var console = settings.ServesConsole ? await ConsoleServer.StartAsync(settings.Console, client, loggers, time, random, cancellationToken) : null;
        _consoleAddress.TrySetResult(console?.Address);

        var term = new LeaderTerm(new()
        {
            Client = client,
            Repository = new(http, new(), new() { Random = random, Time = time }),
            Containers = new(client, registries, new(), new() { Random = random, Time = time, Outbound = settings.Outbound }),
            Outbound = settings.Outbound,
            Alertmanager = settings.Alertmanager,
            Notifications = new NotificationSender(client, receivers, new() { Random = random, Time = time }),
            Metrics = metrics,
            Spans = traces is null ? NoSpans.Instance : traces,
            Liveness = liveness,
            Readiness = readiness,
            Loggers = loggers,
            Time = time,
            // Without a lease to renew, a quiet cluster is asked nothing for minutes: silence is no outage then.
            Sight = time is ServerClock clock && settings.LeaderElection ? () => clock.Sight : static () => null,
            Random = random,
            Identity = settings.Identity,
            Namespace = settings.Namespace,
            NodeName = settings.NodeName,
            Roles = settings.Roles,
        });
        LogStarting(settings.Identity, settings.NodeName, settings.LeaderElection);
        var leading = LeadAsync(term, readiness, cancellationToken);
        await EndAsync(leading, cancellationToken);
        LogStopped();
    }

    private TraceExporter? Traces(ControllerMetrics metrics)
    {
        if (settings.Traces is not { } to)
        {
            return null;
        }

        LogTracing(to.Endpoint);
        return new(to, settings.Identity, Version, (spans, taken) =>
        {
            metrics.SpansSent(spans, taken);
            if (!taken)
            {
                LogSpansLost(spans, to.Endpoint);
            }
        });
    }

    private async Task LeadAsync(LeaderTerm term, Readiness readiness, CancellationToken cancellationToken)
    {
        if (time is ServerClock clock)
        {
            var trust = new ClockTrust(client.GetServerVersionAsync, clock, readiness, time, loggers.CreateLogger<ClockTrust>());
            await trust.WaitAsync(cancellationToken);
        }

        await (settings.LeaderElection ? ElectAsync(term, readiness, cancellationToken) : term.RunAsync(cancellationToken));
    }

    private Task ElectAsync(LeaderTerm term, Readiness readiness, CancellationToken cancellationToken)
    {
        readiness.Standby();
        var elector = new LeaderElector(
            client,
            new()
            {
                LeaseName = LeaseName,
                Namespace = settings.Namespace,
                Identity = settings.Identity,
                Annotations = new Dictionary<string, string> { [LeaseAnnotations.Version] = Version },
            },
            time,
            loggers.CreateLogger<LeaderElector>(),
            random);
        return elector.RunAsync(
            async (fence, token) =>
            {
                await term.RunAsync(fence, token);
                if (!cancellationToken.IsCancellationRequested)
                {
                    readiness.Standby();
                }
            },
            cancellationToken);
    }

    /// <summary>After a stop, what is under way gets a bounded time: the kubelet's patience ends too, and not with a clean exit.</summary>
    private async Task EndAsync(Task leading, CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.UnsafeRegister(static s => ((TaskCompletionSource)s!).TrySetResult(), stopped);
        await Task.WhenAny(leading, stopped.Task);
        try
        {
            await leading.WaitAsync(settings.ShutdownTimeout, time, CancellationToken.None);
        }
        catch (TimeoutException) when (cancellationToken.IsCancellationRequested)
        {
            LogStillWorking(settings.ShutdownTimeout.TotalSeconds);
        }
    }

    private async Task<HttpEndpoint?> ServeAsync(
        IPEndPoint? address, Dictionary<string, RequestDelegate> paths, TaskCompletionSource<Uri?> told, CancellationToken cancellationToken)
    {
        var endpoint = address is null ? null : await HttpEndpoint.StartAsync(address, paths, loggers, cancellationToken);
        told.TrySetResult(endpoint?.Address);
        return endpoint;
    }

    [LoggerMessage(1, LogLevel.Information, "Starting as {Identity} on node {Node}, leader election {LeaderElection}")]
    private partial void LogStarting(string identity, string? node, bool leaderElection);

    [LoggerMessage(4, LogLevel.Information, "Sending traces to {Endpoint}")]
    private partial void LogTracing(Uri endpoint);

    [LoggerMessage(5, LogLevel.Warning, "{Spans} spans were lost: the collector at {Endpoint} did not accept them. Check its address, protocol and headers (OTEL_EXPORTER_OTLP_*), and NetworkPolicies")]
    private partial void LogSpansLost(int spans, Uri endpoint);

    [LoggerMessage(2, LogLevel.Information, "Stopped")]
    private partial void LogStopped();

    [LoggerMessage(3, LogLevel.Warning, "Work is still in progress {Seconds:0} s after the stop; abandoning it")]
    private partial void LogStillWorking(double seconds);
}
