namespace Ostler.Api.Meta;

/// <summary>Which nodes belong to the control plane: they are disrupted one at a time, whatever maxUnavailable says.</summary>
/// <param name="ControlPlane">The labels that mark such a node, whatever their value.</param>
public sealed record NodeRoles(IReadOnlyList<string> ControlPlane)
{
    /// <summary>
    /// The labels of kubeadm, before and after Kubernetes 1.24, and of distributions that split the role: RKE and RKE2 (controlplane,
    /// etcd), k3s (etcd) and OpenShift (arbiter). A member of etcd counts: two of three away are a lost quorum.
    /// </summary>
    public static NodeRoles Default { get; } = new(
    [
        NodeMarks.ControlPlaneLabel, NodeMarks.MasterLabel, "node-role.kubernetes.io/controlplane", "node-role.kubernetes.io/etcd", "node-role.kubernetes.io/arbiter",
    ]);

    /// <summary>Whether one of the labels is there.</summary>
    public bool IsControlPlane(IReadOnlyDictionary<string, string>? labels)
    {
        if (labels is null)
        {
            return false;
        }

        for (var i = 0; i < ControlPlane.Count; i++)
        {
            if (labels.ContainsKey(ControlPlane[i]))
            {
                return true;
            }
        }

        return false;
    }
}
