using Microsoft.Extensions.Time.Testing;
using Ostler.Controller.Telemetry;
using Ostler.Kubernetes.Controllers;

namespace Ostler.Controller.Tests.Telemetry;

public sealed class LivenessTests
{
    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly Liveness _liveness;
    private int _waiting;

    public LivenessTests() => _liveness = new(_time, TimeSpan.FromMinutes(5));

    [Fact]
    public async Task A_reconcile_that_never_returns_is_a_standstill()
    {
        var end = new TaskCompletionSource<ReconcileResult>();
        var running = _liveness.Watch<string>("policy", (_, _) => end.Task, () => _waiting)("edge", Given.Cancel);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(_liveness.Problem());

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("a reconcile of policy has been running for more than 300 s", _liveness.Problem(), StringComparison.Ordinal);

        end.SetResult(ReconcileResult.Done);
        await running;
        Assert.Null(_liveness.Problem());
    }

    [Fact]
    public void Keys_that_nobody_takes_are_a_standstill_and_an_idle_loop_is_not()
    {
        _liveness.Watch<string>("policy", (_, _) => Task.FromResult(ReconcileResult.Done), () => _waiting);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(_liveness.Problem());

        _waiting = 1;
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Contains("keys wait for policy", _liveness.Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reconcile_that_throws_has_ended_too()
    {
        var watched = _liveness.Watch<string>("policy", (_, _) => throw new InvalidOperationException(), () => _waiting);
        await Assert.ThrowsAsync<InvalidOperationException>(() => watched("edge", Given.Cancel));

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Null(_liveness.Problem());
    }

    [Fact]
    public void After_a_term_nothing_stands_still()
    {
        _liveness.Watch<string>("policy", (_, _) => Task.FromResult(ReconcileResult.Done), () => 1);
        _time.Advance(TimeSpan.FromHours(1));

        _liveness.Clear();

        Assert.Null(_liveness.Problem());
    }
}
