using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>What the watchdog does next.</summary>
public abstract record WatchdogStep
{
    private WatchdogStep()
    {
    }

    /// <summary>Nothing, now or later in this boot.</summary>
    public sealed record Nothing(string Why) : WatchdogStep;

    /// <summary>Nothing yet: it is asked again.</summary>
    public sealed record Wait(string Why) : WatchdogStep;

    /// <summary>What runs must be known: decide again with that.</summary>
    public sealed record Look : WatchdogStep;

    /// <summary>Make the former tree the next boot's, and reboot.</summary>
    public sealed record RollBack : WatchdogStep;

    /// <summary>
    /// The former tree is the next boot's, but the host has not gone down: order it once more, without waiting for anything.
    /// </summary>
    public sealed record RebootByForce : WatchdogStep;
}

/// <summary>What the host runs, as the watchdog sees it.</summary>
/// <param name="Booted">The digest; null when the host's tool does not say.</param>
/// <param name="Assessing">greenboot, or the boot loader's own counting, has not decided on this boot.</param>
public sealed record WatchdogObservation(string? Booted, bool Assessing);

/// <summary>
/// Whether the host goes back by itself. Pure and total: no clock, no I/O, no memory. What is not understood leads to nothing.
/// </summary>
public static class WatchdogDecision
{
    /// <summary>
    /// How long a reboot may take to begin: longer than systemd gives a unit to stop (90 s), with room for a tree to be applied.
    /// </summary>
    public static readonly TimeSpan RebootGrace = TimeSpan.FromMinutes(6);

    /// <summary>Longer than any sensible trial: a record that says more was not written by an agent.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <param name="record">Null: not armed, or the record cannot be read.</param>
    /// <param name="bootID">The present boot.</param>
    /// <param name="uptime">How long it has lasted, by the kernel: a clock that is set plays no part.</param>
    /// <param name="sight">What the host runs; null as long as nobody has looked.</param>
    public static WatchdogStep Decide(WatchdogRecord? record, string bootID, TimeSpan uptime, WatchdogObservation? sight)
    {
        if (record is null)
        {
            return new WatchdogStep.Nothing("it is not armed, or its record cannot be read");
        }

        if (!MakesSense(record, bootID))
        {
            return new WatchdogStep.Nothing("its record is invalid");
        }

        if (record.State == WatchdogState.Fired)
        {
            return record.FiredIn != bootID ? new WatchdogStep.Nothing("it has fired already, and fires only once")
                : uptime - TimeSpan.FromSeconds(record.FiredUptimeSeconds) < RebootGrace ? new WatchdogStep.Wait("the host was instructed to reboot")
                : new WatchdogStep.RebootByForce();
        }

        if (record.ArmedIn == bootID)
        {
            return new WatchdogStep.Nothing("it was armed in this boot: the image on trial has not booted");
        }

        // A power cut in the middle of going back is a new boot, in which the agent has all the time again.
        var goesOn = record.State == WatchdogState.Firing && record.FiredIn == bootID;
        if (!goesOn && uptime < record.Timeout)
        {
            return new WatchdogStep.Wait("the timeout has not expired");
        }

        if (sight is null)
        {
            return new WatchdogStep.Look();
        }

        if (sight.Booted is not { } booted)
        {
            return new WatchdogStep.Wait("the host's tool does not report what runs");
        }

        if (booted != record.Target)
        {
            return new WatchdogStep.Nothing(booted == record.Previous ? "the previous image runs" : "the running image is not the one on trial");
        }

        // Two that take the host back at once could end on the wrong tree. Whoever counts boots gets as long again; a boot that hangs is
        // then nobody's but ours.
        return sight.Assessing && !goesOn && uptime < record.Timeout * 2
            ? new WatchdogStep.Wait("greenboot or boot counting has not decided on this boot")
            : new WatchdogStep.RollBack();
    }

    /// <summary>Whether the agent disarms it, because what it was armed for is no longer asked.</summary>
    /// <param name="record">Null: there is one that this version does not understand.</param>
    /// <param name="uid">The UID of the NodeOS.</param>
    /// <param name="spec">What is asked.</param>
    /// <param name="bootID">The present boot.</param>
    public static bool IsObsolete(WatchdogRecord? record, string uid, NodeOSSpec spec, string bootID)
    {
        // One that this version does not understand may be a newer one's, with a trial in progress: it stays until nothing is on trial.
        return record?.IsGoingBackIn(bootID) != true && (NodeOrder.IsAtRest(spec)
            || (record is not null && !record.Answers(uid, spec))
            || (record?.State == WatchdogState.Armed && (spec.Goal == Goal.Rollback || spec.Watchdog is null)));
    }

    /// <summary>
    /// Whether it was armed for a NodeOS that is gone, and its image may be on trial. If so, it is on trial until it is healthy, or the
    /// successor of the NodeOS orders the rollback: that nothing is ordered does not say that the image is healthy.
    /// </summary>
    /// <param name="record">The watchdog's record.</param>
    /// <param name="uid">The UID of the NodeOS.</param>
    /// <param name="spec">What is asked.</param>
    /// <param name="bootID">The present boot.</param>
    public static bool MayBeOnTrial(WatchdogRecord record, string uid, NodeOSSpec spec, string bootID) =>
        record.State == WatchdogState.Armed && record.ArmedIn != bootID
        && record.NodeUid != uid && record.NodeUid != WatchdogTrial.Console && spec.Goal != Goal.Rollback;

    /// <summary>
    /// Whether the image of a NodeOS that is gone is on trial: the watchdog stays armed although it is obsolete
    /// (<see cref="IsObsolete"/>).
    /// </summary>
    /// <param name="record">The watchdog's record.</param>
    /// <param name="uid">The UID of the NodeOS.</param>
    /// <param name="spec">What is asked.</param>
    /// <param name="bootID">The present boot.</param>
    /// <param name="booted">The digest of what runs; null: unknown, and then nothing is on trial.</param>
    public static bool IsOnTrial(WatchdogRecord record, string uid, NodeOSSpec spec, string bootID, string? booted) =>
        MayBeOnTrial(record, uid, spec, bootID) && booted == record.Target;

    private static bool MakesSense(WatchdogRecord record, string bootID) =>
        record.Format == WatchdogRecord.KnownFormat
        && Enum.IsDefined(record.State)
        && bootID.Length > 0
        && record is { ArmedIn.Length: > 0, Target.Length: > 0, Previous.Length: > 0, TimeoutSeconds: > 0 }
        && record.TimeoutSeconds <= (long)Longest.TotalSeconds
        && record.Target != record.Previous
        && (record.State == WatchdogState.Armed || record is { FiredIn.Length: > 0, FiredUptimeSeconds: >= 0 });
}
