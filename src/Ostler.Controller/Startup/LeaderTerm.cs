using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Controller.NodeOSes;
using Ostler.Controller.Notifications;
using Ostler.Controller.OSImages;
using Ostler.Controller.OSImages.Registry;
using Ostler.Controller.Status;
using Ostler.Controller.Telemetry;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Events;
using Ostler.Kubernetes.Informers;
using Ostler.Kubernetes.Queues;
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

/// <summary>
/// One term of leadership: all caches and loops live and die with it. Every cache begins with a fresh quorum list made after the lease was
/// won, so that no plan ever rests on a state older than the former leader's last write; a grant of that leader's which this one
/// did not see would be granted again.
/// </summary>
internal sealed partial class LeaderTerm(ControllerServices services)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger<LeaderTerm>();

    /// <summary>Leads until cancelled. Throws when a loop ends by itself, which none should.</summary>
    /// <param name="fence">What every write of the term passes first.</param>
    /// <param name="cancellationToken">Ends the term.</param>
    public async Task RunAsync(IWriteFence fence, CancellationToken cancellationToken)
    {
        using var client = services.Client.Fenced(fence);
        await new LeaderTerm(services with { Client = client }).RunAsync(cancellationToken);
    }

    /// <summary>Without an election: there is no other who could lead.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        services.Readiness.Syncing();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var nodes = Informer(CoreResources.Nodes, new() { Transform = static n => n.Trimmed() });
        var nodeOSes = Informer(OstlerResources.NodeOSes, new());
        var policies = Informer(OstlerResources.UpgradePolicies, new());
        var images = Informer(OstlerResources.OSImages, new());
        var namespaces = Informer(CoreResources.Namespaces, new() { Transform = static n => n.Trimmed() });
        var events = new EventRecorder(
            services.Client, new() { Component = "ostler-controller", Host = services.Identity }, services.Time, Logger<EventRecorder>());
        var announcements = new Announcements(events.Publish);

        // A policy is looked at whenever something of its changed, so it is created before what it looks through.
        Controller<string>? policyController = null;
        Action<string> wake = policy => policyController!.Queue.Add(policy);
        await using var pods = new DrainingPods(
            node => DrainingPods.CreateInformer(services.Client, node, services.Time, Logger<DrainingPods>()),
            namespaces.Lister,
            new(services.Namespace, nodes.Lister),
            wake);
        var probes = Probes(pods, nodes);
        await using var checks =
            new HealthChecks(probes.MakeAsync, wake, services.Metrics.CheckFailed, services.Time, Logger<HealthChecks>());
        await using var gates = new GateEvaluations(probes.EvaluateAsync, wake, services.Time, Logger<GateEvaluations>());
        var outbox = new NotificationOutbox(services.Notifications, wake, services.Metrics.Notified, Logger<NotificationOutbox>());
        policyController = PolicyController(nodes, nodeOSes, policies, images, namespaces, pods, new(checks, gates), announcements, outbox);
        var imageController = ImageController(policies, images, announcements);
        var nodeOSController = NodeOSController(nodes, nodeOSes);
        Subscribe(nodes, nodeOSes, policies, images, namespaces, policyController, imageController, nodeOSController);

        Task[] caches = [nodes.RunAsync(end.Token), nodeOSes.RunAsync(end.Token), policies.RunAsync(end.Token), images.RunAsync(end.Token), namespaces.RunAsync(end.Token)];
        var loops = new List<Task>(caches) { events.RunAsync(end.Token), outbox.RunAsync(end.Token) };
        try
        {
            await Task.WhenAll(
                nodes.WaitForSyncAsync(cancellationToken), nodeOSes.WaitForSyncAsync(cancellationToken), policies.WaitForSyncAsync(cancellationToken), images.WaitForSyncAsync(cancellationToken),
                namespaces.WaitForSyncAsync(cancellationToken));
            LogSynced(nodes.Lister.Count, nodeOSes.Lister.Count, policies.Lister.Count, images.Lister.Count);
            services.Readiness.Leading();
            loops.AddRange([policyController.RunAsync(end.Token), imageController.RunAsync(end.Token), nodeOSController.RunAsync(end.Token)]);
            await Task.WhenAny(loops);
            if (!cancellationToken.IsCancellationRequested)
            {
                throw new InvalidOperationException("A loop of the controller ended by itself.", loops.FirstOrDefault(l => l.IsFaulted)?.Exception);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            services.Readiness.Stopping();
            await end.CancelAsync();
            await Task.WhenAll(loops);
            services.Liveness.Clear();
            services.Metrics.ForgetAll();
        }
    }

    private CheckProbes Probes(DrainingPods pods, Informer<Node> nodes) => new(services.Client, pods, services.Time, services.Outbound)
    {
        Nodes = nodes.Lister.List,
        Alertmanager = services.Alertmanager,
    };

    private Controller<string> PolicyController(
        Informer<Node> nodes, Informer<NodeOS> nodeOSes, Informer<UpgradePolicy> policies, Informer<OSImage> images, Informer<Namespace> namespaces,
        DrainingPods pods, Evaluations evaluations, Announcements announcements, NotificationOutbox outbox)
    {
        policies.AddHandler(announcements.Edited);
        nodeOSes.AddHandler(announcements.Stepped);
        var answers = new ProbeCache(services.Time);
        var evictions = new PodEvictions(services.Client, services.Time);
        var reconciler = new UpgradePolicyReconciler(
            new Gatherer(policies.Lister, images.Lister, nodes.Lister, nodeOSes.Lister, pods, answers, evaluations.Checks,
                services.Namespace,
                services.NodeName, services.Time)
            { Roles = services.Roles, Sight = SightOfTerm(), Gates = evaluations.Gates },
            new Executor(services.Client, nodes, nodeOSes, evictions, pods.Record, answers, services.Time, Logger<Executor>()),
            new Subscriptions(pods, evaluations.Checks, evaluations.Gates),
            new ProbeRunner(
                new(services.Client, evictions, nodes.Lister, namespaces.Lister, new(services.Namespace, nodes.Lister), services.Time),
                new(services.Client, services.Time),
                new(services.Client, services.Time),
                answers,
                services.Time,
                Logger<ProbeRunner>()),
            policies.Lister,
            new(services.Client, OstlerResources.UpgradePolicies, policies, services.Time, services.StatusInterval),
            announcements,
            services.Metrics,
            services.Spans,
            outbox,
            services.Time,
            Logger<UpgradePolicyReconciler>());

        // One policy at a time: two that hand a node over are then never planned on each other's half-made writes.
        return Create("upgradepolicy", reconciler.ReconcileAsync, workers: 1);
    }

    private Controller<string> ImageController(Informer<UpgradePolicy> policies, Informer<OSImage> images, Announcements announcements)
    {
        var reconciler = new OSImageReconciler(
            images,
            policies.Lister,
            new(services.Client, OstlerResources.OSImages, images, services.Time, services.StatusInterval),
            new ImageResolver(services.Repository, services.Containers, services.Time),
            announcements,
            services.Metrics,
            services.Time,
            Logger<OSImageReconciler>());

        // A repository may take its time to answer; others must not wait for it.
        return Create("osimage", reconciler.ReconcileAsync, workers: 4);
    }

    private Controller<string> NodeOSController(Informer<Node> nodes, Informer<NodeOS> nodeOSes) =>
        Create("nodeos", new NodeOSReconciler(services.Client, nodes.Lister, nodeOSes, Logger<NodeOSReconciler>()).ReconcileAsync, workers: 4);

    private void Subscribe(
        Informer<Node> nodes, Informer<NodeOS> nodeOSes, Informer<UpgradePolicy> policies, Informer<OSImage> images, Informer<Namespace> namespaces,
        Controller<string> policyController, Controller<string> imageController, Controller<string> nodeOSController)
    {
        var policyKeys = new PolicyKeys(nodes.Lister, policyController.Queue.Add) { Roles = services.Roles };
        policies.AddHandler(policyKeys.OnPolicy);
        images.AddHandler(policyKeys.OnImage);
        nodes.AddHandler(policyKeys.OnNode);
        nodeOSes.AddHandler(policyKeys.OnNodeOS);
        namespaces.AddHandler(policyKeys.OnNamespace);

        var imageKeys = new ImageKeys(imageController.Queue.Add);
        images.AddHandler(imageKeys.OnImage);
        policies.AddHandler(imageKeys.OnPolicy);

        nodes.AddHandler(e =>
        {
            if (e.Type != InformerEventType.Updated || NodeMarks.BackendOf(e.Old!.Metadata.Labels) != NodeMarks.BackendOf(e.New!.Metadata.Labels))
            {
                nodeOSController.Queue.Add(e.Object.Name);
            }
        });
        nodeOSes.AddHandler(e =>
        {
            if (e.Type != InformerEventType.Updated)
            {
                nodeOSController.Queue.Add(e.Object.Metadata.Name);
            }
        });
    }

    private Controller<string> Create(string name, Reconcile<string> reconcile, int workers)
    {
        Controller<string>? created = null;
        var watched = services.Liveness.Watch(name, reconcile, () => created?.Queue.Count ?? 0);
        created = new(name, watched, new() { Workers = workers, Queue = QueueOptions }, services.Time, services.Loggers.CreateLogger(name));
        return created;
    }

    /// <summary>
    /// A minute at most: deadlines are declared in minutes, and a rollout must not sleep through one because its last writes failed.
    /// </summary>
    private static WorkQueueOptions QueueOptions { get; } = new()
    {
        Backoff = new() { Initial = TimeSpan.FromMilliseconds(5), Maximum = TimeSpan.FromMinutes(1) },
    };

    /// <summary>
    /// A leader's first look tells what is, and not for how long: it acts on no deadline that passed before there was time for reports.
    /// </summary>
    private Func<ControllerSight?> SightOfTerm()
    {
        var began = new ControllerSight(services.Time.GetUtcNow(), null);
        return () => services.Sight() is { } sight && sight.Since > began.Since ? sight : began;
    }

    private Informer<T> Informer<T>(ResourceType<T> type, InformerOptions<T> options) where T : class =>
        new(services.Client, type, options, services.Time, services.Loggers.CreateLogger($"informer.{type.Plural}"), services.Random);

    private ILogger<T> Logger<T>() => services.Loggers.CreateLogger<T>();

    /// <summary>What is asked beside the reconciles.</summary>
    private sealed record Evaluations(HealthChecks Checks, GateEvaluations Gates);

    [LoggerMessage(1, LogLevel.Information, "Leading, with {Nodes} nodes, {NodeOSes} NodeOSes, {Policies} policies and {Images} images")]
    private partial void LogSynced(int nodes, int nodeOSes, int policies, int images);
}
