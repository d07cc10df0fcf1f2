namespace Ostler.Rollout.Hosts.Facts;

/// <summary>The deployment that the agent pinned while its successor is on trial.</summary>
public sealed record PinnedDeployment
{
    public required string Commit { get; init; }
    public required int Serial { get; init; }

    /// <summary>The NodeOS whose order it was kept for; null: a user's, or an earlier version did not write it down.</summary>
    public string? NodeUid { get; init; }

    /// <summary>The record of a deployment that is about to be pinned.</summary>
    /// <param name="uid">The NodeOS whose order puts its successor on trial; null: a user's.</param>
    /// <param name="deployment">What is pinned.</param>
    public static PinnedDeployment Of(string? uid, HostDeployment deployment) =>
        new() { Commit = deployment.Commit, Serial = deployment.Serial, NodeUid = uid };
}
