using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
    /// <summary>The longest watchdog. The host rejects a longer one as a mistake.</summary>
    internal static readonly TimeSpan LongestWatchdog = TimeSpan.FromDays(1);

    private const string AllLinuxNodes = "To select every Linux node, use matchLabels: {kubernetes.io/os: linux}";

    /// <summary>A retry may lie this far in the future: people's clocks and the controller's differ.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Checks a policy, what is wrong before what is not supported; <paramref name="now"/> is the controller's clock, against which moments
    /// of the spec are checked, and <paramref name="ownNamespace"/> the only one whose Secrets it may read.
    /// </summary>
    public static IReadOnlyList<FieldProblem> Validate(UpgradePolicySpec spec, DateTimeOffset now, string ownNamespace = "ostler-system")
    {
        var problems = new Problems();
        if (spec.ImageRef.Name.Length == 0)
        {
            problems.Invalid("spec.imageRef.name", "must name an OSImage");
        }

        CheckSelector("spec.nodeSelector", spec.NodeSelector, AllLinuxNodes, problems);
        CheckTimes(spec, now, problems);
        CheckPace(spec, now, problems);
        CheckDrain(spec.Drain, problems);
        CheckHealth(spec.Health, ownNamespace, problems);
        CheckGates(spec.Gates, ownNamespace, problems);
        CheckNotifications(spec.Notifications, ownNamespace, problems);
        return problems.Found;
    }

    private static void CheckTimes(UpgradePolicySpec spec, DateTimeOffset now, Problems problems)
    {
        Positive("spec.drain.timeout", spec.Drain.Timeout);
        Positive("spec.reboot.timeout", spec.Reboot.Timeout);
        Positive("spec.health.timeout", spec.Health.Timeout);
        if (spec.Rollback.Watchdog is { } watchdog)
        {
            if (watchdog.Value < TimeSpan.Zero || watchdog.Value > LongestWatchdog)
            {
                problems.Invalid("spec.rollback.watchdog", "must be between 0s (none) and 24h");
            }
            else if (watchdog.Value >= spec.Reboot.Timeout.Value)
            {
                // The node would be given up before its host had gone back.
                problems.Invalid("spec.rollback.watchdog", $"must be shorter than spec.reboot.timeout ({spec.Reboot.Timeout}), which also covers the rollback");
            }
        }

        if (spec.Rollout.RetryFailuresBefore is { } retry && retry > now.After(ClockSkew))
        {
            // Failures that are still to come would not count either: nodes would be tried, and fail, for ever.
            problems.Invalid("spec.rollout.retryFailuresBefore", $"is in the future ({MessageText.Of(retry)}): set it to the current time");
        }

        void Positive(string field, Duration duration)
        {
            if (duration.Value <= TimeSpan.Zero)
            {
                problems.Invalid(field, "must be longer than 0s");
            }
        }
    }
}
