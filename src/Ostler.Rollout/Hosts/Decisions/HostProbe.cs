using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>
/// What a decision needs to know beyond the list of deployments and the agent's own records. Each probe costs the host a command.
/// </summary>
public enum HostProbe
{
    /// <summary>Nothing more.</summary>
    None,

    /// <summary>Whether the host is shutting down: <see cref="HostState.ShuttingDown"/>.</summary>
    ShuttingDown,

    /// <summary>What became of the deployment that the agent applied in this boot: <see cref="HostState.Finalization"/>.</summary>
    Applying,

    /// <summary>What became of the deployment that was staged in the previous boot: <see cref="HostState.Finalization"/>.</summary>
    Finalizing,

    /// <summary>Who made the host fall back: <see cref="HostState.FellBackBecause"/>.</summary>
    Fallback,
}

/// <summary>Which probe a decision needs. Pure.</summary>
public static class HostProbes
{
    /// <param name="uid">The UID of the NodeOS.</param>
    /// <param name="spec">What is asked.</param>
    /// <param name="host">What is known so far.</param>
    /// <param name="applied">
    /// Reads the record of a deployment that the agent applied before a soft reboot; called only when it matters.
    /// </param>
    public static HostProbe Of(string uid, NodeOSSpec spec, HostState host, Func<ApplyRecord?> applied)
    {
        if (host.Pending is { } pending && pending.BootID == host.Boot.BootID && pending.Answers(uid, spec))
        {
            return HostProbe.ShuttingDown;
        }

        if (spec is not { Goal: Goal.Boot, Image: { } image })
        {
            return HostProbe.None;
        }

        if (!BootOutcome.IsNewBoot(uid, spec, host))
        {
            return host.Deployments.All.All(d => d.Digest != image.Digest) && applied()?.Answers(uid, spec, host.Boot.BootID) == true
                ? HostProbe.Applying
                : HostProbe.None;
        }

        return host.Deployments.Booted is not { } booted || booted.Digest == image.Digest ? HostProbe.None
            : host.Deployments.Find(image.Digest) is null ? HostProbe.Finalizing
            : HostProbe.Fallback;
    }
}
