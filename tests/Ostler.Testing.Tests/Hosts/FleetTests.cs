using System.Diagnostics;
using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class FleetTests(ITestOutputHelper output) : HostTest
{
    [Fact]
    public async Task Twenty_hosts_are_made_updated_and_rebooted_side_by_side()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var names = Enumerable.Range(1, 20).Select(number => $"node-{number}").ToArray();

        var hosts = await MeasureAsync("create 20", () => Task.WhenAll(names.Select(name => HostAsync(v1, name))));
        await MeasureAsync("boot 20", () => Task.WhenAll(hosts.Select(host => host.BootAsync(Token))));
        await MeasureAsync("pull and stage on 20", () => Task.WhenAll(hosts.Select(async host =>
        {
            await StageAsync(host, v2);
            return host;
        })));
        var boots = await MeasureAsync("reboot 20, finalization included", () => Task.WhenAll(hosts.Select(host => host.RebootAsync(Token))));

        Assert.All(boots, boot => Assert.Equal((v2.Checksum, 2), (boot.Commit, boot.Number)));
        Assert.Equal(20, boots.Select(boot => boot.BootId).Distinct().Count());

        var alone = hosts[0];
        await MeasureAsync("one: shut down", async () =>
        {
            await alone.ShutdownAsync(Token);
            return alone;
        });
        await MeasureAsync("one: boot", () => alone.BootAsync(Token));
        await MeasureAsync("one: ostree admin status", () => alone.DeploymentsAsync(Token));
        await MeasureAsync("one: stage", () => RunAsync(alone, "ostree", "admin", "deploy", "--stage", v1.Checksum));
        await MeasureAsync("one: reboot, finalization included", () => alone.RebootAsync(Token));
    }

    private async Task<T> MeasureAsync<T>(string what, Func<Task<T>> act)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await act();
        output.WriteLine($"{what}: {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");
        return result;
    }
}
