using System.Net;
using Microsoft.Extensions.Logging;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Tests.Support;

namespace Ostler.Kubernetes.Tests.Controllers;

public sealed class ControllerTests : IAsyncDisposable
{
    private readonly TestClock _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly RecordingLogger _logger = new();
    private readonly MetricProbe _metrics;
    private readonly string _name = $"controller-{Interlocked.Increment(ref _count)}";
    private static int _count;
    private Task _running = Task.CompletedTask;

    public ControllerTests() => _metrics = new MetricProbe("controller", _name);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Within.Deadline);
        _stop.Dispose();
        _metrics.Dispose();
    }

    private Controller<string> Start(Reconcile<string> reconcile, ControllerOptions? options = null)
    {
        var controller = new Controller<string>(_name, reconcile, options, _time, _logger);
        _running = controller.RunAsync(_stop.Token);
        return controller;
    }

    /// <summary>Runs one reconcile and waits until its outcome is counted.</summary>
    private async Task<(Controller<string> Controller, string Outcome)> OutcomeOfAsync(Func<CancellationToken, Task<ReconcileResult>> reconcile, int failuresBefore = 0)
    {
        var first = true;
        var controller = Start((_, token) =>
        {
            // A retry would blur what is looked at.
            var work = first ? reconcile(token) : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ContinueWith(_ => ReconcileResult.Done, TaskScheduler.Default);
            first = false;
            return work;
        });
        for (var i = 0; i < failuresBefore; i++)
        {
            controller.Queue.AddRateLimited("warm-up");
        }
        controller.Queue.Add("a");
        return (controller, await _metrics.NextAsync("reconcile_total", "result"));
    }

    public static TheoryData<Func<Exception>, string, int, LogLevel?> Failures() => new()
    {
        { () => new ApiException(HttpStatusCode.InternalServerError, null), "error", 1, LogLevel.Warning },
        { () => new ApiException(HttpStatusCode.Conflict, new ApiStatus { Reason = "Conflict" }), "conflict", 1, LogLevel.Debug },
        { () => new ApiException(HttpStatusCode.Conflict, new ApiStatus { Reason = "AlreadyExists" }), "error", 1, LogLevel.Warning },
        { () => new HttpRequestException("reset"), "error", 1, LogLevel.Warning },
        { () => new TimeoutException(), "error", 1, LogLevel.Warning },
        { () => new OperationCanceledException(), "error", 1, LogLevel.Warning },
        { () => new TerminalException("bad spec"), "terminal", 0, LogLevel.Error },
        { () => new KeyNotFoundException(), "panic", 1, LogLevel.Error },
        { () => new InvalidOperationException(), "panic", 1, LogLevel.Error },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failure_is_retried_counted_and_logged_by_its_kind(Func<Exception> failure, string outcome, int retries, LogLevel? level)
    {
        var (controller, counted) = await OutcomeOfAsync(_ => Task.FromException<ReconcileResult>(failure()));

        Assert.Equal(outcome, counted);
        Assert.Equal(retries, controller.Queue.Retries("a"));
        Assert.Equal(level, Assert.Single(_logger.Levels));
    }

    [Fact]
    public async Task A_reconcile_that_throws_before_its_first_await_is_caught_too()
    {
        var (controller, counted) = await OutcomeOfAsync(_ => throw new KeyNotFoundException());

        Assert.Equal("panic", counted);
        Assert.Equal(1, controller.Queue.Retries("a"));
    }

    [Fact]
    public async Task Success_forgets_former_failures()
    {
        var fails = true;
        var controller = Start((_, _) => fails ? throw new IOException() : Task.FromResult(ReconcileResult.Done));
        controller.Queue.Add("a");
        Assert.Equal("error", await _metrics.NextAsync("reconcile_total", "result"));
        fails = false;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("success", await _metrics.NextAsync("reconcile_total", "result"));
        Assert.Equal(0, controller.Queue.Retries("a"));
    }

    [Fact]
    public async Task RequeueAfter_forgets_former_failures_and_comes_again_at_its_time()
    {
        var turn = 0;
        var controller = Start((_, _) => Interlocked.Increment(ref turn) switch
        {
            1 => throw new IOException(),
            2 => Task.FromResult(ReconcileResult.After(TimeSpan.FromSeconds(40))),
            _ => Task.FromResult(ReconcileResult.Done),
        });
        controller.Queue.Add("a");
        Assert.Equal("error", await _metrics.NextAsync("reconcile_total", "result"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("requeue_after", await _metrics.NextAsync("reconcile_total", "result"));
        Assert.Equal(0, controller.Queue.Retries("a"));

        _time.Advance(TimeSpan.FromSeconds(39));
        Assert.Equal(2, turn);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("success", await _metrics.NextAsync("reconcile_total", "result"));
    }

    [Fact]
    public async Task A_server_that_asks_to_wait_is_obeyed()
    {
        var turn = 0;
        var controller = Start((_, _) => Interlocked.Increment(ref turn) == 1
            ? throw new ApiException(HttpStatusCode.TooManyRequests, null, TimeSpan.FromSeconds(30))
            : Task.FromResult(ReconcileResult.Done));
        controller.Queue.Add("a");
        Assert.Equal("error", await _metrics.NextAsync("reconcile_total", "result"));

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(1, turn);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("success", await _metrics.NextAsync("reconcile_total", "result"));
    }

    [Fact]
    public async Task A_reconcile_that_takes_too_long_is_cancelled_and_retried()
    {
        var controller = Start(
            async (_, token) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                return ReconcileResult.Done;
            },
            new ControllerOptions { ReconcileTimeout = TimeSpan.FromSeconds(77) });
        controller.Queue.Add("a");

        await _time.PassAsync(TimeSpan.FromSeconds(77));

        Assert.Equal("error", await _metrics.NextAsync("reconcile_total", "result"));
        Assert.Equal(1, controller.Queue.Retries("a"));
    }

    [Fact]
    public async Task A_terminal_failure_rests_until_the_key_is_added_again()
    {
        var turn = 0;
        var controller = Start((_, _) => Interlocked.Increment(ref turn) == 1 ? throw new TerminalException("bad") : Task.FromResult(ReconcileResult.Done));
        controller.Queue.Add("a");
        Assert.Equal("terminal", await _metrics.NextAsync("reconcile_total", "result"));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, turn);

        controller.Queue.Add("a");

        Assert.Equal("success", await _metrics.NextAsync("reconcile_total", "result"));
    }

    [Fact]
    public async Task Stopping_cancels_what_is_under_way_and_waits_for_it()
    {
        var (entered, wound) = (new TaskCompletionSource(), new TaskCompletionSource());
        var controller = Start(async (_, token) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ContinueWith(_ => { }, TaskScheduler.Default);
            await wound.Task;
            token.ThrowIfCancellationRequested();
            return ReconcileResult.Done;
        });
        controller.Queue.Add("a");
        controller.Queue.Add("b");
        await entered.Task.WaitAsync(Within.Deadline);

        await _stop.CancelAsync();
        Assert.False(_running.IsCompleted);
        wound.SetResult();
        await _running.WaitAsync(Within.Deadline);

        Assert.Equal("cancelled", await _metrics.NextAsync("reconcile_total", "result"));
        Assert.True(controller.Queue.IsShuttingDown);
        Assert.Equal(1, controller.Queue.Count);
    }

    [Fact]
    public async Task Stopping_is_bounded_although_a_reconcile_is_deaf()
    {
        var (entered, never) = (new TaskCompletionSource(), new TaskCompletionSource<ReconcileResult>());
        var controller = Start(
            (_, _) =>
            {
                entered.SetResult();
                return never.Task;
            },
            new ControllerOptions { ShutdownTimeout = TimeSpan.FromSeconds(13) });
        controller.Queue.Add("a");
        await entered.Task.WaitAsync(Within.Deadline);

        await _stop.CancelAsync();
        await _time.PassAsync(TimeSpan.FromSeconds(13));

        await _running.WaitAsync(Within.Deadline);
        never.SetResult(ReconcileResult.Done);
    }

    [Fact]
    public async Task Workers_work_side_by_side_even_when_a_reconcile_blocks_its_thread()
    {
        using var both = new Barrier(2);
        var met = new TaskCompletionSource();
        var controller = Start(
            (_, token) =>
            {
                both.SignalAndWait(Within.Deadline);
                met.TrySetResult();
                return Task.FromResult(ReconcileResult.Done);
            },
            new ControllerOptions { Workers = 2 });
        controller.Queue.Add("a");
        controller.Queue.Add("b");

        await met.Task.WaitAsync(Within.Deadline);
        Assert.Equal("success", await _metrics.NextAsync("reconcile_total", "result"));
        Assert.Equal("success", await _metrics.NextAsync("reconcile_total", "result"));
    }

    [Fact]
    public async Task Lines_of_one_pass_share_a_scope_with_controller_key_and_id()
    {
        await OutcomeOfAsync(_ => throw new IOException());

        var scope = Assert.Single(_logger.Scopes);
        Assert.Equal(_name, scope["controller"]);
        Assert.Equal("a", scope["key"]);
        Assert.Equal("1", scope["reconcileID"]);
    }

    [Fact]
    public void A_requeue_at_once_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ReconcileResult.After(TimeSpan.Zero));

    [Fact]
    public void Counters_exist_before_the_first_reconcile()
    {
        using var probe = new MetricProbe("controller", $"{_name}-idle");

        _ = new Controller<string>($"{_name}-idle", (_, _) => Task.FromResult(ReconcileResult.Done));

        Assert.Equal(["cancelled", "conflict", "error", "panic", "requeue_after", "success", "terminal"], probe.InitialValues("reconcile_total", "result").Order());
    }
}
