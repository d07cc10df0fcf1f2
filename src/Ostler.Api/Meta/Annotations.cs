namespace Ostler.Api.Meta;

/// <summary>
/// The marks that the controller leaves on a Node. They are written in one patch with <c>spec.unschedulable</c>, so that a
/// cordon and the knowledge whose it is can never come apart; nothing else is said through annotations.
/// </summary>
public static class NodeAnnotations
{
    /// <summary>
    /// The policy that holds a slot for the node and cordoned it. A cordon without it is somebody else's and is never removed.
    /// </summary>
    public const string CordonedBy = OstlerApi.Group + "/cordoned-by";

    /// <summary>When: the moment that the slot was granted, from which the drain's deadline counts.</summary>
    public const string CordonedAt = OstlerApi.Group + "/cordoned-at";
}

/// <summary>What a user may ask of the controller about an OSImage.</summary>
public static class OSImageAnnotations
{
    /// <summary>
    /// Any value that differs from the last one makes the controller resolve the image at once; by custom the present time.
    /// </summary>
    public const string RefreshRequestedAt = OstlerApi.Group + "/refresh-requested-at";
}

/// <summary>What the controller says of itself on the Lease that its leader holds.</summary>
public static class LeaseAnnotations
{
    /// <summary>The version of the leader.</summary>
    public const string Version = OstlerApi.Group + "/version";
}

/// <summary>Labels, annotations and taints of Nodes that Ostler reads and does not set.</summary>
public static class NodeMarks
{
    /// <summary>The well-known label of the failure domain.</summary>
    public const string ZoneLabel = "topology.kubernetes.io/zone";

    /// <summary>Marks a node of the control plane, whatever its value.</summary>
    public const string ControlPlaneLabel = "node-role.kubernetes.io/control-plane";

    /// <summary>The same before Kubernetes 1.24.</summary>
    public const string MasterLabel = "node-role.kubernetes.io/master";

    /// <summary>
    /// The taint that a node registers with so as to get no workload before it runs the target; see spec.rollout.joinTaint.
    /// </summary>
    public const string OutdatedTaint = OstlerApi.Group + "/outdated";

    /// <summary>
    /// Says by which tool a node's host is updated: bootc, rpm-ostree or ostree. Without it the agent finds out by itself, which goes wrong
    /// only on hosts that have more than one of them in use.
    /// </summary>
    public const string BackendLabel = OstlerApi.Group + "/backend";

    /// <summary>
    /// An annotation or a label that a user sets on a Node, with the reason as its value: the node stays in service and is not upgraded.
    /// </summary>
    public const string Hold = OstlerApi.Group + "/hold";

    /// <summary>What the label says, right or wrong; null when there is none.</summary>
    public static string? BackendOf(IReadOnlyDictionary<string, string>? labels) => labels?.GetValueOrDefault(BackendLabel);

    /// <summary>
    /// Why no agent can ever run on a node: another operating system than Linux, AWS Fargate, or a virtual kubelet (its customary label).
    /// Null: nothing says so. Such nodes have no host to upgrade; policies pass them over, and the agent's DaemonSet leaves them out.
    /// </summary>
    public static string? WhyNoAgent(IReadOnlyDictionary<string, string>? labels) => labels switch
    {
        null => null,
        _ when labels.TryGetValue("kubernetes.io/os", out var os) && os != "linux" => $"kubernetes.io/os={os}",
        _ when labels.TryGetValue("eks.amazonaws.com/compute-type", out var type) && type == "fargate" => "eks.amazonaws.com/compute-type=fargate",
        _ when labels.TryGetValue("type", out var type) && type == "virtual-kubelet" => "type=virtual-kubelet",
        _ => null,
    };
}
