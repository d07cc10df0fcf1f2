using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.LeaderElection;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.LeaderElection;

/// <summary>
/// A leader that was frozen (SIGSTOP) or suspended for longer than its lease, at the moment at which it goes on: no timer has fired yet.
/// </summary>
public sealed class WriteFenceTests : IAsyncDisposable
{
    private static readonly NamespacedName Pod = new("ns", "p");

    private readonly FrozenTime _time = new();
    private readonly LeaseServer _leases = new();
    private readonly ScriptedServer _api = new((request, response, _) => response.JsonAsync(request.Path == "/api/v1"
        ? """{"resources":[{"name":"pods/eviction","kind":"Eviction","group":"policy","version":"v1"}]}"""
        : """{"metadata":{"name":"a"},"items":[]}"""));

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _api.DisposeAsync();
    }

    public static TheoryData<string> Writes => [.. All.Keys];

    private static Dictionary<string, Func<ApiClient, CancellationToken, Task>> All { get; } = new()
    {
        ["create"] = (c, t) => c.CreateAsync(KnownResources.Nodes, new() { Metadata = new() { Name = "a" } }, t),
        ["update"] = (c, t) => c.UpdateAsync(KnownResources.Nodes, new() { Metadata = new() { Name = "a" } }, t),
        ["uncordon"] = (c, t) => c.PatchAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a"), Patch.Merge(new JsonObject()), t),
        ["apply a status"] = (c, t) => c.PatchAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a"), Patch.Merge(new JsonObject()), t, "status"),
        ["delete"] = (c, t) => c.DeleteAsync(KnownResources.Pods, Pod, null, null, t),
        ["evict"] = (c, t) => c.EvictAsync(Pod, "uid", null, dryRun: false, t),
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task After_a_freeze_nothing_is_written_before_any_timer_fires(string write)
    {
        var (before, after, token) = await LeadAsync(async (client, term) =>
        {
            await All[write](client, term);
            var sent = Changes();
            _time.Frozen += TimeSpan.FromSeconds(16);
            var error = await Record.ExceptionAsync(() => All[write](client, term));
            return (sent, error, term);
        });

        Assert.Equal(1, before);
        Assert.Equal(1, Changes());
        Assert.IsAssignableFrom<OperationCanceledException>(after);
        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public async Task Reads_go_on_and_a_term_that_still_lasts_writes()
    {
        await LeadAsync(async (client, term) =>
        {
            _time.Frozen += TimeSpan.FromSeconds(9.9);
            await All["uncordon"](client, term);
            _time.Frozen += TimeSpan.FromSeconds(0.2);
            await client.ListAsync(KnownResources.Nodes, new(), term);
            return true;
        });

        Assert.Equal(1, Changes());
    }

    [Fact]
    public async Task What_is_left_behind_by_a_term_writes_nothing_in_the_next()
    {
        ApiClient? left = null;
        await LeadAsync((client, _) =>
        {
            left = client;
            return Task.FromResult(true);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => All["delete"](left!, CancellationToken.None));
        Assert.Equal(0, Changes());
    }

    [Fact]
    public void The_clock_goes_on_while_the_machine_sleeps_and_never_back()
    {
        Assert.Same(BootTime.Instance, BootTime.For(TimeProvider.System));
        Assert.Same(_time, BootTime.For(_time));
        var first = BootTime.Instance.GetTimestamp();
        Assert.True(BootTime.Instance.GetTimestamp() >= first);
        if (OperatingSystem.IsLinux())
        {
            // Of this machine, with its sleep: what /proc/uptime counts from.
            var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(first / (double)BootTime.Instance.TimestampFrequency, uptime - 60, uptime + 60);
        }
    }

    private int Changes() => _api.Received.Count(r => r.Method != "GET");

    private async Task<T> LeadAsync<T>(Func<ApiClient, CancellationToken, Task<T>> lead)
    {
        using var client = new ApiClient(_api.CreateClient());
        using var leases = new ApiClient(_leases.Http.CreateClient());
        var elector = new LeaderElector(leases, new() { LeaseName = "lock", Namespace = "ns", Identity = "a" }, _time, random: () => 0);
        T result = default!;
        await elector.RunAsync(async (fence, term) => result = await lead(client.Fenced(fence), term), Once());
        return result;

        // A term that was lost is followed by another: once is enough.
        CancellationToken Once()
        {
            var stop = new CancellationTokenSource();
            _leases.Fault = (_, _, _, _) =>
            {
                if (_time.Frozen >= TimeSpan.FromSeconds(10))
                {
                    stop.Cancel();
                }

                return Task.FromResult(false);
            };
            return stop.Token;
        }
    }

    /// <summary>A clock whose timers do not know how long the process was frozen.</summary>
    private sealed class FrozenTime : FakeTimeProvider
    {
        public TimeSpan Frozen { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Frozen.TotalSeconds * TimestampFrequency);
    }
}
