namespace Ostler.Rollout;

/// <summary>Decides what to do next about one policy. Pure and total: the same snapshot always gives the same plan, and none throws.</summary>
public static class RolloutPlanner
{
    public static RolloutPlan Plan(RolloutSnapshot snapshot) => new() { Actions = [], Nodes = [] };
}
