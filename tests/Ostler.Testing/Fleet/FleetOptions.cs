using Ostler.Testing.Hosts;
using Ostler.Testing.Kubelet;

namespace Ostler.Testing.Fleet;

/// <summary>How a fleet is made.</summary>
public sealed record FleetOptions
{
    /// <summary>How many nodes. They are named node-1, node-2 …</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>
    /// What updates the hosts. Those of bootc are installed from container images, the others from a branch. Default: the real ostree.
    /// </summary>
    public Ostler.Testing.Hosts.HostTool Tool { get; init; }

    /// <summary>Who signs what the nodes are installed with; null: nobody.</summary>
    public Ostler.Testing.Hosts.TreeSigner? Signer { get; init; }

    /// <summary>Zones over which the nodes are spread in turn.</summary>
    public IReadOnlyList<string> Zones { get; init; } = ["zone-a", "zone-b", "zone-c"];

    /// <summary>The controller's program: <c>ostler-controller.dll</c> or a native binary.</summary>
    public required string ControllerProgram { get; init; }

    /// <summary>The agent's program: <c>ostler-agent.dll</c> or a native binary.</summary>
    public required string AgentProgram { get; init; }

    /// <summary>The repository's <c>config</c> folder: CRDs and RBAC are installed from it, as a user would.</summary>
    public required string ConfigFolder { get; init; }

    /// <summary>How long a simulated machine is without power in a reboot.</summary>
    public TimeSpan RebootLatency { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What each pod does. Default: pods run, and end at once when they are deleted.</summary>
    public Func<k8s.Models.V1Pod, Ostler.Testing.Kubelet.PodBehavior> Behavior { get; init; } = new Ostler.Testing.Kubelet.SimulatedKubeletsOptions().Behavior;

    /// <summary>Further flags of the controller.</summary>
    public IReadOnlyList<string> ControllerArguments { get; init; } = [];

    /// <summary>Further flags of the API server.</summary>
    public IReadOnlyList<string> ApiServerArguments { get; init; } = [];

    /// <summary>Whether controllers serve their metrics: see <see cref="TestFleet.MetricsAddress"/>.</summary>
    public bool ServeMetrics { get; init; }

    /// <summary>Whether controllers serve the console: see <see cref="TestFleet.ConsoleAddress"/>.</summary>
    public bool ServeConsole { get; init; }

    /// <summary>Whether the console asks for tokens, with the rights of config/console for that.</summary>
    public bool ConsoleTokens { get; init; }

    /// <summary>What happens while the fleet comes up, for people.</summary>
    public Action<string> Progress { get; init; } = _ => { };
}
