using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Nodes;

/// <summary>From what the API server stores to the facts that decisions rest on. Pure.</summary>
internal static class NodeMapping
{
    /// <param name="node">The Node.</param>
    /// <param name="os">The NodeOS of the same name; one of a former Node under that name counts as none.</param>
    /// <param name="pods">The node's pods; null while they are not known.</param>
    /// <param name="roles">Which labels mark the control plane. Default: those of the common distributions.</param>
    public static NodeFacts ToFacts(Node node, NodeOS? os, IReadOnlyList<PodFacts>? pods, NodeRoles? roles = null)
    {
        var ready = node.Ready;
        return new()
        {
            Name = node.Name,
            Uid = node.Metadata.Uid ?? "",
            CreatedAt = node.Metadata.CreationTimestamp ?? default,
            Labels = node.Metadata.Labels,
            Roles = roles ?? NodeRoles.Default,
            Platform = NodePlatform.Of(node.OperatingSystem, node.Architecture),
            Unschedulable = node.Unschedulable,
            CordonedBy = node.CordonedBy,
            CordonedAt = CordonedAt(node),
            HasJoinTaint = node.HasJoinTaint,
            Hold = node.Hold,
            Ready = node.IsReady,
            ReadyReason = ready?.Reason,
            ReadyMessage = ready?.Message,
            ReadyHeartbeat = ready?.LastHeartbeatTime,
            BootID = node.Status?.NodeInfo?.BootID,
            Address = node.InternalIP,
            ResourceVersion = node.Metadata.ResourceVersion,
            Deleting = node.Metadata.DeletionTimestamp is not null,
            OS = os is not null && BelongsTo(os, node) ? ToFacts(os) : null,
            Pods = pods,
        };
    }

    /// <summary>What other nodes of the control plane need to know of one, whoever selects it.</summary>
    public static ControlPlaneNode ToControlPlane(Node node, NodeOS? os) => new(
        node.Name,
        node.IsReady
            && node is { Unschedulable: false, CordonedBy: null }
            && !(os is not null && BelongsTo(os, node) && os.Spec.IsUnderWay()));

    /// <summary>Whether the NodeOS was made for just this Node, and not for a former one of its name.</summary>
    public static bool BelongsTo(NodeOS os, Node node) =>
        OwnerOf(os) is { } owner && owner.Uid == node.Metadata.Uid;

    /// <summary>The Node that a NodeOS was made for; null when it names none.</summary>
    public static OwnerReference? OwnerOf(NodeOS os) =>
        os.Metadata.OwnerReferences?.FirstOrDefault(o => o is { Kind: "Node", ApiVersion: "v1" });

    /// <param name="pod">The pod.</param>
    /// <param name="lastEviction">What the last try to evict it gave.</param>
    /// <param name="namespaceLabels">The labels of its namespace; null while they are not known.</param>
    public static PodFacts ToFacts(Pod pod, EvictionResult? lastEviction, IReadOnlyDictionary<string, string>? namespaceLabels = null)
    {
        var meta = pod.Metadata;
        return new()
        {
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            Phase = pod.Status?.Phase ?? "Unknown",
            Ready = pod.Status?.IsReady == true,
            DeletionTimestamp = meta.DeletionTimestamp,
            GracePeriodSeconds = meta.DeletionTimestamp is null ? pod.Spec?.TerminationGracePeriodSeconds : meta.DeletionGracePeriodSeconds,
            Controller = pod.Controller is { } controller ? new(controller.Kind, controller.Name, controller.Uid) : null,
            IsMirror = pod.IsMirror,
            HasEmptyDir = pod.HasEmptyDir,
            Labels = meta.Labels,
            NamespaceLabels = namespaceLabels,
            Claims = pod.Claims,
            Finalizers = meta.Finalizers,
            LastEviction = lastEviction,
            CordonToleration = pod.CordonToleration,
            BoundBy = pod.BoundBy,
        };
    }

    private static NodeOSFacts ToFacts(NodeOS os) => new()
    {
        Uid = os.Metadata.Uid,
        Deleting = os.Metadata.DeletionTimestamp is not null,
        Generation = os.Metadata.Generation,
        ResourceVersion = os.Metadata.ResourceVersion,
        Spec = os.Spec,
        Status = os.Status,
    };

    private static DateTimeOffset? CordonedAt(Node node) =>
        DateTimeOffset.TryParse(
            node.Metadata.Annotations?.GetValueOrDefault(NodeAnnotations.CordonedAt),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var at)
            ? at
            : null;
}
