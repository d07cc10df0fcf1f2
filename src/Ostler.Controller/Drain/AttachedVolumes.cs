using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>
/// Finds the volumes that are still attached to a node. Listed while a drained node waits for them, and never held: VolumeAttachments
/// cannot be selected by their node, and there are as many as there are volumes in the cluster.
/// </summary>
internal sealed class AttachedVolumes(ApiClient client, TimeProvider time)
{
    public async Task<VolumeFacts> AskAsync(Probe.Volumes question, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var list = await client.ListAsync(CoreResources.VolumeAttachments, new ListOptions { ResourceVersion = "0" }, cancellationToken);
        var attached = list.Items.Where(a => a.Spec?.NodeName == question.Node).Select(a => a.Spec!.Source?.PersistentVolumeName).OfType<string>()
            .ToHashSet(StringComparer.Ordinal);

        // A pod that stays keeps its volume until the reboot: to wait for that would be to wait in vain.
        foreach (var pod in attached.Count == 0 ? [] : question.Staying)
        {
            foreach (var claim in pod.Claims ?? [])
            {
                var found = await client.GetAsync(CoreResources.Claims, new(pod.Namespace, claim), cancellationToken);
                attached.Remove(found?.Spec?.VolumeName ?? "");
            }
        }

        return new() { At = at, Attached = [.. attached.Order(StringComparer.Ordinal)] };
    }
}
