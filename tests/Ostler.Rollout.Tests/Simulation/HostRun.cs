using Ostler.Api.NodeOSes;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>One simulated host and its NodeOS, step by step.</summary>
internal sealed class HostRun
{
    private int _boots;

    public SimulatedHost Host { get; init; } = new("n1", Trees.Old, "41", "boot-0");

    public NodeOS OS { get; private set; } = new() { Metadata = new() { Name = "n1", Uid = "uid", Generation = 1 } };

    public DateTimeOffset Now { get; set; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The steps of the last pass.</summary>
    public List<HostStep> Steps { get; } = [];

    public NodeOSStatus Status => OS.Status!;

    /// <summary>When the last pass asked for another one.</summary>
    public TimeSpan? Again => Steps.OfType<HostStep.Ends>().Single().Again;

    public static PreviousOS Previous => new() { Digest = Trees.Old, Version = "41", BootID = "boot-0" };

    public void Ask(NodeOSSpec spec) =>
        OS = OS with { Spec = spec, Metadata = OS.Metadata with { Generation = OS.Metadata.Generation + 1 } };

    /// <summary>The NodeOS is deleted, and created again: it orders nothing.</summary>
    public void Recreate() => OS = new() { Metadata = new() { Name = "n1", Uid = "another-uid", Generation = 1 } };

    /// <summary>The NodeOS is being deleted.</summary>
    public void Delete() => OS = OS with { Metadata = OS.Metadata with { DeletionTimestamp = Now } };

    public static NodeOSSpec Order(Goal goal) => new()
    {
        Goal = goal,
        Attempt = 1,
        Image = Trees.Image(Trees.New),
        Previous = goal is Goal.Boot or Goal.Rollback ? Previous : null,
    };

    /// <summary>Makes passes until one asks for no other at once, or the host goes down.</summary>
    /// <param name="dies">The agent dies after the first step for which this holds.</param>
    /// <param name="apiIsAway">No report reaches the API server.</param>
    public HostRun Pass(Func<HostStep, bool>? dies = null, bool apiIsAway = false)
    {
        do
        {
            Steps.Clear();
            var pass = Host.Pass(OS, () => Now);
            foreach (var step in pass.Steps())
            {
                Steps.Add(step);
                if (apiIsAway && step is HostStep.Reports)
                {
                    pass.LoseApi();
                    return this;
                }

                OS = step is HostStep.Reports reports ? OS with { Status = reports.Status } : OS;
                pass.OS = OS;
                if (dies?.Invoke(step) == true)
                {
                    Host.KillAgent();
                    return this;
                }
            }
        }
        while (Steps[^1] is HostStep.Ends { Again: var again } && again == TimeSpan.Zero);

        return this;
    }

    /// <summary>The host reboots as it was ordered, after a minute.</summary>
    public void Reboot(Goal? ordered)
    {
        var boot = Host.GoDown(ordered);
        Now += TimeSpan.FromMinutes(1);
        Host.ComeUp(boot, Now, $"boot-{++_boots}");
    }

    /// <summary>Stages the image and reboots into it.</summary>
    public HostRun Upgrade(Func<NodeOSSpec, NodeOSSpec>? change = null)
    {
        Ask(Order(Goal.Stage));
        Pass();
        Ask((change ?? (s => s))(Order(Goal.Boot)));
        Pass();
        Assert.IsType<HostStep.GoesDown>(Steps[^1]);
        Reboot(Goal.Boot);
        return Pass();
    }
}
