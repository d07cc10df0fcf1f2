using Microsoft.Extensions.Logging;
using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Controller.NodeOSes;
using Ostler.Controller.Notifications;
using Ostler.Controller.OSImages;
using Ostler.Controller.Status;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Events;
using Ostler.Kubernetes.Queues;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Startup;

/// <summary>
/// One term of leadership: all caches (<see cref="TermCaches"/>) and loops live and die with it.
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
        var caches = TermCaches.Create(services);
        var queues = TermQueues.Create(services.Time);
        var events = new EventRecorder(
            services.Client, new() { Component = "ostler-controller", Host = services.Identity }, services.Time, Logger<EventRecorder>());
        var announcements = new Announcements(events.Publish);
        await using var pods = new DrainingPods(
            node => DrainingPods.CreateInformer(services.Client, node, services.Time, Logger<DrainingPods>()),
            caches.Namespaces.Lister,
            new(services.Namespace, caches.Nodes.Lister),
            queues.Policies.Add);
        var probes = Probes(pods, caches);
        await using var checks = new HealthChecks(
            probes.MakeAsync, queues.Policies.Add, services.Metrics.CheckFailed, services.Time, Logger<HealthChecks>());
        await using var gates = new GateEvaluations(probes.EvaluateAsync, queues.Policies.Add, services.Time, Logger<GateEvaluations>());
        var outbox = new NotificationOutbox(services.Notifications, queues.Policies.Add, services.Metrics.Notified, Logger<NotificationOutbox>());
        Controller<string>[] controllers =
        [
            PolicyController(caches, queues.Policies, new(pods, checks, gates, announcements, outbox)),
            ImageController(caches, queues.Images, announcements),
            NodeOSController(caches, queues.NodeOSes),
        ];
        queues.Subscribe(caches, services.Roles);

        var loops = new List<Task>(caches.Run(end.Token)) { events.RunAsync(end.Token), outbox.RunAsync(end.Token) };
        try
        {
            await caches.WaitForSyncAsync(cancellationToken);
            LogSynced(caches.Nodes.Lister.Count, caches.NodeOSes.Lister.Count, caches.Policies.Lister.Count, caches.Images.Lister.Count);
            services.Readiness.Leading();
            loops.AddRange(controllers.Select(c => c.RunAsync(end.Token)));
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

    private CheckProbes Probes(DrainingPods pods, TermCaches caches) => new(services.Client, pods, services.Time, services.Outbound)
    {
        Nodes = caches.Nodes.Lister.List,
        Alertmanager = services.Alertmanager,
    };

    private Controller<string> PolicyController(TermCaches caches, WorkQueue<string> queue, PolicyParts parts)
    {
        caches.Policies.AddHandler(parts.Announcements.Edited);
        caches.NodeOSes.AddHandler(parts.Announcements.Stepped);
        var answers = new ProbeCache(services.Time);
        var evictions = new PodEvictions(services.Client, services.Time);
        var reconciler = new UpgradePolicyReconciler(
            new Gatherer(
                caches.Policies.Lister, caches.Images.Lister, caches.Nodes.Lister, caches.NodeOSes.Lister, parts.Pods, answers, parts.Checks,
                services.Namespace, services.NodeName, services.Time)
            {
                Roles = services.Roles,
                Sight = SightOfTerm(),
                Gates = parts.Gates,
            },
            new Executor(services.Client, caches.Nodes, caches.NodeOSes, evictions, parts.Pods.Record, answers, services.Time, Logger<Executor>()),
            new Subscriptions(parts.Pods, parts.Checks, parts.Gates),
            new ProbeRunner(
                new(
                    services.Client, evictions, caches.Nodes.Lister, caches.Namespaces.Lister, new(services.Namespace, caches.Nodes.Lister),
                    services.Time),
                new(services.Client, services.Time),
                new(services.Client, services.Time),
                answers,
                services.Time,
                Logger<ProbeRunner>()),
            caches.Policies.Lister,
            new(services.Client, OstlerResources.UpgradePolicies, caches.Policies, services.Time, services.StatusInterval),
            parts.Announcements,
            services.Metrics,
            services.Spans,
            parts.Outbox,
            services.Time,
            Logger<UpgradePolicyReconciler>());

        // One policy at a time: two that hand a node over are then never planned on each other's half-made writes.
        return Create(queue, reconciler.ReconcileAsync, workers: 1);
    }

    private Controller<string> ImageController(TermCaches caches, WorkQueue<string> queue, Announcements announcements)
    {
        var reconciler = new OSImageReconciler(
            caches.Images,
            caches.Policies.Lister,
            new(services.Client, OstlerResources.OSImages, caches.Images, services.Time, services.StatusInterval),
            new ImageResolver(services.Repository, services.Containers, services.Time),
            announcements,
            services.Metrics,
            services.Time,
            Logger<OSImageReconciler>());

        // A repository may take its time to answer; others must not wait for it.
        return Create(queue, reconciler.ReconcileAsync, workers: 4);
    }

    private Controller<string> NodeOSController(TermCaches caches, WorkQueue<string> queue)
    {
        var reconciler = new NodeOSReconciler(services.Client, caches.Nodes.Lister, caches.NodeOSes, Logger<NodeOSReconciler>());
        return Create(queue, reconciler.ReconcileAsync, workers: 4);
    }

    private Controller<string> Create(WorkQueue<string> queue, Reconcile<string> reconcile, int workers) => new(
        queue.Name, services.Liveness.Watch(queue.Name, reconcile, () => queue.Count), new() { Workers = workers }, services.Time,
        services.Loggers.CreateLogger(queue.Name), queue);

    /// <summary>
    /// A leader's first look tells what is, and not for how long: it acts on no deadline that passed before there was time for reports.
    /// </summary>
    private Func<ControllerSight?> SightOfTerm()
    {
        var began = new ControllerSight(services.Time.GetUtcNow(), null) { ClockWasInDoubt = services.Sight()?.ClockWasInDoubt == true };
        return () => services.Sight() is { } sight && sight.Since > began.Since ? sight : began;
    }

    private ILogger<T> Logger<T>() => services.Loggers.CreateLogger<T>();

    [LoggerMessage(1, LogLevel.Information, "Leading, with {Nodes} nodes, {NodeOSes} NodeOSes, {Policies} policies and {Images} images")]
    private partial void LogSynced(int nodes, int nodeOSes, int policies, int images);

    /// <summary>What the policies' controller needs beyond the caches and its queue.</summary>
    private sealed record PolicyParts(
        DrainingPods Pods, HealthChecks Checks, GateEvaluations Gates, Announcements Announcements, NotificationOutbox Outbox);
}
