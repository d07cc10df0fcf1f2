using Ostler.Kubernetes.Queues;
using Ostler.Kubernetes.Tests.Support;

namespace Ostler.Kubernetes.Tests.Queues;

public sealed class WorkQueueTests : IDisposable
{
    private readonly TestClock _time = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new WorkQueue<string>("test", timeProvider: _time);

    public void Dispose() => _queue.Dispose();

    /// <summary>One step per word; "get x" demands that x comes out at once, "none" that nothing would.</summary>
    public static TheoryData<string> Sequences() => new(
        Row("a key that is added twice comes out once", "add a, add a, get a, none"),
        Row("keys come out in the order in which they came", "add b, add a, add b, get b, get a, none"),
        Row("a key added while it is worked on waits until it is done", "add a, get a, add a, none, done a, get a, none"),
        Row("a key added often while it is worked on comes once more", "add a, get a, add a, add a, add a, done a, get a, done a, none"),
        Row("done without a new addition ends it", "add a, get a, done a, none"),
        Row("another key does not wait for one that is worked on", "add a, get a, add a, add b, get b, none, done a, get a"),
        Row("after done it may come again", "add a, get a, done a, add a, get a"),
        Row("what waits at shutdown is handed out still, what comes later is not", "add a, shutdown, add b, get a, end"),
        Row("a key that became dirty comes out although the queue shuts down", "add a, get a, add a, shutdown, done a, get a, done a, end"),
        Row("an empty queue that shuts down says so", "shutdown, end, end"),
        Row("forget does not take a key out", "add a, forget a, get a"),
        Row("a delay of nothing is an addition", "after0 a, get a"));

    private static TheoryDataRow<string> Row(string label, string steps) => new(steps) { Label = label };

    [Theory]
    [MemberData(nameof(Sequences))]
    public async Task Semantics_are_those_of_client_go(string steps)
    {
        foreach (var step in steps.Split(", "))
        {
            var (verb, key) = step.Split(' ') is [var v, var k] ? (v, k) : (step, "");
            switch (verb)
            {
                case "add":
                    _queue.Add(key);
                    break;
                case "after0":
                    _queue.AddAfter(key, TimeSpan.Zero);
                    break;
                case "get":
                    Assert.Equal(new Dequeued<string>(key, false), await _queue.GetAsync(Within.Deadline));
                    break;
                case "done":
                    _queue.Done(key);
                    break;
                case "forget":
                    _queue.Forget(key);
                    break;
                case "shutdown":
                    _queue.ShutDown();
                    break;
                case "end":
                    Assert.True((await _queue.GetAsync(Within.Deadline)).ShuttingDown);
                    break;
                case "none":
                    Assert.Equal(0, _queue.Count);
                    break;
                default:
                    throw new ArgumentException(step);
            }
        }
    }

    [Fact]
    public async Task A_worker_that_waits_gets_the_key_that_comes()
    {
        var waiting = _queue.GetAsync(Within.Deadline);
        Assert.False(waiting.IsCompleted);

        _queue.Add("a");

        Assert.Equal("a", (await waiting).Key);
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task Workers_that_wait_are_served_in_turn()
    {
        var (first, second) = (_queue.GetAsync(Within.Deadline).AsTask(), _queue.GetAsync(Within.Deadline).AsTask());

        _queue.Add("a");
        _queue.Add("b");

        Assert.Equal("a", (await first).Key);
        Assert.Equal("b", (await second).Key);
    }

    [Fact]
    public async Task A_worker_that_is_cancelled_takes_no_key_with_it()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = _queue.GetAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();
        _queue.Add("a");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("a", (await _queue.GetAsync(Within.Deadline)).Key);
    }

    [Fact]
    public async Task Workers_that_wait_hear_of_the_shutdown()
    {
        var waiting = _queue.GetAsync(Within.Deadline).AsTask();

        _queue.ShutDown();

        Assert.True((await waiting).ShuttingDown);
    }

