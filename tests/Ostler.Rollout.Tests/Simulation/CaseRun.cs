using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>A random case that was run to its end, and what was wrong with it.</summary>
internal sealed record CaseRun(RolloutCase Case, IReadOnlyList<string> Complaints, RolloutSimulation Simulation, IReadOnlyDictionary<string, int> Seen)
{
    public static CaseRun Of(RolloutCase c)
    {
        var simulation = new RolloutSimulation(c.Scenario());
        var invariants = Invariants.Watch(simulation);
        if (simulation.Run() || simulation.ComesToRest())
        {
            invariants.CheckEnd();
            Endings.Check(simulation.World, invariants.Complain);
        }
        else
        {
            invariants.Complain($"6: the rollout does not end; {simulation.World.Timeline.Count} lines");
        }

        return new(c, invariants.Broken, simulation, invariants.Seen);
    }

    /// <summary>Takes away what can be taken away, one thing after the other, as long as something is still wrong.</summary>
    public static RolloutCase Smallest(RolloutCase failed)
    {
        while (RolloutCase.Shrink(failed).FirstOrDefault(c => Of(c).Complaints.Count > 0) is { } smaller)
        {
            failed = smaller;
        }

        return failed;
    }

    public string Describe() =>
        $"{string.Join('\n', Complaints)}\n{Case}\nTo keep it, add to KeptCases: {Case.ToCode()}\n{string.Join('\n', Simulation.World.Timeline)}";
}
