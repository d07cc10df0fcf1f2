using System.Net;
using Ostler.Agent.Cluster;
using Ostler.Agent.Logging;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;

namespace Ostler.Agent.Tests.Api;

public sealed class NodeOSWatcherTests : IDisposable
{
    private static readonly TimeSpan FirstWait = NodeOSWatcher.Backoff.After(1, AgentRun.Random);

    private readonly TestClock _clock = new(HostTrees.Noon);
    private readonly LatestNodeOS _cell = new();

    public void Dispose() => _cell.Dispose();

    [Fact]
    public async Task A_watch_that_broke_begins_with_a_list_after_a_pause_that_grows()
    {
        var api = new ScriptedWatches(
            (["5", "6"], new IOException("reset")),
            ([], new HttpRequestException("refused")),
            (["7"], null));
        using var stop = Start(api, out var running);

        await _clock.WaitedForAsync(FirstWait);
        _clock.Advance(FirstWait);
        await _clock.WaitedForAsync(FirstWait * 2);
        _clock.Advance(FirstWait * 2);
        await _clock.WaitedForAsync(FirstWait * 4);

        Assert.Equal(3, api.Asked);
        Assert.Equal("7", _cell.Look().Latest?.Metadata.ResourceVersion);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task A_version_that_is_too_old_makes_it_list_again()
    {
        var api = new ScriptedWatches(
            (["5"], new ApiException(HttpStatusCode.Gone, null)),
            (["9"], null));
        using var stop = Start(api, out var running);

        await _clock.WaitedForAsync(FirstWait);
        _clock.Advance(FirstWait);
        await _clock.WaitedForAsync(FirstWait * 2);

        Assert.Equal(2, api.Asked);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task A_line_that_cannot_be_read_makes_it_list_again()
    {
        var api = new ScriptedWatches((["5"], new InvalidDataException("bad line")), ([], null));
        using var stop = Start(api, out var running);

        await _clock.WaitedForAsync(FirstWait);
        _clock.Advance(FirstWait);
        await _clock.WaitedForAsync(FirstWait * 2);

        Assert.Equal(2, api.Asked);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task A_watch_that_ends_after_its_time_is_renewed_within_a_second()
    {
        var api = new ScriptedWatches((["5"], null), (["6"], null)) { Lasts = () => _clock.Advance(TimeSpan.FromMinutes(6)) };
        using var stop = Start(api, out var running);

        await _clock.WaitedForAsync(TimeSpan.FromSeconds(AgentRun.Random));

        Assert.Equal(1, api.Asked);
        await StopAsync(stop, running);
    }

    [Fact]
    public void A_failure_is_told_with_its_causes() =>
        Assert.Equal(
            "No TLS (bad handshake) (expired)",
            ApiFailures.Describe(new HttpRequestException("No TLS", new IOException("bad handshake", new InvalidOperationException("expired")))));

    [Fact]
    public void A_late_echo_does_not_put_back_what_is_known()
    {
        _cell.Set(Object("10", generation: 1));
        var superseded = _cell.Look().Superseded;
        _cell.Set(Object("12", generation: 1));
        _cell.Set(Object("11", generation: 1));

        Assert.Equal("12", _cell.Look().Latest?.Metadata.ResourceVersion);
        Assert.False(superseded.IsCancellationRequested);
    }

    /// <summary>etcd was restored from a backup: versions go back, and the object in them is the one that counts.</summary>
    [Theory]
    [InlineData("list")]
    [InlineData("silence")]
    [InlineData("expired")]
    public async Task A_list_wins_over_everything_that_was_known(string how)
    {
        var api = new ScriptedWatches(
            (["530", "534"], how switch { "silence" => new OperationCanceledException(), "expired" => new ApiException(HttpStatusCode.Gone, null), _ => null }),
            (["235", "236"], null));
        using var stop = Start(api, out var running);
        await _clock.WaitedForAsync(FirstWait);
        Assert.Equal("534", _cell.Look().Latest?.Metadata.ResourceVersion);

        _clock.Advance(FirstWait);
        await _clock.WaitedForAsync(FirstWait * 2);

        // The change that follows the list is of the restored history, and newer than the list.
        Assert.Equal("236", _cell.Look().Latest?.Metadata.ResourceVersion);
        await StopAsync(stop, running);
    }

    /// <summary>Seen with the real agent: it was deaf until its pod was restarted.</summary>
    [Fact]
    public async Task An_agent_obeys_a_server_that_was_restored_from_a_backup()
    {
        await using var run = new AgentRun("1*");
        run.Api.Ask(HostTrees.Observe());
        run.Start();
        await run.RestAsync();

        run.Api.Restore(50);
        await run.Clock.WaitedForAsync(FirstWait);
        run.Clock.Advance(FirstWait);
        run.Api.Ask(HostTrees.Stage(2));
        await run.RestAsync();

        Assert.Equal(NodeStep.Staged, run.Api.Written[^1].Step);
    }

    [Fact]
    public void An_answer_wins_over_what_was_known_before_it_was_asked_for_and_over_nothing_that_came_meanwhile()
    {
        _cell.Set(Object("534", 7));
        var known = _cell.Version;
        _cell.SetAnswer(Object("235", 3), known);
        Assert.Equal("235", _cell.Look().Latest?.Metadata.ResourceVersion);

        known = _cell.Version;
        _cell.Set(Object("240", 4));
        _cell.SetAnswer(Object("238", 3), known);
        Assert.Equal("240", _cell.Look().Latest?.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task The_same_generation_of_another_history_asks_for_something_else()
    {
        _cell.Set(Object("534", 5) with { Spec = HostTrees.Stage(2) });
        var cancelled = new TaskCompletionSource();
        using var registration = _cell.Look().Superseded.Register(cancelled.SetResult);

        _cell.SetAnswer(Object("240", 5) with { Spec = HostTrees.Observe(1) }, _cell.Version);

        await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Only_what_HTTP_and_sockets_say_is_a_failure_of_the_API()
    {
        Assert.True(ApiFailures.Is(new HttpRequestException("refused")));
        Assert.True(ApiFailures.Is(new HttpIOException(HttpRequestError.ResponseEnded)));
        Assert.True(ApiFailures.Is(new IOException("reading", new System.Net.Sockets.SocketException())));
        Assert.False(ApiFailures.Is(new IOException("No space left on device : '/var/lib/ostler/pending-boot.json.new'", 28)));
        Assert.False(ApiFailures.Is(new UnauthorizedAccessException("Access to the path is denied.")));
    }

    [Fact]
    public async Task Another_spec_another_object_and_none_supersede_what_is_under_way()
    {
        foreach (var next in new[] { Object("11", 2), Object("3", 1, "uid-2"), null })
        {
            using var cell = new LatestNodeOS();
            cell.Set(Object("10", 1));
            var cancelled = new TaskCompletionSource();
            using var registration = cell.Look().Superseded.Register(cancelled.SetResult);

            cell.Set(next);

            await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);
            Assert.Same(next, cell.Look().Latest);
        }
    }

    private CancellationTokenSource Start(ScriptedWatches api, out Task running)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromMinutes(1));
        running = new NodeOSWatcher(api, _cell, new AgentLog(TextWriter.Null, _clock), _clock, () => AgentRun.Random).RunAsync(stop.Token);
        return stop;
    }

    private static async Task StopAsync(CancellationTokenSource stop, Task running)
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static NodeOS Object(string version, long generation, string uid = HostTrees.Uid) =>
        new() { Metadata = new ObjectMeta { Name = "node-1", Uid = uid, ResourceVersion = version, Generation = generation } };

    /// <summary>Each watch tells some versions and then ends, or breaks. The last one is repeated.</summary>
    private sealed class ScriptedWatches(params (string[] Versions, Exception? End)[] watches) : INodeOSApi
    {
        public int Asked { get; private set; }

        public Action? Lasts { get; init; }

        public async IAsyncEnumerable<NodeOSChange> WatchAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Asked++;
            await Task.Yield();
            var (versions, end) = watches[Math.Min(Asked, watches.Length) - 1];
            foreach (var (version, index) in versions.Select((v, i) => (v, i)))
            {
                yield return new NodeOSChange(version, false, Object(version, 1)) { IsListed = index == 0 };
            }

            Lasts?.Invoke();
            if (end is not null)
            {
                throw end;
            }
        }

        public Task<NodeOS?> GetAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<NodeOS> ApplyStatusAsync(string uid, NodeOSStatus status, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
