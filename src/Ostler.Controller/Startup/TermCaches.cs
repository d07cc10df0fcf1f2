using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.Startup;

/// <summary>
/// The caches of one term. Each begins with a fresh quorum list made after the lease was won, so that no plan ever rests on a state older
/// than the former leader's last write; a grant of that leader's which this one did not see would be granted again.
/// </summary>
internal sealed record TermCaches(
    Informer<Node> Nodes, Informer<NodeOS> NodeOSes, Informer<UpgradePolicy> Policies, Informer<OSImage> Images, Informer<Namespace> Namespaces)
{
    public static TermCaches Create(ControllerServices services) => new(
        Informer(services, CoreResources.Nodes, new() { Transform = static n => n.Trimmed() }),
        Informer(services, OstlerResources.NodeOSes, new()),
        Informer(services, OstlerResources.UpgradePolicies, new()),
        Informer(services, OstlerResources.OSImages, new()),
        Informer(services, CoreResources.Namespaces, new() { Transform = static n => n.Trimmed() }));

    /// <summary>The loops of all of them. None ends before it is cancelled.</summary>
    public IEnumerable<Task> Run(CancellationToken cancellationToken) =>
    [
        Nodes.RunAsync(cancellationToken), NodeOSes.RunAsync(cancellationToken), Policies.RunAsync(cancellationToken),
        Images.RunAsync(cancellationToken), Namespaces.RunAsync(cancellationToken),
    ];

    /// <summary>Ends when each has made its first list.</summary>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Nodes.WaitForSyncAsync(cancellationToken), NodeOSes.WaitForSyncAsync(cancellationToken), Policies.WaitForSyncAsync(cancellationToken),
        Images.WaitForSyncAsync(cancellationToken), Namespaces.WaitForSyncAsync(cancellationToken));

    private static Informer<T> Informer<T>(ControllerServices services, ResourceType<T> type, InformerOptions<T> options) where T : class =>
        new(services.Client, type, options, services.Time, services.Loggers.CreateLogger($"informer.{type.Plural}"), services.Random);
}
