namespace Ostler.Testing.Kubelet;

/// <summary>What a simulated machine tells of itself.</summary>
public sealed record SimulatedNodeOptions
{
    public required string Name { get; init; }

    /// <summary>Becomes the label topology.kubernetes.io/zone. Default: none.</summary>
    public string? Zone { get; init; }

    /// <summary>Becomes the label topology.kubernetes.io/region. Default: none.</summary>
    public string? Region { get; init; }

    /// <summary>Further labels, beside those that every kubelet sets (hostname, os, arch).</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Taints that the node registers with, as key, value, effect.</summary>
    public IReadOnlyList<(string Key, string Value, string Effect)> Taints { get; init; } = [];

    /// <summary>The ID of its first boot. Default: a new one.</summary>
    public string? BootId { get; init; }

    public string Architecture { get; init; } = "amd64";

    public string OSImage { get; init; } = "Edge OS 42.20260901.0";

    public string KernelVersion { get; init; } = "6.12.0";

    /// <summary>Default 1.20.0: a kubelet may be older than its API server, and must not be newer.</summary>
    public string KubeletVersion { get; init; } = "v1.20.0";

    public string ContainerRuntimeVersion { get; init; } = "cri-o://1.20.0";

    public string Cpu { get; init; } = "8";

    public string Memory { get; init; } = "32Gi";

    public int MaxPods { get; init; } = 110;

    /// <summary>Register with the taint node.cloudprovider.kubernetes.io/uninitialized and take it off, with a providerID set, a
    /// moment later, as a kubelet and its cloud's controller do between them. Default false.</summary>
    public bool ExternalCloudProvider { get; init; }
}
