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

    /// <summary>The former tree is the next boot's, but the host has not gone down: order it once more, without waiting for anything.</summary>
    public sealed record RebootByForce : WatchdogStep;
}

/// <summary>What the host runs, as the watchdog sees it.</summary>
/// <param name="Booted">The digest; null when the host's tool does not say.</param>
/// <param name="Assessing">greenboot, or the boot loader's own counting, has not decided on this boot.</param>
public sealed record WatchdogObservation(string? Booted, bool Assessing);

/// <summary>Whether the host goes back by itself. Pure and total: no clock, no I/O, no memory. What is not understood leads to nothing.</summary>
public static class WatchdogDecision
{
    /// <summary>How long a reboot may take to begin: longer than systemd gives a unit to stop (90 s), with room for a tree to be applied.</summary>
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

        return sight switch
        {
            null => new WatchdogStep.Look(),
            { Booted: null } => new WatchdogStep.Wait("the host's tool does not report what runs"),
            _ when sight.Booted == record.Previous => new WatchdogStep.Nothing("the previous image runs"),
            _ when sight.Booted != record.Target => new WatchdogStep.Nothing("the running image is not the one on trial"),

            // Two that take the host back at once could end on the wrong tree. Whoever counts boots gets as long again; a boot that hangs is then nobody's but ours.
            { Assessing: true } when !goesOn && uptime < record.Timeout * 2 => new WatchdogStep.Wait("greenboot or boot counting has not decided on this boot"),
            _ => new WatchdogStep.RollBack(),
        };
    }

    private static bool MakesSense(WatchdogRecord record, string bootID) =>
        record.Format == WatchdogRecord.KnownFormat
        && Enum.IsDefined(record.State)
        && bootID.Length > 0
        && record is { ArmedIn.Length: > 0, Target.Length: > 0, Previous.Length: > 0, TimeoutSeconds: > 0 }
        && record.TimeoutSeconds <= (long)Longest.TotalSeconds
        && record.Target != record.Previous
        && (record.State == WatchdogState.Armed || record is { FiredIn.Length: > 0, FiredUptimeSeconds: >= 0 });
}
