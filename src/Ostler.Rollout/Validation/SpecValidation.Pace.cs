using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
    private static void CheckPace(UpgradePolicySpec spec, DateTimeOffset now, Problems problems)
    {
        if (spec.Rollout.MaxUnavailable.Value == 0)
        {
            problems.Invalid("spec.rollout.maxUnavailable", "must be at least 1 or 1%: use spec.paused to stop before the next node");
        }

        CheckWaves(spec.Rollout, problems);
        CheckApprovals(spec.Rollout, problems);
        CheckWindows(spec.Windows, now, problems);
        for (var i = 0; i < (spec.Freezes?.Count ?? 0); i++)
        {
            if (spec.Freezes![i].To <= spec.Freezes[i].From)
            {
                problems.Invalid($"spec.freezes[{i}].to", "must be later than from");
            }
        }

        if (spec.Rollout is { IgnoreFreezes: true, OpenUntil: null })
        {
            problems.Invalid("spec.rollout.ignoreFreezes", "needs openUntil: set until when freezes are ignored");
        }

        if (spec.Rollout.Topology is { } topology)
        {
            if (topology.Key.Length == 0)
            {
                problems.Invalid("spec.rollout.topology.key", "must name a label");
            }

            if (topology.MaxDomainsAtOnce < 1)
            {
                problems.Invalid("spec.rollout.topology.maxDomainsAtOnce", "must be at least 1");
            }
        }

        if (spec.Rollout.StagingAttempts < 1)
        {
            problems.Invalid("spec.rollout.stagingAttempts", "must be at least 1");
        }

        if (spec.Rollout.NodeDuration.Value <= TimeSpan.Zero)
        {
            problems.Invalid("spec.rollout.nodeDuration", "must be longer than 0s");
        }
    }

    private static void CheckWaves(RolloutSpec rollout, Problems problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { WaveProgress.Rest };
        for (var i = 0; i < (rollout.Waves?.Count ?? 0); i++)
        {
            var wave = rollout.Waves![i];
            var at = $"spec.rollout.waves[{i}]";
            if (!names.Add(wave.Name))
            {
                problems.Invalid(
                    $"{at}.name", wave.Name == WaveProgress.Rest ? $"{WaveProgress.Rest} is the name of the wave of the remaining nodes: use another name" : $"{wave.Name} is used twice");
            }

            if ((wave.Nodes is null) == (wave.NodeSelector is null))
            {
                problems.Invalid(at, "set exactly one of nodes and nodeSelector");
            }

            if (wave.NodeSelector is { } selector)
            {
                CheckSelector($"{at}.nodeSelector", selector, AllLinuxNodes, problems);
            }

            if (wave.Nodes is { Value: 0 })
            {
                problems.Invalid($"{at}.nodes", "must be at least 1 or 1%: remove a wave without nodes");
            }

            if (!wave.SuccessThreshold.IsPercent)
            {
                problems.Invalid($"{at}.successThreshold", $"is a percentage: write \"{wave.SuccessThreshold}%\" if that is intended");
            }
        }
    }

    private static void CheckApprovals(RolloutSpec rollout, Problems problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (rollout.Approvals?.Count ?? 0); i++)
        {
            if (!names.Add(rollout.Approvals![i].Wave))
            {
                problems.Invalid($"spec.rollout.approvals[{i}].wave", $"{rollout.Approvals[i].Wave} is approved twice: keep the entry with the intended digest");
            }
        }

        CheckDigests("spec.rollout.approvals", rollout.Approvals?.Select(a => a.Digest).ToArray(), problems, ".digest");
    }

    private static string WhyNotAZone(string name) => (MaintenanceCalendar.FindZone("Europe/Berlin"), TimeZoneLinks.Target(name)) switch
    {
        (null, _) => "cannot be looked up: this host has no time zone database. Install tzdata (/usr/share/zoneinfo), or use UTC",
        (_, { } present) => $"is an earlier name of {present}, which the time zone database of this host lacks. Update tzdata",
        _ => "is not a time zone: use a name of the IANA time zone database, such as Europe/Berlin, America/New_York or UTC. Earlier names, such as US/Eastern, work as well; "
            + "abbreviations, such as PST, and offsets, such as +02:00, do not",
    };

    private static void CheckWindows(IReadOnlyList<MaintenanceWindow>? windows, DateTimeOffset now, Problems problems)
    {
        for (var i = 0; i < (windows?.Count ?? 0); i++)
        {
            var window = windows![i];
            var at = $"spec.windows[{i}]";
            if (window.Duration.Value <= TimeSpan.Zero)
            {
                problems.Invalid($"{at}.duration", "must be longer than 0s");
            }

            var zone = MaintenanceCalendar.FindZone(window.TimeZone);
            if (zone is null)
            {
                problems.Invalid($"{at}.timeZone", $"{window.TimeZone} {WhyNotAZone(window.TimeZone)}");
            }

            if (MaintenanceCalendar.Read(window.Schedule) is not { } schedule)
            {
                problems.Invalid($"{at}.schedule", $"{window.Schedule} is not a schedule of five cron fields, as in \"0 1 * * 6\" for Saturdays at one");
            }
            else if (schedule.GetNextOccurrence(now, zone ?? TimeZoneInfo.Utc) is null)
            {
                problems.Invalid($"{at}.schedule", $"{window.Schedule} never occurs: no such day exists");
            }
        }
    }
}
