using System.Text.Json.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using k8s;
using k8s.Models;

namespace Ostler.Testing.Kubelet;

/// <content>Registers nodes, reports their status, and sends their heartbeats.</content>
public sealed partial class SimulatedKubelets
{
    private const string LeaseNamespace = "kube-node-lease";

    private async Task RegisterAsync(SimulatedNode node, CancellationToken cancellationToken)
    {
        var registration = NodeObjects.Registration(node, _options.Timings, Time.GetUtcNow());
        V1Node stored;
        try
        {
            stored = await _client.CreateAsync(KnownResources.Nodes, registration, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Labels and status are refreshed, as by a kubelet that was restarted; taints and what others set are left alone.
            var labels = new JsonObject(registration.Metadata.Labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value)));
            var patch = Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels } });
            stored = await _client.PatchAsync(KnownResources.Nodes, NamespacedName.ClusterScoped(node.Name), patch, cancellationToken).ConfigureAwait(false);
        }

        node.Uid = stored.Metadata.Uid;
        node.LastStatusReport = Time.GetUtcNow();
        _nodeInformer.Absorb(stored);
    }

    private async Task<ReconcileResult> ReconcileNodeAsync(string name, CancellationToken cancellationToken)
    {
        // A kubelet whose Node object is deleted under it does not register again before it is restarted, and neither do we.
        if (!_nodes.TryGetValue(name, out var node) || !node.Machine.IsOn
            || _nodeInformer.Lister.Get(NamespacedName.ClusterScoped(name)) is not { } current)
        {
            return ReconcileResult.Done;
        }

        var now = Time.GetUtcNow();
        var desired = NodeObjects.Status(node, current.Status, _options.Timings, now);
        var isDue = now - node.LastStatusReport >= _options.Timings.StatusReportPeriod;
        if (isDue || !NodeObjects.IsSame(current.Status, desired))
        {
            var body = new JsonObject { ["status"] = JsonNode.Parse(KubernetesJson.Serialize(desired)) };
            current = await PatchAsync(body, current, "status", cancellationToken).ConfigureAwait(false);
            node.LastStatusReport = now;
        }

        if (NodeObjects.IsReady(desired) && current.Spec.Taints is { } taints
            && taints.Any(t => NodeObjects.IsOutdated(t, node, _options.RemoveNotReadyTaints)))
        {
            await InitializeAsync(node, current, cancellationToken).ConfigureAwait(false);
        }

        var readyIn = node.Machine.BootedAt + _options.Timings.ReadyDelay - now;
        return ReconcileResult.After(readyIn > TimeSpan.Zero ? readyIn + TimeSpan.FromSeconds(1) : _options.Timings.StatusReportPeriod);
    }

    /// <summary>What the cloud's controller does with a new node, and, where there is no controller manager, what that would do.</summary>
    private async Task InitializeAsync(SimulatedNode node, V1Node current, CancellationToken cancellationToken)
    {
        var kept = current.Spec.Taints
            .Where(t => !NodeObjects.IsOutdated(t, node, _options.RemoveNotReadyTaints))
            .Select(t => JsonNode.Parse(KubernetesJson.Serialize(t)));
        var spec = new JsonObject { ["taints"] = new JsonArray([.. kept]) };
        if (node.Options.ExternalCloudProvider)
        {
            spec["providerID"] = $"simulated:///{node.Name}";
        }

        await PatchAsync(new JsonObject { ["spec"] = spec }, current, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<V1Node> PatchAsync(JsonObject body, V1Node current, string? subresource, CancellationToken cancellationToken)
    {
        // Only if nobody wrote meanwhile: lists are replaced whole, and another's taint or condition must not be lost.
        var patch = Patch.Merge(body).OnlyIf(current.Metadata.Uid, current.Metadata.ResourceVersion);
        var stored = await _client.PatchAsync(
            KnownResources.Nodes, NamespacedName.ClusterScoped(current.Metadata.Name), patch, cancellationToken, subresource).ConfigureAwait(false);
        _nodeInformer.Absorb(stored);
        return stored;
    }

    private async Task<ReconcileResult> HeartbeatAsync(string name, CancellationToken cancellationToken)
    {
        // A heartbeat that a former machine of the name left behind may come before the new one is registered, which then asks for its own.
        if (!_nodes.TryGetValue(name, out var node) || node is not { Machine.IsOn: true, Uid: not null })
        {
            return ReconcileResult.Done;
        }

        var renewTime = KubeletClock.Micro(Time.GetUtcNow());
        if (!node.HasLease)
        {
            await CreateLeaseAsync(node, cancellationToken).ConfigureAwait(false);
            node.HasLease = true;
        }
        else
        {
            var body = new JsonObject { ["spec"] = new JsonObject { ["renewTime"] = renewTime } };
            try
            {
                await _client.PatchAsync(KnownResources.Leases, new(LeaseNamespace, name), Patch.Merge(body), cancellationToken).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // Collected with a Node object that was deleted; a kubelet makes it again.
                node.HasLease = false;
                return ReconcileResult.After(TimeSpan.FromMilliseconds(100));
            }
        }

        return ReconcileResult.After(_options.Timings.HeartbeatPeriod);
    }

    private async Task CreateLeaseAsync(SimulatedNode node, CancellationToken cancellationToken)
    {
        var lease = new V1Lease
        {
            ApiVersion = "coordination.k8s.io/v1",
            Kind = "Lease",
            Metadata = new()
            {
                Name = node.Name,
                NamespaceProperty = LeaseNamespace,
                OwnerReferences = [new() { ApiVersion = "v1", Kind = "Node", Name = node.Name, Uid = node.Uid }],
            },
            Spec = new()
            {
                HolderIdentity = node.Name,
                LeaseDurationSeconds = Math.Max(1, (int)(_options.Timings.HeartbeatPeriod * 4).TotalSeconds),
                RenewTime = Time.GetUtcNow().UtcDateTime,
            },
        };
        try
        {
            await _client.CreateAsync(KnownResources.Leases, lease, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Of a kubelet before this one; the next heartbeat renews it.
        }
    }
}
