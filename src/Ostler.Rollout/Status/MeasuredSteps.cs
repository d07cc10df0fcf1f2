using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>
/// How long the steps took, from the records of the nodes that run the target: nothing is counted up, so that no pass can count twice. Until a node runs it, what
/// was reported of the former rollout.
/// </summary>
internal static class MeasuredSteps
{
    public static MeasuredDurations? Of(RolloutSnapshot snapshot, TargetTrees? target)
    {
        var (staging, drain, reboot, verify, whole) = (new Sum(), new Sum(), new Sum(), new Sum(), new Sum());
        foreach (var node in snapshot.Nodes)
        {
            if (node.OS is not { Spec: { LastUpgrade: { } upgrade, Goal: Goal.Observe, Failure: null } spec, Status: var status } || target?.Includes(spec.Image?.Digest) != true)
            {
                continue;
            }

            whole.Add(upgrade.CompletedAt - upgrade.GrantedAt);
            drain.Add(upgrade.BootRequestedAt - upgrade.GrantedAt);

            // Of one clock each: the node's may show anything, but what it shows later less what it showed before is right.
            var timings = status?.Attempt == spec.Attempt ? status.Timings : null;
            staging.Add(timings?.StagedAt - timings?.StagingStartedAt);
            var booted = timings?.BootedAt - timings?.RebootRequestedAt;
            reboot.Add(booted);
            verify.Add(upgrade.HealthySince - upgrade.BootRequestedAt - booted);
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
