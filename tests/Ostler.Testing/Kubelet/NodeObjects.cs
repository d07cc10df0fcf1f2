using k8s.Models;

namespace Ostler.Testing.Kubelet;

/// <summary>The Node object as a kubelet writes it. Pure.</summary>
internal static class NodeObjects
{
    public const string UninitializedTaint = "node.cloudprovider.kubernetes.io/uninitialized";

    /// <summary>
    /// What a kubelet registers. The API server adds the not-ready taint, and the node lifecycle controller takes it off.
    /// </summary>
    public static V1Node Registration(SimulatedNode node, KubeletTimings timings, DateTimeOffset now)
    {
        var options = node.Options;
        var labels = new Dictionary<string, string>(options.Labels)
        {
            ["kubernetes.io/hostname"] = options.Name,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = options.Architecture,
        };
        AddLabel("topology.kubernetes.io/zone", options.Zone);
        AddLabel("topology.kubernetes.io/region", options.Region);
        var taints = options.Taints.Select(t => new V1Taint { Key = t.Key, Value = t.Value, Effect = t.Effect }).ToList();
        if (options.ExternalCloudProvider)
        {
            taints.Add(new() { Key = UninitializedTaint, Value = "true", Effect = "NoSchedule" });
        }

        return new V1Node
        {
            ApiVersion = "v1",
            Kind = "Node",
            Metadata = new() { Name = options.Name, Labels = labels },
            Spec = new() { Taints = taints.Count > 0 ? taints : null, PodCIDR = node.PodNetwork + ".0/24", PodCIDRs = [node.PodNetwork + ".0/24"] },
            Status = Status(node, null, timings, now),
        };

        void AddLabel(string key, string? value)
        {
            if (value is not null)
            {
                labels[key] = value;
            }
        }
    }

    /// <summary>The status now; conditions that others set are kept, because a merge patch replaces the whole list.</summary>
    public static V1NodeStatus Status(SimulatedNode node, V1NodeStatus? current, KubeletTimings timings, DateTimeOffset now)
    {
        var (options, machine) = (node.Options, node.Machine);
        var resources = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = new(options.Cpu),
            ["memory"] = new(options.Memory),
            ["pods"] = new(options.MaxPods.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ["ephemeral-storage"] = new("100Gi"),
        };
        return new V1NodeStatus
        {
            Addresses =
            [
                new() { Type = "InternalIP", Address = node.Address },
                new() { Type = "Hostname", Address = options.Name },
            ],
            Capacity = resources,
            Allocatable = resources,
            DaemonEndpoints = new() { KubeletEndpoint = new() { Port = 10250 } },
            NodeInfo = new()
            {
                Architecture = options.Architecture,
                BootID = machine.BootId,
                ContainerRuntimeVersion = options.ContainerRuntimeVersion,
                KernelVersion = options.KernelVersion,
                KubeletVersion = options.KubeletVersion,
                KubeProxyVersion = options.KubeletVersion,
                MachineID = options.Name,
                OperatingSystem = "linux",
                OsImage = machine.OSImage,
                SystemUUID = options.Name,
            },
            Conditions = Conditions(machine, current?.Conditions, timings, KubeletClock.Seconds(now), KubeletClock.Seconds(machine.BootedAt + timings.ReadyDelay)),
        };
    }

    /// <summary>Whether the kubelet's part of a status is as it should be; heartbeat times do not count.</summary>
    public static bool IsSame(V1NodeStatus? actual, V1NodeStatus desired) => actual is not null && Facts(actual) == Facts(desired);

    /// <summary>The taints that a ready node should no longer have.</summary>
    public static bool IsOutdated(V1Taint taint, SimulatedNode node, bool removeNotReady) =>
        (node.Options.ExternalCloudProvider && taint.Key == UninitializedTaint)
        || (removeNotReady && taint.Key is "node.kubernetes.io/not-ready" or "node.kubernetes.io/unreachable");

    public static bool IsReady(V1NodeStatus status) => status.Conditions.Any(c => c is { Type: "Ready", Status: "True" });

    private static string Facts(V1NodeStatus status)
    {
        var conditions = (status.Conditions ?? []).Where(c => IsOurs(c.Type)).Select(c => $"{c.Type}={c.Status}/{c.Reason}");
        var info = status.NodeInfo;
        return string.Join(' ', [info?.BootID, info?.OsImage, info?.KubeletVersion, .. conditions.Order(StringComparer.Ordinal)]);
    }

    private static bool IsOurs(string type) => type is "Ready" or "MemoryPressure" or "DiskPressure" or "PIDPressure";

    private static List<V1NodeCondition> Conditions(
        MachineState machine, IList<V1NodeCondition>? current, KubeletTimings timings, DateTime now, DateTime readyAt)
    {
        var conditions = (current ?? []).Where(c => !IsOurs(c.Type)).ToList();
        Add("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available");
        Add("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure");
        Add("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available");
        if (machine.Illness is { } illness)
        {
            Add("Ready", "False", illness.Reason, illness.Message);
        }
        else if (timings.ReadyDelay > TimeSpan.Zero && now < readyAt)
        {
            Add("Ready", "False", "KubeletNotReady", "container runtime status check may not have completed yet");
        }
        else
        {
            Add("Ready", "True", "KubeletReady", "kubelet is posting ready status");
        }

        return conditions;

        void Add(string type, string status, string reason, string message) => conditions.Add(new()
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastHeartbeatTime = now,
            LastTransitionTime = current?.FirstOrDefault(c => c.Type == type) is { } before && before.Status == status
                ? before.LastTransitionTime
                : now,
        });
    }
}
