using System.Text.Json.Nodes;

namespace Ostler.Kubernetes.Client;

public sealed partial class ApiClient
{
    /// <summary>
    /// Takes back the mark that an eviction leaves on a KubeVirt machine, by which its controller starts migrations until it has left the
    /// node.
    /// </summary>
    /// <param name="instance">The VirtualMachineInstance.</param>
    /// <param name="node">The node that it was to leave. Another mark than for this one is left alone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ApiException"><see cref="ApiException.IsNotFound"/>: gone, or KubeVirt before 1.7, which has no such
    /// call.</exception>
    public async Task CancelEvacuationAsync(NamespacedName instance, string node, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(instance.Namespace);
        ArgumentException.ThrowIfNullOrEmpty(instance.Name);
        var path = $"apis/subresources.kubevirt.io/v1/namespaces/{Uri.EscapeDataString(instance.Namespace)}"
            + $"/virtualmachineinstances/{Uri.EscapeDataString(instance.Name)}/evacuate/cancel";
        var request = new ApiRequest(HttpMethod.Put, path, "update", "virtualmachineinstances/evacuate")
        {
            Body = ApiBody.Bytes(new JsonObject { ["evacuationNodeName"] = node }),
        };
        await CallAsync(request, static (_, _) => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
    }
}