    [Fact]
    public void Of_several_delays_the_earliest_counts_whichever_came_first()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(60));
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.AddAfter("a", TimeSpan.FromSeconds(30));

        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(0, _queue.Count);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public async Task A_delay_that_an_earlier_one_replaced_does_not_come_as_well()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(60));
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10));
        await _queue.GetAsync(Within.Deadline);
        _queue.Done("a");

        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task Delays_of_many_keys_end_each_at_its_time()
    {
        foreach (var seconds in new[] { 3, 1, 2 })
        {
            _queue.AddAfter($"{seconds}", TimeSpan.FromSeconds(seconds));
        }

        foreach (var expected in new[] { "1", "2", "3" })
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, _queue.Count);
            Assert.Equal(expected, (await _queue.GetAsync(Within.Deadline)).Key);
        }
    }

    [Fact]
    public void A_delay_longer_than_any_timer_takes_is_kept()
    {
        _queue.AddAfter("a", TimeSpan.FromDays(120));
        _queue.AddAfter("never", TimeSpan.MaxValue);

        for (var day = 0; day < 119; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
        }
        Assert.Equal(0, _queue.Count);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public async Task A_fraction_of_a_millisecond_does_not_make_the_timer_spin()
    {
        _queue.AddAfter("a", TimeSpan.FromTicks(10_001));

        await _time.WaitedForAsync(TimeSpan.FromMilliseconds(2));
        _time.Advance(TimeSpan.FromMilliseconds(2));

        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public async Task Retries_slow_down_to_a_ceiling_and_never_end()
    {
        var delays = new List<double>();
        for (var i = 0; i < 80; i++)
        {
            _queue.AddRateLimited("a");
            var before = _time.GetTimestamp();
            while (_queue.Count == 0)
            {
                _time.Advance(TimeSpan.FromMilliseconds(delays.Count < 12 ? 5 : 1000));
            }
            delays.Add(_time.GetElapsedTime(before).TotalSeconds);
            await _queue.GetAsync(Within.Deadline);
            _queue.Done("a");
        }

        Assert.Equal([0.005, 0.01, 0.02, 0.04, 0.08], delays.Take(5).Select(d => Math.Round(d, 3)));
        Assert.All(delays.Skip(20), d => Assert.Equal(300, d));
        Assert.Equal(80, _queue.Retries("a"));
    }

    [Fact]
    public void Forget_starts_the_retries_anew_for_that_key_alone()
    {
        for (var i = 0; i < 10; i++)
        {
            _queue.AddRateLimited("a");
            _queue.AddRateLimited("b");
        }

        _queue.Forget("a");

        Assert.Equal(0, _queue.Retries("a"));
        Assert.Equal(10, _queue.Retries("b"));
    }

    [Fact]
    public void A_retry_waits_at_least_as_long_as_was_asked_for()
    {
        _queue.AddRateLimited("a", TimeSpan.FromSeconds(20));

        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(0, _queue.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public async Task Draining_waits_for_what_waits_and_what_is_worked_on()
    {
        _queue.Add("a");
        _queue.Add("b");
        await _queue.GetAsync(Within.Deadline);

        var draining = _queue.ShutDownAsync(Within.Deadline);
        _queue.Done("a");
        Assert.False(draining.IsCompleted);
        await _queue.GetAsync(Within.Deadline);
        Assert.False(draining.IsCompleted);
        _queue.Done("b");

        await draining;
    }

    [Fact]
    public async Task Draining_is_bounded_by_its_token()
    {
        _queue.Add("a");
        await _queue.GetAsync(Within.Deadline);
        using var cancel = new CancellationTokenSource();
        var draining = _queue.ShutDownAsync(cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => draining);
        Assert.True(_queue.IsShuttingDown);
    }

    [Fact]
    public void Delayed_keys_are_dropped_by_a_shutdown()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(1));
        _queue.ShutDown();
        _queue.AddAfter("b", TimeSpan.FromSeconds(1));

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task Under_many_workers_no_key_is_lost_and_none_is_worked_on_twice_at_once()
    {
        const int Keys = 50;
        const int Rounds = 200;
        var busy = new int[Keys];
        var handled = new int[Keys];
        using var queue = new WorkQueue<int>("many");
        var workers = Enumerable.Range(0, 8).Select(_ => Task.Run(WorkAsync)).ToArray();

        await Parallel.ForEachAsync(Enumerable.Range(0, Keys), Within.Deadline, async (key, _) =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                queue.Add(key);
                await Task.Yield();
            }
        });
        await queue.ShutDownAsync(Within.Deadline);
        await Task.WhenAll(workers);

        Assert.All(handled, count => Assert.InRange(count, 1, Rounds));

        async Task WorkAsync()
        {
            while (await queue.GetAsync(Within.Deadline) is { ShuttingDown: false, Key: var key })
            {
                Assert.Equal(1, Interlocked.Increment(ref busy[key]));
                handled[key]++;
                await Task.Yield();
                Interlocked.Decrement(ref busy[key]);
                queue.Done(key);
            }
        }
    }
}
