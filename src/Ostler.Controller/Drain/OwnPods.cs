using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>Recognizes the pods of Ostler's controller, and says whether one of them could run on another node.</summary>
/// <param name="ownNamespace">The namespace that Ostler is installed in.</param>
/// <param name="nodes">All Nodes.</param>
internal sealed class OwnPods(string ownNamespace, ILister<Node> nodes)
{
    public PodFacts Mark(Pod pod, PodFacts facts) => pod.Metadata.Namespace == ownNamespace && pod.IsOstlerController
        ? facts with
        {
            IsOstlerController = true,
            HasOtherNode = nodes.List().Any(n => n.Name != pod.Spec?.NodeName && PodPlacement.CanTake(n, pod)),
        }
        : facts;
}
