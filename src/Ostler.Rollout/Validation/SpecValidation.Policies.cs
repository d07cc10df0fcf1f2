using Ostler.Api;

namespace Ostler.Rollout;

public static partial class SpecValidation
{
    /// <summary>A retry may lie this far in the future: people's clocks and the controller's differ.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Checks a policy, what is wrong before what is not supported; <paramref name="now"/> is the controller's clock, against which moments of the spec are
    /// checked.
    /// </summary>
    public static IReadOnlyList<FieldProblem> Validate(UpgradePolicySpec spec, DateTimeOffset now)
    {
        var problems = new Problems();
        if (spec.ImageRef.Name.Length == 0)
        {
            problems.Invalid("spec.imageRef.name", "names the OSImage and must not be empty");
        }

        CheckSelector("spec.nodeSelector", spec.NodeSelector, problems);
        CheckTimes(spec, now, problems);
        CheckPace(spec, now, problems);
        CheckHealth(spec.Health, problems);
        CheckSupport(spec, problems);
        return problems.Found;
    }

    private static void CheckTimes(UpgradePolicySpec spec, DateTimeOffset now, Problems problems)
    {
        Positive("spec.drain.timeout", spec.Drain.Timeout);
        Positive("spec.reboot.timeout", spec.Reboot.Timeout);
        Positive("spec.health.timeout", spec.Health.Timeout);
        if (spec.Rollout.RetryFailuresBefore is { } retry && retry > now.After(ClockSkew))
        {
            // Failures that are still to come would not count either: nodes would be tried, and fail, for ever.
            problems.Invalid("spec.rollout.retryFailuresBefore", $"lies in the future ({Names.Of(retry)}): set it to the present time");
        }

        void Positive(string field, Duration duration)
        {
            if (duration.Value <= TimeSpan.Zero)
            {
                problems.Invalid(field, "must be longer than 0s");
            }
        }
    }

    private static void CheckHealth(HealthSpec health, Problems problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (health.Checks?.Count ?? 0); i++)
        {
            var check = health.Checks![i];
            var at = $"spec.health.checks[{i}]";
            if (!names.Add(check.Name))
            {
                problems.Invalid($"{at}.name", $"{check.Name} is used twice");
            }

            if (KindsOf(check).Count() != 1)
            {
                problems.Invalid(at, "set exactly one of systemd, exec, http, pods, workloads, prometheus and cel");
                continue;
            }

            if (check.Systemd is { NoneFailed: false, Active: null or { Count: 0 } })
            {
                problems.Invalid($"{at}.systemd", "checks nothing: name units in active, or set noneFailed");
            }

            if (check.Exec is { } exec)
            {
                if (exec.Command is not [['/', ..], ..])
                {
                    problems.Invalid($"{at}.exec.command", "must begin with the absolute path of a program, since no shell looks it up");
                }

                if (exec.Timeout.Value <= TimeSpan.Zero)
                {
                    problems.Invalid($"{at}.exec.timeout", "must be longer than 0s");
                }
            }
        }
    }

    private static void CheckSupport(UpgradePolicySpec spec, Problems problems)
    {
        const string remove = "is not supported yet: remove it";
        NotSupportedIf(spec.Drain.Rules is { Count: > 0 }, "spec.drain.rules", remove);
        NotSupportedIf(spec.Drain.VolumeDetachTimeout is not null, "spec.drain.volumeDetachTimeout", remove);
        NotSupportedIf(spec.Reboot.Method == RebootMethod.SoftReboot, "spec.reboot.method", "SoftReboot is not supported yet: use Auto or Reboot");
        NotSupportedIf(spec.Rollback.Scope != RollbackScope.Node, "spec.rollback.scope", $"{spec.Rollback.Scope} is not supported yet: use Node");
        NotSupportedIf(spec.Rollback.Watchdog is not null, "spec.rollback.watchdog", remove);
        for (var i = 0; i < (spec.Health.Checks?.Count ?? 0); i++)
        {
            foreach (var kind in KindsOf(spec.Health.Checks![i]))
            {
                NotSupportedIf(
                    kind is not ("systemd" or "exec"), $"spec.health.checks[{i}].{kind}", "is not supported yet: use a systemd or exec check of the host");
            }
        }

        void NotSupportedIf(bool used, string field, string message)
        {
            if (used)
            {
                problems.NotSupported(field, message);
            }
        }
    }

    private static IEnumerable<string> KindsOf(HealthCheck check)
    {
        (string Kind, object? Value)[] kinds =
        [
            ("systemd", check.Systemd),
            ("exec", check.Exec),
            ("http", check.Http),
            ("pods", check.Pods),
            ("workloads", check.Workloads),
            ("prometheus", check.Prometheus),
            ("cel", check.Cel),
        ];
        return kinds.Where(k => k.Value is not null).Select(k => k.Kind);
    }
}
