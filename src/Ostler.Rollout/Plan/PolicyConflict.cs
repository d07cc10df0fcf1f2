namespace Ostler.Rollout.Plan;

/// <summary>Another policy that selects some of the same nodes.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Count">How many nodes both select.</param>
/// <param name="Examples">The first three by name.</param>
public sealed record PolicyConflict(string Policy, int Count, IReadOnlyList<string> Examples);
