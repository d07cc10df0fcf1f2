using Ostler.Kubernetes.Tests.Support;

namespace Ostler.Kubernetes.Tests.LeaderElection;

/// <summary>How terms end, and what comes after them.</summary>
public sealed class LeaderElectorEndTests : LeaderElectionTestBase
{
    [Fact]
    public async Task On_shutdown_leading_ends_first_and_then_the_lease_is_free_for_all()
    {
        var wound = new TaskCompletionSource();
        var a = New("a");
        a.WindUp = () => wound.Task;
        a.Start();
        var term = await a.TermAsync();
        var b = New("b").Start();
        await b.PausedAsync();

        a.RequestStop();
        Assert.True(term.IsCancellationRequested);
        await b.RetryAsync();
        Assert.Equal("a", Server.Holder);
        wound.SetResult();
        await a.StopAsync();
        Assert.Equal("", Server.Holder);
        await b.RetryAsync();

        await b.TermAsync();
        Assert.Equal("b", Server.Holder);
    }

    [Fact]
    public async Task The_release_survives_a_last_renewal_that_was_cut_off()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        var arrived = new TaskCompletionSource();
        Server.Fault = async (_, request, _, token) =>
        {
            Server.Fault = null;
            Assert.NotNull(Server.Store(request));
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };
        await a.BeginAttemptAsync();
        await arrived.Task.WaitAsync(Within.Deadline);

        await a.StopAsync();

        Assert.Equal("", Server.Holder);
    }

    [Fact]
    public async Task A_lease_that_was_lost_is_not_released()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        Server.Edit(lease => lease["spec"]!["holderIdentity"] = "usurper");
        await a.RetryAsync();

        await a.StopAsync();

        Assert.Equal("usurper", Server.Holder);
    }

    [Fact]
    public async Task AServer_that_is_gone_does_not_hold_up_the_exit()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        await Server.Http.StopAsync();

        await a.StopAsync();
    }

    [Fact]
    public async Task The_next_term_waits_for_the_end_of_the_last()
    {
        var wound = new TaskCompletionSource();
        var a = New("a");
        a.WindUp = () => wound.Task;
        a.Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        Server.Edit(lease => lease["spec"]!["holderIdentity"] = "usurper");
        await a.BeginAttemptAsync();
        var lost = new TaskCompletionSource();
        await using (term.Register(lost.SetResult))
        {
            await lost.Task.WaitAsync(Within.Deadline);
        }
        Server.Edit(lease => lease["spec"]!["holderIdentity"] = "");
        var requests = Server.Http.Received.Count;
        a.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(requests, Server.Http.Received.Count);
        Assert.False(a.HasNewTerm);

        wound.SetResult();

        Assert.False((await a.TermAsync()).IsCancellationRequested);
        Assert.Equal("a", Server.Holder);
    }

    [Fact]
    public async Task Leading_that_returns_by_itself_is_the_end_and_frees_the_lease()
    {
        var a = New("a");
        a.StartWith(_ => Task.CompletedTask);

        await a.Running.WaitAsync(Within.Deadline);

        Assert.Equal("", Server.Holder);
    }

    [Fact]
    public async Task Leading_that_fails_frees_the_lease_and_the_failure_is_the_callers()
    {
        var a = New("a");
        a.StartWith(_ => throw new InvalidOperationException("broken"));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => a.Running.WaitAsync(Within.Deadline));

        Assert.Equal("broken", error.Message);
        Assert.Equal("", Server.Holder);
    }
}
