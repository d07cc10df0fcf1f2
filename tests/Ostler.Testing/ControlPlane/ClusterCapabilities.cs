namespace Ostler.Testing.ControlPlane;

/// <summary>What a test may expect of the cluster it got. A test that needs more skips itself, and says why.</summary>
public sealed record ClusterCapabilities
{
    public required KubernetesVersion Version { get; init; }

    /// <summary>Controllers run: ReplicaSets make pods, silent nodes become NotReady, disruption budgets are computed.</summary>
    public required bool HasControllerManager { get; init; }

    public required bool HasScheduler { get; init; }

    /// <summary>The API server can be stopped and started again at the same address.</summary>
    public required bool CanRestartApiServer { get; init; }

    /// <summary>The cluster was there before the test and has other users: touch only what the test made.</summary>
    public required bool IsShared { get; init; }

    /// <summary>CEL rules in CustomResourceDefinitions are evaluated (on by default since 1.25).</summary>
    public bool HasCel => Version.IsAtLeast(1, 25);

    /// <summary>ValidatingAdmissionPolicy is served as <c>v1</c> (1.30).</summary>
    public bool HasValidatingAdmissionPolicy => Version.IsAtLeast(1, 30);

    /// <summary>Both parts of <c>policy/v1</c>: PodDisruptionBudget came with 1.21, Eviction with 1.22.</summary>
    public bool HasPolicyV1 => Version.IsAtLeast(1, 22);
}
