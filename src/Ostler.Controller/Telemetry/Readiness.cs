namespace Ostler.Controller.Telemetry;

/// <summary>
/// Whether the process can do its work now: as a standby that waits for the lease, or as a leader that has seen the cluster.
/// </summary>
internal sealed class Readiness
{
    private volatile string _state = "starting";
    private volatile bool _ready;

    public bool IsReady => _ready;

    /// <summary>One word for people.</summary>
    public string State => _state;

    /// <summary>Waits for the lease. That is ready: a rollout of the Deployment itself must not wait for every replica to lead.</summary>
    public void Standby() => Set("standby", ready: true);

    /// <summary>Does not wait for the lease yet, because it cannot trust the time. Ready for the same reason.</summary>
    public void DoubtsClock() => Set("in doubt about the time", ready: true);

    /// <summary>Leads, and reads the cluster for the first time.</summary>
    public void Syncing() => Set("syncing", ready: false);

    public void Leading() => Set("leading", ready: true);

    public void Stopping() => Set("stopping", ready: false);

    private void Set(string state, bool ready) => (_state, _ready) = (state, ready);
}
