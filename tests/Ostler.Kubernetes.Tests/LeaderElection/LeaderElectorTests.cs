using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ostler.Kubernetes.Tests;

public sealed partial class LeaderElectorTests : IAsyncLifetime
{
    private readonly LeaseServer _server = new();
    private readonly List<Contender> _contenders = [];

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        foreach (var contender in _contenders)
        {
            await contender.DisposeAsync();
        }
        await _server.DisposeAsync();
    }

    private Contender New(string identity, LeaderElectionOptions? options = null)
    {
        var contender = new Contender(_server, identity, options);
        _contenders.Add(contender);
        return contender;
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    private static partial Regex MicroTime();

    [Fact]
    public async Task The_first_contender_creates_the_lease_and_leads()
    {
        var a = New("a").Start();

        Assert.False((await a.TermAsync()).IsCancellationRequested);
        var spec = _server.Lease!["spec"]!;
        Assert.Equal("a", (string?)spec["holderIdentity"]);
        Assert.Equal(15, (int)spec["leaseDurationSeconds"]!);
        Assert.Equal(0, (int)spec["leaseTransitions"]!);
        // The server parses exactly six digits, zeros included.
        Assert.Matches(MicroTime(), (string?)spec["renewTime"]);
        Assert.Matches(MicroTime(), (string?)spec["acquireTime"]);
    }

    [Fact]
    public async Task The_leader_renews_without_reading_first()
    {
        var a = New("a").Start();
        await a.RetryAsync(3);

        Assert.Equal(["GET", "POST", "PUT", "PUT", "PUT"], _server.Http.Received.Select(r => r.Method));
        Assert.Equal("2026-01-02T03:04:11.000000Z", (string?)_server.Lease!["spec"]!["renewTime"]);
        Assert.Equal("2026-01-02T03:04:05.000000Z", (string?)_server.Lease["spec"]!["acquireTime"]);
    }

    [Fact]
    public async Task A_follower_takes_over_when_it_has_seen_no_renewal_for_the_lease_duration()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        var b = New("b").Start();

        await b.RetryAsync(7);
        Assert.False(b.HasNewTerm);
        await b.RetryAsync();

        await b.TermAsync();
        Assert.Equal("b", _server.Holder);
        Assert.Equal(1, (int)_server.Lease!["spec"]!["leaseTransitions"]!);
    }

    [Fact]
    public async Task A_follower_that_sees_renewals_waits_for_ever()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        var b = New("b").Start();

        for (var i = 0; i < 30; i++)
        {
            await a.RetryAsync();
            await b.RetryAsync();
        }

        Assert.False(b.HasNewTerm);
        Assert.False(term.IsCancellationRequested);
    }

    [Fact]
    public async Task The_duration_that_the_holder_claims_counts_not_that_of_the_follower()
    {
        _server.Edit(lease => lease["spec"] = new JsonObject { ["holderIdentity"] = "old", ["leaseDurationSeconds"] = 60 });
        var b = New("b").Start();

        await b.RetryAsync(29);
        Assert.False(b.HasNewTerm);
        await b.RetryAsync();

        await b.TermAsync();
    }

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
        _server.Fault = async (who, _, response, _) =>
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
        Assert.Equal("a", _server.Holder);
    }

    [Fact]
    public async Task When_renewals_hang_the_term_ends_at_the_deadline_all_the_same()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        _server.Fault = async (_, _, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };

        await a.BeginAttemptAsync();
        await a.Time.ArmedAsync(Contender.AttemptTimeout);
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
        _server.Fault = async (_, _, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };
        // The first such timer was that of the acquisition.
        await a.BeginAttemptAsync();
        await a.Time.ArmedAsync(Contender.AttemptTimeout);
        a.Time.Advance(Contender.AttemptTimeout);
        await a.PausedAsync();
        _server.Fault = null;

        await a.RetryAsync(4);

        Assert.False(term.IsCancellationRequested);
        Assert.Equal("a", _server.Holder);
    }

    [Fact]
    public async Task A_renewal_that_was_long_under_way_counts_from_when_it_was_sent()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        _server.Fault = async (_, _, _, token) =>
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
        _server.Fault = (_, _, response, _) =>
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
        _server.Fault = (_, _, response, _) =>
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
        _server.Fault = (_, request, response, _) =>
        {
            if (Interlocked.Decrement(ref faults) < 0)
            {
                return Task.FromResult(false);
            }
            Assert.NotNull(_server.Store(request));
            response.Reset();
            return Task.FromResult(true);
        };

        await a.RetryAsync(6);

        Assert.False(term.IsCancellationRequested);
        Assert.Equal(0, (int)_server.Lease!["spec"]!["leaseTransitions"]!);
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
        _server.Edit(lease => lease["spec"]!["holderIdentity"] = "usurper");

        await a.RetryAsync();

        Assert.True(term.IsCancellationRequested);
        Assert.Equal("usurper", _server.Holder);
    }

    [Fact]
    public async Task A_lease_that_was_deleted_is_created_again_within_the_term()
    {
        var a = New("a").Start();
        var term = await a.TermAsync();
        await a.PausedAsync();
        _server.Edit(null);

        await a.RetryAsync(6);

        Assert.Equal("a", _server.Holder);
        Assert.False(term.IsCancellationRequested);
    }

    [Theory]
    [InlineData(false, Label = "none exists")]
    [InlineData(true, Label = "one exists and is free")]
    public async Task Of_two_who_try_at_the_same_moment_one_leads(bool exists)
    {
        if (exists)
        {
            _server.Edit(lease => lease["spec"] = new JsonObject { ["holderIdentity"] = "" });
        }
        var reads = 0;
        var bothHaveRead = new TaskCompletionSource();
        _server.Fault = async (_, request, response, token) =>
        {
            if (request.Method != "GET" || bothHaveRead.Task.IsCompleted)
            {
                return false;
            }
            var lease = _server.Lease;
            if (Interlocked.Increment(ref reads) == 2)
            {
                bothHaveRead.SetResult();
            }
            await bothHaveRead.Task.WaitAsync(token);
            await (lease is null ? response.StatusAsync(404, "NotFound") : response.JsonAsync(lease));
            return true;
        };
        var (a, b) = (New("a").Start(), New("b").Start());
        await a.RetryAsync();
        await b.RetryAsync();

        Assert.True(a.HasNewTerm ^ b.HasNewTerm);
        Assert.Equal(a.HasNewTerm ? "a" : "b", _server.Holder);
    }

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
        Assert.Equal("a", _server.Holder);
        wound.SetResult();
        await a.StopAsync();
        Assert.Equal("", _server.Holder);
        await b.RetryAsync();

        await b.TermAsync();
        Assert.Equal("b", _server.Holder);
    }

    [Fact]
    public async Task The_release_survives_a_last_renewal_that_was_cut_off()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        var arrived = new TaskCompletionSource();
        _server.Fault = async (_, request, _, token) =>
        {
            _server.Fault = null;
            Assert.NotNull(_server.Store(request));
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };
        await a.BeginAttemptAsync();
        await arrived.Task.WaitAsync(Within.Deadline);

        await a.StopAsync();

        Assert.Equal("", _server.Holder);
    }

    [Fact]
    public async Task A_lease_that_was_lost_is_not_released()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        _server.Edit(lease => lease["spec"]!["holderIdentity"] = "usurper");
        await a.RetryAsync();

        await a.StopAsync();

        Assert.Equal("usurper", _server.Holder);
    }

    [Fact]
    public async Task A_server_that_is_gone_does_not_hold_up_the_exit()
    {
        var a = New("a").Start();
        await a.TermAsync();
        await a.PausedAsync();
        await _server.Http.StopAsync();

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
        _server.Edit(lease => lease["spec"]!["holderIdentity"] = "usurper");
        await a.BeginAttemptAsync();
        var lost = new TaskCompletionSource();
        await using (term.Register(lost.SetResult))
        {
            await lost.Task.WaitAsync(Within.Deadline);
        }
        _server.Edit(lease => lease["spec"]!["holderIdentity"] = "");
        var requests = _server.Http.Received.Count;
        a.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(requests, _server.Http.Received.Count);
        Assert.False(a.HasNewTerm);

        wound.SetResult();

        Assert.False((await a.TermAsync()).IsCancellationRequested);
        Assert.Equal("a", _server.Holder);
    }

    [Fact]
    public async Task Leading_that_returns_by_itself_is_the_end_and_frees_the_lease()
    {
        var a = New("a");
        a.StartWith(_ => Task.CompletedTask);

        await a.Running.WaitAsync(Within.Deadline);

        Assert.Equal("", _server.Holder);
    }

    [Fact]
    public async Task Leading_that_fails_frees_the_lease_and_the_failure_is_the_callers()
    {
        var a = New("a");
        a.StartWith(_ => throw new InvalidOperationException("broken"));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => a.Running.WaitAsync(Within.Deadline));

        Assert.Equal("broken", error.Message);
        Assert.Equal("", _server.Holder);
    }

    [Fact]
    public async Task What_others_wrote_into_the_lease_survives()
    {
        _server.Edit(lease =>
        {
            lease["metadata"]!["labels"] = new JsonObject { ["owner"] = "ops" };
            lease["spec"] = new JsonObject { ["holderIdentity"] = "", ["leaseTransitions"] = 7, ["strategy"] = "future" };
        });
        var a = New("a").Start();
        await a.TermAsync();

        Assert.Equal("ops", (string?)_server.Lease!["metadata"]!["labels"]!["owner"]);
        Assert.Equal("future", (string?)_server.Lease["spec"]!["strategy"]);
        Assert.Equal(8, (int)_server.Lease["spec"]!["leaseTransitions"]!);
    }

    [Fact]
    public async Task The_gauge_follows_the_terms()
    {
        using var probe = new MetricProbe("lease", "gauge-lease");
        var a = New("a", new LeaderElectionOptions { LeaseName = "gauge-lease", Namespace = "ns", Identity = "a" }).Start();
        await a.TermAsync();
        Assert.Equal(1, probe.Observe("leader"));

        await a.StopAsync();

        Assert.Equal(0, probe.Observe("leader"));
    }

    public static TheoryData<LeaderElectionOptions> Unsafe()
    {
        var sound = new LeaderElectionOptions { LeaseName = "l", Namespace = "n", Identity = "i" };
        return new(
            new TheoryDataRow<LeaderElectionOptions>(sound with { RenewDeadline = TimeSpan.FromSeconds(15) }) { Label = "deadline as long as the lease" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { RetryPeriod = TimeSpan.FromSeconds(9) }) { Label = "with jitter no retry before the deadline" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { RetryPeriod = TimeSpan.Zero }) { Label = "no pause at all" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { LeaseDuration = TimeSpan.FromSeconds(15.5) }) { Label = "a fraction of a second" },
            new TheoryDataRow<LeaderElectionOptions>(sound with { Identity = "" }) { Label = "no identity" });
    }

    [Theory]
    [MemberData(nameof(Unsafe))]
    public void Durations_that_would_let_two_lead_are_refused(LeaderElectionOptions options)
    {
        using var client = new ApiClient(_server.Http.CreateClient());

        Assert.ThrowsAny<ArgumentException>(() => new LeaderElector(client, options));
    }
}
