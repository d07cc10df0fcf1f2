using Ostler.Api.Meta;
using Ostler.Controller.OSImages;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Informers;
using Ostler.Kubernetes.Queues;

namespace Ostler.Controller.Startup;

/// <summary>The names of the objects to look at, of each kind. What wakes a controller adds to these, and need not know it.</summary>
internal sealed record TermQueues(WorkQueue<string> Policies, WorkQueue<string> Images, WorkQueue<string> NodeOSes)
{
    /// <summary>
    /// A minute at most: deadlines are declared in minutes, and a rollout must not sleep through one because its last writes failed.
    /// </summary>
    private static WorkQueueOptions Options { get; } = new()
    {
        Backoff = new() { Initial = TimeSpan.FromMilliseconds(5), Maximum = TimeSpan.FromMinutes(1) },
    };

    public static TermQueues Create(TimeProvider time) =>
        new(new("upgradepolicy", Options, time), new("osimage", Options, time), new("nodeos", Options, time));

    /// <summary>Adds whatever a change of an object concerns.</summary>
    public void Subscribe(TermCaches caches, NodeRoles roles)
    {
        var policyKeys = new PolicyKeys(caches.Nodes.Lister, Policies.Add) { Roles = roles };
        caches.Policies.AddHandler(policyKeys.OnPolicy);
        caches.Images.AddHandler(policyKeys.OnImage);
        caches.Nodes.AddHandler(policyKeys.OnNode);
        caches.NodeOSes.AddHandler(policyKeys.OnNodeOS);
        caches.Namespaces.AddHandler(policyKeys.OnNamespace);

        var imageKeys = new ImageKeys(Images.Add);
        caches.Images.AddHandler(imageKeys.OnImage);
        caches.Policies.AddHandler(imageKeys.OnPolicy);

        caches.Nodes.AddHandler(e =>
        {
            if (e.Type != InformerEventType.Updated || NodeMarks.BackendOf(e.Old!.Metadata.Labels) != NodeMarks.BackendOf(e.New!.Metadata.Labels))
            {
                NodeOSes.Add(e.Object.Name);
            }
        });
        caches.NodeOSes.AddHandler(e =>
        {
            if (e.Type != InformerEventType.Updated)
            {
                NodeOSes.Add(e.Object.Metadata.Name);
            }
        });
    }
}
