using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.NodeOSes;

/// <summary>
/// Keeps one NodeOS per Node, made for just that Node. What a policy asks of the node is written by the plan of the policy alone.
/// </summary>
/// <remarks>
/// A NodeOS whose Node is gone is left to the garbage collector, which follows the owner reference. Only when the name is taken
/// again by a new Node before that happened is it removed here: else the new Node would inherit the former one's history.
/// </remarks>
internal sealed partial class NodeOSReconciler(ApiClient client, ILister<Node> nodes, Informer<NodeOS> nodeOSes, ILogger<NodeOSReconciler> logger)
{
    /// <summary>How long to wait for a NodeOS to go that a finalizer keeps.</summary>
    private static readonly TimeSpan RetryTaken = TimeSpan.FromSeconds(10);

    public async Task<ReconcileResult> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        var key = NamespacedName.ClusterScoped(name);
        if (nodes.Get(key) is not { Metadata.DeletionTimestamp: null } node)
        {
            return ReconcileResult.Done;
        }

        if (nodeOSes.Lister.Get(key) is { } existing)
        {
            if (NodeMapping.BelongsTo(existing, node))
            {
                return await FollowLabelAsync(existing, node, cancellationToken);
            }

            if (NodeMapping.OwnerOf(existing) is not { } owner)
            {
                // Somebody made it by hand. It is not ours to delete, and without an owner it says nothing about this Node.
                LogUnowned(name);
                return ReconcileResult.Done;
            }

            LogReplacing(name, owner.Uid, node.Metadata.Uid);
            await DeleteAsync(existing, cancellationToken);
        }

        return await CreateAsync(node, cancellationToken);
    }

    /// <summary>
    /// The agent may not read its Node, so what the node's label says of the host's tool is written where it may read it.
    /// </summary>
    private async Task<ReconcileResult> FollowLabelAsync(NodeOS os, Node node, CancellationToken cancellationToken)
    {
        var wanted = NodeMarks.BackendOf(node.Metadata.Labels);

        // A NodeOS that a policy writes has one writer: the policy's plan follows the label.
        if (os.Spec.Policy is not null || os.Spec.Backend == wanted)
        {
            return ReconcileResult.Done;
        }

        LogBackend(node.Name, wanted);
        try
        {
            nodeOSes.Absorb(await client.PatchAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(node.Name), NodePatches.Backend(os, wanted), cancellationToken));
            return ReconcileResult.Done;
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // A rollout wrote the spec meanwhile, label included, or the object is gone.
            return ReconcileResult.After(RetryTaken);
        }
    }

    private async Task DeleteAsync(NodeOS former, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(
                OstlerResources.NodeOSes, NamespacedName.ClusterScoped(former.Metadata.Name), new DeletePreconditions(former.Metadata.Uid), null, cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or replaced already: creating the new one tells which.
        }
    }

    private async Task<ReconcileResult> CreateAsync(Node node, CancellationToken cancellationToken)
    {
        LogCreating(node.Name);
        try
        {
            nodeOSes.Absorb(await client.CreateAsync(OstlerResources.NodeOSes, For(node), cancellationToken));
            return ReconcileResult.Done;
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // The cache did not know of it, or a finalizer keeps the former one.
            var key = NamespacedName.ClusterScoped(node.Name);
            if (await client.GetAsync(OstlerResources.NodeOSes, key, cancellationToken) is { } present)
            {
                nodeOSes.Absorb(present);
            }

            return ReconcileResult.After(RetryTaken);
        }
    }

    /// <summary>The NodeOS of a Node: only observed, and owned by it without keeping it from being deleted.</summary>
    internal static NodeOS For(Node node) => new()
    {
        Metadata = new()
        {
            Name = node.Name,
            OwnerReferences =
            [
                new()
                {
                    ApiVersion = "v1",
                    Kind = "Node",
                    Name = node.Name,
                    Uid = node.Metadata.Uid ?? "",
                    Controller = true,
                    BlockOwnerDeletion = false,
                },
            ],
        },
        Spec = new() { Goal = Goal.Observe, Backend = NodeMarks.BackendOf(node.Metadata.Labels) },
    };

    [LoggerMessage(1, LogLevel.Information, "Creating the NodeOS of node {Node}")]
    private partial void LogCreating(string node);

    [LoggerMessage(2, LogLevel.Information, "Deleting the NodeOS of a previous node {Node} (UID {FormerUid}); the current one is {Uid}")]
    private partial void LogReplacing(string node, string formerUid, string? uid);

    [LoggerMessage(4, LogLevel.Information, "Node {Node} is to be updated by {Backend} (its label ostler.dev/backend; empty: the agent finds out)")]
    private partial void LogBackend(string node, string? backend);

    [LoggerMessage(3, LogLevel.Warning, "The NodeOS {Node} has no owner reference to a Node, so it is not used and not touched; delete it, and the controller creates it again")]
    private partial void LogUnowned(string node);
}
