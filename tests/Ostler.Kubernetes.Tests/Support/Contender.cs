using System.Threading.Channels;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.LeaderElection;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>A process that wants to lead, with a clock of its own.</summary>
internal sealed class Contender : IAsyncDisposable
{
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<CancellationToken> _terms = Channel.CreateUnbounded<CancellationToken>();
    private readonly ApiClient _client;
    private readonly LeaderElector _elector;
    private bool _paused;

    public Contender(LeaseServer server, string identity, LeaderElectionOptions? options = null)
    {
        var http = server.Http.CreateClient();
        http.DefaultRequestHeaders.Add(LeaseServer.ContenderHeader, identity);
        _client = new ApiClient(http, new ApiClientOptions { TimeProvider = Time, Timeout = TimeSpan.FromSeconds(29) });
        _elector = new LeaderElector(
            _client, options ?? new LeaderElectionOptions { LeaseName = "lock", Namespace = "ns", Identity = identity }, Time, random: () => 0);
    }

    public TestClock Time { get; } = new();

    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>What leading does after its token was cancelled. Default: return at once.</summary>
    public Func<Task> WindUp { get; set; } = () => Task.CompletedTask;

    public Contender Start()
    {
        Running = _elector.RunAsync(
            async token =>
            {
                _terms.Writer.TryWrite(token);
                var cancelled = new TaskCompletionSource();
                await using (token.Register(cancelled.SetResult))
                {
                    await cancelled.Task;
                }
                await WindUp();
            },
            _stop.Token);
        return this;
    }

    public void StartWith(Func<CancellationToken, Task> lead) => Running = _elector.RunAsync(lead, _stop.Token);

    /// <summary>Waits for the next term.</summary>
    public async Task<CancellationToken> TermAsync() => await _terms.Reader.ReadAsync(Within.Deadline);

    /// <summary>A term began that no earlier call has returned.</summary>
    public bool HasNewTerm => _terms.Reader.TryPeek(out _);

    /// <summary>Waits until an attempt is over and the pause after it has begun.</summary>
    public async Task PausedAsync()
    {
        if (!_paused)
        {
            await Time.WaitedForAsync(RetryPeriod);
            _paused = true;
        }
    }

    /// <summary>Lets the pause pass that has begun or will, and waits for the end of the attempt after it.</summary>
    public async Task RetryAsync(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            await BeginAttemptAsync();
            await PausedAsync();
        }
    }

    /// <summary>Lets the pause pass, and does not wait for the attempt after it.</summary>
    public async Task BeginAttemptAsync()
    {
        await PausedAsync();
        _paused = false;
        Time.Advance(RetryPeriod);
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Running.WaitAsync(Within.Deadline);
    }

    public void RequestStop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Running.WaitAsync(Within.Deadline).ContinueWith(_ => { }, TaskScheduler.Default);
        _client.Dispose();
        _stop.Dispose();
    }
}
