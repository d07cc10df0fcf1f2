using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using k8s.Models;

namespace Ostler.Machine.Cluster;

/// <summary>What <c>kubectl get</c> shows at one moment.</summary>
internal sealed record ClusterView(V1Node? Node, NodeOS? OS, UpgradePolicy? Policy, OSImage? Image, IReadOnlyList<V1Pod> Pods)
{
    public bool Cordoned => Node?.Spec.Unschedulable == true;

    public bool Ready => Node?.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    /// <summary>The version that the agent says is booted.</summary>
    public string? Booted => OS?.Status?.Booted?.Version;

    public bool Halted => Policy?.Status?.Conditions.IsTrue(ConditionTypes.Halted) == true;

    public bool IsQuarantined(string version) => Image?.Status?.Quarantined?.Any(q => q.Digest == OS?.Spec.Failure?.Digest && OS?.Spec.Failure?.Version == version) == true;

    /// <summary>The node runs a version and all is at rest: in service, and the policy says that it is done.</summary>
    public bool IsAt(string version) =>
        Booted == version && Ready && !Cordoned && OS?.Spec.Goal == Goal.Observe
        && Policy?.Status is { } status && status.ObservedGeneration == Policy.Metadata.Generation && status.Target?.Version == version && status.Conditions.IsTrue(ConditionTypes.Ready);

    /// <summary>The node is back on a version, in service, after another one failed for this reason, and the rollout is halted.</summary>
    public bool IsBackAt(string version, string failed) =>
        Booted == version && Ready && !Cordoned && OS?.Spec is { Goal: Goal.Observe, Failure: { } failure } && failure.Version == failed && Halted && IsQuarantined(failed);

    /// <summary>All of it that a rollout changes, in one line: a line that was not there before is progress.</summary>
    public string Progress =>
        $"{(Step.Length > 0 ? Step : "no NodeOS")}; runs {Booted ?? "?"}; {(Ready ? "Ready" : "NotReady")}{(Cordoned ? ", cordoned" : "")}; "
        + $"pods: {string.Join(", ", Pods.Select(p => $"{p.Status?.Phase} on {p.Spec.NodeName ?? "no node"}"))}; "
        + $"policy: {Policy?.Status?.Conditions.Find(ConditionTypes.Ready)?.Reason ?? "?"}{(Halted ? ", Halted" : "")}, target {Policy?.Status?.Target?.Version ?? "?"}; attempt {OS?.Spec.Attempt}";

    /// <summary>How far the node is, by what anybody can see.</summary>
    public string Step => OS switch
    {
        null => "",
        { Spec.Goal: Goal.Rollback } => Ready ? "RollingBack" : "RollingBack (NotReady)",
        { Spec.Goal: Goal.Boot } when OS.Status?.Attempt == OS.Spec.Attempt && OS.Status.Step is NodeStep.Verifying or NodeStep.Updated => OS.Spec.HealthySince is null ? "Verifying" : "Soaking",
        { Spec.Goal: Goal.Boot } when OS.Status?.Step is NodeStep.RolledBack => "RolledBack, as the agent says",
        { Spec.Goal: Goal.Boot } => Ready ? "Rebooting" : "Rebooting (NotReady)",
        { Spec.Goal: Goal.Stage } when Cordoned => "Draining",
        { Spec.Goal: Goal.Stage } => OS.Status is { Step: NodeStep.Staged } status && status.Attempt == OS.Spec.Attempt ? "Staged" : "Staging",
        { Spec: { Failure: { } failure, Image: { } image } } when failure.Digest == image.Digest => Cordoned ? "RolledBack, still cordoned" : "RolledBack",
        _ when Policy?.Status?.InFlight?.Any(n => n.Node == OS.Metadata.Name) == true => "Recovering",
        _ when OS.Spec.Image is { } image && image.Digest == OS.Status?.Booted?.Digest => "Updated",
        _ => "Idle",
    };
}
