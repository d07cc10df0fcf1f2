namespace Ostler.Rollout.Hosts.Facts;

/// <summary>Whether the deployment that was staged in the former boot was applied when the host shut down.</summary>
public enum Finalization
{
    /// <summary>The host has no record of it: a power cut, a forced reboot, or the journal was not kept.</summary>
    NeverRan,

    /// <summary>It was left out because it was locked.</summary>
    SkippedLocked,

    /// <summary>It was tried and went wrong.</summary>
    Failed,
}
