using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>
/// How long the steps took, from the records of the nodes that run the target: nothing is counted up, so that no pass can count twice. Until a node runs it, what
/// was reported of the former rollout.
/// </summary>
internal static class MeasuredSteps
{
    public static MeasuredDurations? Of(RolloutSnapshot snapshot, KnownNodes nodes, TargetTrees? target)
    {
        var (staging, drain, reboot, verify, whole) = (new Sum(), new Sum(), new Sum(), new Sum(), new Sum());
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Steps is not { } steps || target?.Includes(steps.Digest) != true)
            {
                continue;
            }

            whole.Add(steps.Whole);
            drain.Add(steps.Drain);
            staging.Add(steps.Staging);
            reboot.Add(steps.Reboot);
            verify.Add(steps.Verify);
        }

        return whole.Count == 0
            ? snapshot.Policy.PreviousStatus?.Durations
            : new() { Staging = staging.Result, Drain = drain.Result, Reboot = reboot.Result, Verify = verify.Result, Node = whole.Result };
    }

    private struct Sum
    {
        private TimeSpan _total;
        private TimeSpan _max;

        public int Count { get; private set; }

        // To whole seconds, which is all that the moments have.
        public readonly MeasuredDuration? Result => Count == 0
            ? null
            : new() { Average = TimeSpan.FromSeconds(Math.Round(_total.TotalSeconds / Count)), Max = TimeSpan.FromSeconds(Math.Round(_max.TotalSeconds)), Count = Count };

        // A clock that was set back gives no duration.
        public void Add(TimeSpan? span)
        {
            if (span is { } value && value >= TimeSpan.Zero)
            {
                Count++;
                _total = _total.Plus(value);
                _max = value > _max ? value : _max;
            }
        }
    }
}

/// <summary>How long the steps of a node's last upgrade, to <c>Digest</c>, took, as far as they are on record.</summary>
internal sealed record NodeSteps(string? Digest, TimeSpan? Staging, TimeSpan? Drain, TimeSpan? Reboot, TimeSpan? Verify, TimeSpan? Whole)
{
    /// <summary>Null when the node is not one whose last upgrade went well.</summary>
    public static NodeSteps? Of(NodeOSFacts? os)
    {
        if (os is not { Spec: { LastUpgrade: { } upgrade, Goal: Goal.Observe, Failure: null } spec, Status: var status })
        {
            return null;
        }

        // Of one clock each: the node's may show anything, but what it shows later less what it showed before is right.
        var timings = status?.Attempt == spec.Attempt ? status.Timings : null;
        var reboot = timings?.BootedAt - timings?.RebootRequestedAt;
        return new(
            spec.Image?.Digest, timings?.StagedAt - timings?.StagingStartedAt, upgrade.BootRequestedAt - upgrade.GrantedAt, reboot,
            upgrade.HealthySince - upgrade.BootRequestedAt - reboot, upgrade.CompletedAt - upgrade.GrantedAt);
    }
}
