using Ostler.Kubernetes.Tests.Support;

namespace Ostler.Kubernetes.Tests.LeaderElection;

/// <summary>What may go wrong while leading.</summary>
public sealed class LeaderElectorFaultTests : LeaderElectionTestBase
{
    [Theory]
    [InlineData("status", Label = "the server refuses")]
    [InlineData("reset", Label = "connections are reset")]
    public async Task When_renewals_fail_the_term_ends_at_the_deadline_and_before_others_can_take_over(string kind)
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        var b = New("b").Start();
        await b.PausedAsync();
        Server.Fault = async (who, _, response, _) =>
        {
            if (who != "a")
            {
                return false;
            }
            if (kind == "reset")
            {
                response.Reset();
            }
            else
            {
                await response.StatusAsync(500, "InternalError");
            }
            return true;
        };

        for (var i = 0; i < 4; i++)
        {
            await a.RetryAsync();
            await b.RetryAsync();
            Assert.False(term.IsCancellationRequested);
        }
        a.Time.Advance(TimeSpan.FromSeconds(1.99));
        Assert.False(term.IsCancellationRequested);
        a.Time.Advance(TimeSpan.FromSeconds(0.01));
        await b.RetryAsync();

        Assert.True(term.IsCancellationRequested);
        Assert.False(b.HasNewTerm);
        Assert.Equal("a", Server.Holder);
    }

    [Fact]
    public async Task When_renewals_hang_the_term_ends_at_the_deadline_all_the_same()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        Server.Fault = async (_, _, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };

        await a.BeginAttemptAsync();
        await a.Time.WaitedForAsync(Contender.AttemptTimeout);
        a.Time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.False(term.IsCancellationRequested);
        a.Time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(term.IsCancellationRequested);
    }

    [Fact]
    public async Task An_attempt_that_hangs_leaves_time_for_another()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        var arrived = new TaskCompletionSource();
        Server.Fault = async (_, _, _, token) =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };
        await a.BeginAttemptAsync();
        await arrived.Task.WaitAsync(Within.Deadline);
        await a.Time.WaitedForAsync(Contender.AttemptTimeout);
        a.Time.Advance(Contender.AttemptTimeout);
        await a.PausedAsync();
        Server.Fault = null;

        await a.RetryAsync(4);

        Assert.False(term.IsCancellationRequested);
        Assert.Equal("a", Server.Holder);
    }

    [Fact]
    public async Task A_renewal_that_was_long_under_way_counts_from_when_it_was_sent()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        Server.Fault = async (_, _, _, token) =>
        {
            arrived.TrySetResult();
            await answer.Task.WaitAsync(token);
            return false;
        };
        await a.BeginAttemptAsync();
        await arrived.Task.WaitAsync(Within.Deadline);
        a.Time.Advance(TimeSpan.FromSeconds(4));
        answer.SetResult();
        await a.PausedAsync();
        Server.Fault = (_, _, response, _) =>
        {
            response.Reset();
            return Task.FromResult(true);
        };

        // Sent at 2 s: the term ends at 12 s, not at 16 s. It is 6 s now.
        a.Time.Advance(TimeSpan.FromSeconds(5.9));
        Assert.False(term.IsCancellationRequested);
        a.Time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(term.IsCancellationRequested);
    }

    [Fact]
    public async Task A_single_reset_connection_does_not_end_the_term()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        var faults = 1;
        Server.Fault = (_, _, response, _) =>
        {
            if (Interlocked.Decrement(ref faults) < 0)
            {
                return Task.FromResult(false);
            }
            response.Reset();
            return Task.FromResult(true);
        };

        await a.RetryAsync(10);

        Assert.False(term.IsCancellationRequested);
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_lost_is_recognised_as_our_own()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        var faults = 1;
        Server.Fault = (_, request, response, _) =>
        {
            if (Interlocked.Decrement(ref faults) < 0)
            {
                return Task.FromResult(false);
            }
            Assert.NotNull(Server.Store(request));
            response.Reset();
            return Task.FromResult(true);
        };

        await a.RetryAsync(2);

        // Without waiting for a third attempt, for which a busy server may leave no time.
        Assert.Equal("2026-01-02T03:04:09.000000Z", (string?)Server.Lease!["spec"]!["renewTime"]);
        await a.RetryAsync(4);

        Assert.False(term.IsCancellationRequested);
        Assert.Equal(0, (int)Server.Lease["spec"]!["leaseTransitions"]!);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(-24)]
    public async Task A_jump_of_the_wall_clock_neither_ends_a_term_nor_lets_a_follower_take_over(int hours)
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        var b = New("b").Start();
        await a.RetryAsync();
        await b.RetryAsync();

        a.Time.WallClockJump = b.Time.WallClockJump = TimeSpan.FromHours(hours);
        for (var i = 0; i < 10; i++)
        {
            await a.RetryAsync();
            await b.RetryAsync();
        }

        Assert.False(term.IsCancellationRequested);
        Assert.False(b.HasNewTerm);
    }

    [Fact]
    public async Task A_leader_that_finds_another_holder_stops_at_once()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        Server.Edit(lease => lease["spec"]!["holderIdentity"] = "usurper");

        await a.RetryAsync();

        Assert.True(term.IsCancellationRequested);
        Assert.Equal("usurper", Server.Holder);
    }

    [Fact]
    public async Task A_lease_that_was_deleted_is_created_again_within_the_term()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        Server.Edit(null);

        await a.RetryAsync(6);

        Assert.Equal("a", Server.Holder);
        Assert.False(term.IsCancellationRequested);
    }
}
