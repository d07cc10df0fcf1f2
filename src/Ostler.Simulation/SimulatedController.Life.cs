namespace Ostler.Simulation;

/// <content>How it begins, dies and loses the API server.</content>
internal sealed partial class SimulatedController
{
    /// <summary>The time as the controller has it; the world's, until it has looked for the first time.</summary>
    public DateTimeOffset Clock => _clock?.At(World.Now - World.Scenario.Start) ?? World.Now;

    public void Start()
    {
        _isUp = true;
        ReconcileImage();
        Enqueue();
    }

    public void Restart()
    {
        World.Tell("controller", "killed");
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

            Start();
            _sight = new(World.Now, lostAt);
        });
    }
}
