using Microsoft.Extensions.Time.Testing;
using Ostler.Testing.Waiting;

namespace Ostler.Testing.Tests.Waiting;

public sealed class ProgressWaitTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _said = [];
    private TaskCompletionSource _next = new();
    private int _updated;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wait_that_fails_says_what_was_awaited_and_what_was_seen_last()
    {
        var waiting = WaitAsync();
        Pass(30);

        var failure = await Assert.ThrowsAsync<NoProgressException>(() => waiting);

        Assert.Equal("No progress for 30 s while waiting for: every node runs 2.0. Last state: 0 of 5 updated", failure.Message);
        Assert.Equal("every node runs 2.0", failure.Awaited);
    }

    [Fact]
    public async Task A_sign_of_life_every_ten_seconds_shows_state_and_age()
    {
        var waiting = WaitAsync();
        Pass(20);

        Assert.Equal(
            [
                "waiting for: every node runs 2.0. 0 of 5 updated (last progress 9 s ago, gives up at 30 s)",
                "waiting for: every node runs 2.0. 0 of 5 updated (last progress 19 s ago, gives up at 30 s)",
            ],
            _said.Select(line => line.Replace("10 s ago", "9 s ago", StringComparison.Ordinal).Replace("20 s ago", "19 s ago", StringComparison.Ordinal)));
        await UpdateAsync(5);
        Assert.Equal(5, await waiting);
    }

    [Fact]
    public async Task Progress_starts_the_patience_again()
    {
        var waiting = WaitAsync();
        for (var updated = 1; updated < 5; updated++)
        {
            Pass(25);
            await UpdateAsync(updated);
        }

        Assert.False(waiting.IsCompleted);
        await UpdateAsync(5);
        Assert.Equal(5, await waiting);
    }

    [Fact]
    public async Task Progress_of_another_source_counts()
    {
        var feed = new ProgressFeed();
        var waiting = WaitAsync(feed);
        Pass(25);
        feed.ReportLine("[   12.5] systemd[1]: Started a service");
        Pass(25);

        Assert.False(waiting.IsCompleted);
        feed.ReportLine("[   13.9] systemd[1]: Started a service");
        Pass(5);
        await Assert.ThrowsAsync<NoProgressException>(() => waiting);
    }

    [Fact]
    public async Task A_canceled_wait_is_not_a_failure()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var waiting = WaitAsync(cancel: stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private Task<int> WaitAsync(IProgressSource? source = null, CancellationToken? cancel = null) =>
        new ProgressWait { Time = _time, Patience = TimeSpan.FromSeconds(30), Say = _said.Add }.UntilAsync(
            "every node runs 2.0", () => _updated, updated => updated == 5, updated => $"{updated} of 5 updated", () => Volatile.Read(ref _next).Task, cancel ?? Cancel, source);

    // On a thread without a context of its own, what waits for the change runs within SetResult: afterwards it has seen the change.
    private Task UpdateAsync(int updated)
    {
        _updated = updated;
        return Task.Run(Interlocked.Exchange(ref _next, new()).SetResult, Cancel);
    }

    private void Pass(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
