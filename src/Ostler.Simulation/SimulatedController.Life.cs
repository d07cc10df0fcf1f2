using System.Diagnostics.CodeAnalysis;
using Ostler.Api.OSImages;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Text;

namespace Ostler.Simulation;

/// <content>How it begins, dies and loses the API server.</content>
internal sealed partial class SimulatedController
{
    /// <summary>How soon a controller that doubts the API server's clock asks again.</summary>
    private static readonly TimeSpan ClockPoll = TimeSpan.FromSeconds(5);

    private bool _clockWasInDoubt;

    private TimeSpan Monotonic => World.Now - World.Scenario.Start;

    /// <summary>The time as the controller has it; the world's, until it has looked for the first time.</summary>
    public DateTimeOffset Clock => _clock?.At(Monotonic) ?? World.Now;

    public void Start()
    {
        _isUp = true;
        ReconcileImage();
        Enqueue();
    }

    public void Restart()
    {
        World.Record("controller", "killed");
        (_clock, _clockWasInDoubt) = (null, false);
        Stop(World.Random.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20)), null);
    }

    /// <summary>Its reads and writes fail for a while. It lives on, and its clock with it.</summary>
    public void LoseApi(TimeSpan time) => Stop(time + TimeSpan.FromSeconds(1), World.Now);

    private void Stop(TimeSpan time, DateTimeOffset? lostAt)
    {
        _term++;
        _isUp = false;
        _enqueued.Clear();
        _busy.Clear();
        _evictions.Clear();
        _plans.Clear();
        _reported = [];
        _answers.Clear();
        _checks.Forget();
        _gates.Forget();
        foreach (var node in World.Nodes)
        {
            node.Refused = null;
        }

        var term = _term;
        World.Time.In(time, () =>
        {
            if (term != _term)
            {
                return;
            }

            if (World.ApiOutages > 0)
            {
                Stop(TimeSpan.FromSeconds(10), lostAt ?? World.Now);
                return;
            }

            // As the real one does not stand for election while it doubts the API server's clock. Its machine's own is right here.
            ObserveClock();
            if (_clock.Doubt is not null)
            {
                _clockWasInDoubt = true;
                Stop(ClockPoll, lostAt);
                return;
            }

            Start();
            _sight = new(_clock.At(Monotonic), lostAt) { ClockWasInDoubt = _clockWasInDoubt };
        });
    }

    [MemberNotNull(nameof(_clock))]
    private void ObserveClock()
    {
        // In whole seconds, a date names the middle of the second.
        var date = World.Now + World.ServerClockError - TimeSpan.FromMilliseconds(500);
        _clock = _clock?.Observe(date, Monotonic, World.Now) ?? ClusterTime.Begin(date, Monotonic, World.Now);
    }

    /// <summary>Images that are too young: the controller looks again when the next one is old enough.</summary>
    private void FollowAges(OSImageStatus? former, OSImageStatus status)
    {
        foreach (var young in (status.Pending ?? []).Where(p => former?.Pending?.Any(f => f.Image.Digest == p.Image.Digest) != true))
        {
            var name = MessageText.Of(young.Image.Digest, young.Image.Version);
            World.Record("image", $"{name} waits until {MessageText.Of(young.EligibleAt)} for its age");
        }

        if (OSImageStatusRules.NextEligible(status, World.Now) is { } at)
        {
            Later(at - World.Now, ReconcileImage);
        }

        var isAged = World.Image.Spec.MinAge.Value > TimeSpan.Zero;
        if (isAged && former?.Resolved is { } last && status.Resolved is { } next && last.Digest != next.Digest)
        {
            World.Record("image", $"{MessageText.Of(next.Digest, next.Version)} is old enough");
        }
    }
}
