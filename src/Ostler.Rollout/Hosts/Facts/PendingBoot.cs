using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Facts;

/// <summary>
/// What the agent was about to do when it rebooted the host: the one thing that it remembers, kept on the host. Without it nobody could
/// tell, after the boot, a tree that did not come up from a reboot that had nothing to do with the order.
/// </summary>
public sealed record PendingBoot
{
    public required string NodeUid { get; init; }
    public required Goal Goal { get; init; }
    public required long Attempt { get; init; }

    /// <summary>The tree that the next boot should run.</summary>
    public required string Target { get; init; }

    /// <summary>Tells it apart from other deployments of the same tree.</summary>
    public int Serial { get; init; }

    /// <summary>What ran when the record was written.</summary>
    public required string Previous { get; init; }

    /// <summary>The boot in which it was written.</summary>
    public required string BootID { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>The record of a reboot that is about to be ordered.</summary>
    /// <param name="uid">The UID of the NodeOS.</param>
    /// <param name="spec">The order.</param>
    /// <param name="host">The host as it is.</param>
    /// <param name="next">What the next boot runs.</param>
    /// <param name="now">By the host's clock.</param>
    public static PendingBoot Of(string uid, NodeOSSpec spec, HostState host, HostDeployment next, DateTimeOffset now) => new()
    {
        NodeUid = uid,
        Goal = spec.Goal,
        Attempt = spec.Attempt,
        Target = next.Digest,
        Serial = next.Serial,
        Previous = host.Deployments.Booted!.Digest,
        BootID = host.Boot.BootID,
        RequestedAt = now,
    };

    /// <summary>Whether this speaks of what the spec asks for now. A record of a former order says nothing.</summary>
    public bool Answers(string uid, NodeOSSpec spec) =>
        NodeUid == uid && Goal == spec.Goal && Attempt == spec.Attempt
        && Target == (spec.Goal == Goal.Rollback ? spec.Previous?.Digest : spec.Image?.Digest);
}
