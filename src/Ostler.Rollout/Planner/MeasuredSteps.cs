using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Images;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Planner;

/// <summary>
/// How long the steps took, from the records of the nodes that run the target: nothing is counted up, so that no pass can count twice.
/// Until a node runs it, what was reported of the former rollout.
/// </summary>
internal static class MeasuredSteps
{
    public static MeasuredDurations? Of(RolloutSnapshot snapshot, FleetIndex nodes, TargetTrees? target)
    {
        var (staging, drain, reboot, verify, whole) = (new Sum(), new Sum(), new Sum(), new Sum(), new Sum());
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Steps is not { Took: var took } steps || target?.Includes(steps.Digest) != true)
            {
                continue;
            }

            whole.Add(took.Whole);
            drain.Add(took.Drain);
            staging.Add(took.Staging);
            reboot.Add(took.Reboot);
            verify.Add(took.Verify);
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

        public void Add(TimeSpan? span)
        {
            if (span is { } value)
            {
                Count++;
                _total = _total.Plus(value);
                _max = value > _max ? value : _max;
            }
        }
    }
}
