namespace Ostler.Simulation.Hosts;

/// <summary>What becomes of a boot into a new tree.</summary>
public enum SimulatedBoot
{
    /// <summary>The tree comes up.</summary>
    Works,

    /// <summary>The machine never comes up again.</summary>
    NeverReturns,

    /// <summary>The boot loader falls back to the former tree.</summary>
    FallsBack,

    /// <summary>The power fails before the tree is applied; the former one comes up.</summary>
    PowerCut,

    /// <summary>A tree comes up that nobody ordered.</summary>
    Unexpected,

    /// <summary>The tree comes up, but no kubelet.</summary>
    WithoutKubelet,

    /// <summary>The tree comes up, but its host checks fail.</summary>
    Unhealthy,

    /// <summary>The tree comes up, its host checks pass, fail and pass again for a while.</summary>
    Flapping,

    /// <summary>The tree comes up, but neither kubelet nor agent. Without a watchdog nobody hears of the machine again.</summary>
    Hangs,
}
