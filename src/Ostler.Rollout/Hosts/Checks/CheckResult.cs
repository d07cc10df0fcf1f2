using Ostler.Api.Meta;

namespace Ostler.Rollout.Hosts.Checks;

/// <summary>What the host's checks have come to.</summary>
/// <param name="Status">True: all of them pass, often enough. Unknown: none says no, but not all have passed often enough.</param>
/// <param name="Reason">One of <see cref="Reasons"/>: a check that says no, one that cannot be made and one that finds nothing to judge
/// have three.</param>
/// <param name="Message">What fails and how, or what passed; for people, and stable while nothing changes.</param>
public sealed record CheckResult(ConditionStatus Status, string Reason, string Message)
{
    public bool Passed => Status == ConditionStatus.True;

    /// <summary>How long until one of them is to be run again; null when there are none.</summary>
    public TimeSpan? Next { get; init; }
}
