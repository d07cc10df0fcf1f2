using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Host;

public sealed class KnownGoodTests : IDisposable
{
    private readonly TempHost _host = new();
    private readonly LogWatch _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task What_runs_is_pinned_until_the_order_has_come_to_its_end()
    {
        var ostree = new SimulatedOstree(_host, "2022.7", "2l 1*");

        await Subject().KeepAsync(HostTrees.Uid, ostree.Backend(), await BootedAsync(ostree), Token);
        Assert.True((await BootedAsync(ostree)).Pinned);

        Assert.False(await ReleaseAsync(ostree, Boot(2, 1)));
        Assert.False(await ReleaseAsync(ostree, Rollback(1, 2)));
        Assert.True((await BootedAsync(ostree)).Pinned);

        Assert.True(await ReleaseAsync(ostree, Observe(2)));
        Assert.False((await BootedAsync(ostree)).Pinned);
        Assert.Contains("ostree admin cleanup", ostree.Ran);
        Assert.False(await ReleaseAsync(ostree, Observe(2)));
    }

    [Fact]
    public async Task A_node_that_is_left_on_a_failed_tree_keeps_the_former_one()
    {
        var ostree = new SimulatedOstree(_host, "2022.7", "1*");
        await Subject().KeepAsync(HostTrees.Uid, ostree.Backend(), await BootedAsync(ostree), Token);

        Assert.False(await ReleaseAsync(ostree, Observe(2) with { Previous = Previous(1) }));

        Assert.True((await BootedAsync(ostree)).Pinned);
    }

    [Fact]
    public async Task A_pin_of_somebody_else_is_neither_made_nor_taken_back()
    {
        var ostree = new SimulatedOstree(_host, "2022.7", "1*");
        await ostree.RunAsync(new HostCommand("ostree", "admin", "pin", "0"), Token);

        await Subject().KeepAsync(HostTrees.Uid, ostree.Backend(), await BootedAsync(ostree), Token);
        Assert.False(await ReleaseAsync(ostree, Observe(2)));

        Assert.True((await BootedAsync(ostree)).Pinned);
        Assert.False(_host.Files.Exists(KnownGood.Path));
    }

    [Fact]
    public async Task A_pin_that_cannot_be_taken_back_is_tried_again_and_holds_up_nothing()
    {
        var ostree = new SimulatedOstree(_host, "2022.7", "1*");
        await Subject().KeepAsync(HostTrees.Uid, ostree.Backend(), await BootedAsync(ostree), Token);
        ostree.Fail("pin --unpin", "error: Read-only file system");

        Assert.False(await ReleaseAsync(ostree, Observe(2)));
        ostree.Heal("pin --unpin");
        Assert.True(await ReleaseAsync(ostree, Observe(2)));

        Assert.False((await BootedAsync(ostree)).Pinned);
    }

    private KnownGood Subject() => new(_host.Files, new AgentLog(_log, TimeProvider.System));

    private static async Task<HostDeployment> BootedAsync(SimulatedOstree ostree) => (await ostree.Backend().ReadAsync(Token)).Booted!;

    private async Task<bool> ReleaseAsync(SimulatedOstree ostree, NodeOSSpec spec, string? uid = null)
    {
        var backend = ostree.Backend();
        return await Subject().ReleaseAsync(new NodeOS { Metadata = new() { Name = "node-1", Uid = uid ?? HostTrees.Uid }, Spec = spec },
            backend, await backend.ReadAsync(Token), Token);
    }
}
