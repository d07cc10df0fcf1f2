using System.Text.Json.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using k8s;

namespace Ostler.Testing.Kubelet;

/// <content>Runs pods.</content>
public sealed partial class SimulatedKubelets
{
    private async Task<ReconcileResult> ReconcilePodAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_podInformer.Lister.Get(key) is not { } pod)
        {
            _runs.TryRemove(key, out _);
            return ReconcileResult.Done;
        }

        if (pod.Spec.NodeName is not { } name || !_nodes.TryGetValue(name, out var node) || node.Machine is not { IsOn: true } machine)
        {
            return ReconcileResult.Done;
        }

        var uid = pod.Metadata.Uid;
        var remembered = _runs.TryGetValue(key, out var known) && known.Uid == uid ? known.Run : null;
        var address = remembered?.Boot == machine.Boot ? remembered.Address : node.NextPodAddress();
        var decision = PodLifecycle.Decide(pod, remembered, _options.Behavior(pod), machine.Boot, address, node.Address, Time.GetUtcNow());
        _runs[key] = (uid, decision.Run);
        if (decision.Status is { } status)
        {
            var body = new JsonObject { ["status"] = JsonNode.Parse(KubernetesJson.Serialize(status)) };

            // Only if nobody wrote meanwhile: the list of conditions is replaced whole.
            var patch = Patch.Merge(body).OnlyIf(uid, pod.Metadata.ResourceVersion);
            try
            {
                _podInformer.Absorb(await _client.PatchAsync(KnownResources.Pods, key, patch, cancellationToken, "status").ConfigureAwait(false));
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                return ReconcileResult.Done;
            }
        }

        if (decision.Delete)
        {
            await IgnoreGoneAsync(() => _client.DeleteAsync(
                KnownResources.Pods, key, new DeletePreconditions(uid), gracePeriodSeconds: 0, cancellationToken)).ConfigureAwait(false);
        }

        return decision.LookAgain is { } delay && delay > TimeSpan.Zero ? ReconcileResult.After(delay) : ReconcileResult.Done;
    }
}
