using Ostler.Agent.Host;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Checks;

namespace Ostler.Agent.Checks;

/// <summary>
/// All that must be well on the host itself: the policy's checks, and whoever else judges its boots. A boot that greenboot calls red is not
/// to be called healthy by us.
/// </summary>
internal sealed class HostVerification(HostChecks checks, ICommandRunner runner, HostFiles files)
{
    /// <summary>How soon an open verdict of others is asked for again.</summary>
    public static readonly TimeSpan AssessmentPoll = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="HostChecks.RunAsync"/>
    public async Task<CheckResult> RunAsync(string of, IReadOnlyList<HealthCheck>? asked, bool hadPassed, CancellationToken cancellationToken)
    {
        var result = await checks.RunAsync(of, asked, hadPassed, cancellationToken);
        if (!result.Passed || hadPassed)
        {
            return result;
        }

        return await BootAssessment.ReadAsync(runner, files, cancellationToken) switch
        {
            { Verdict: false } red => result with { Status = ConditionStatus.False, Reason = Reasons.HostCheckFailed, Message = red.Message + "." },
            { Pending: true } open => result with
            {
                Status = ConditionStatus.Unknown,
                Reason = Reasons.WaitingForHostChecks,
                Message = open.Message + ".",
                Next = result.Next is { } next && next < AssessmentPoll ? next : AssessmentPoll,
            },
            { Verdict: true } or { Verdict: null, Pending: false } => result,
        };
    }
}
