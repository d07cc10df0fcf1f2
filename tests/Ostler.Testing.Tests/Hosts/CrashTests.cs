using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

/// <summary>
/// kill -9 of the real ostree wherever it changes the disk, and power off at once: the host must boot the old tree or the new one.
/// </summary>
public sealed class CrashTests : HostTest
{
    private const int Points = 12;
    private const int Seed = 20261123;

    public static TheoryData<string> Stages => ["deploy", "deploy --stage", "finalize-staged"];

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task Wherever_ostree_is_killed_the_host_boots_the_old_tree_or_the_new_one(string stage)
    {
        Assert.SkipWhen(CrashPoint.WhyNotAvailable() is not null, CrashPoint.WhyNotAvailable() ?? "");
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var command = CommandOf(stage, v2);
        var rehearsal = await PreparedHostAsync("rehearsal", v1, v2, stage);
        var all = await CrashPoint.RecordAsync(rehearsal, command, Token);
        await rehearsal.DisposeAsync();
        // The last call is always among them: what a crash there leaves is what the others are compared with.
        var chosen = new Random(Seed).GetItems([.. all], Points - 1).Append(all[^1]).ToArray();
        var killed = 0;

        for (var i = 0; i < chosen.Length; i++)
        {
            await using var host = await PreparedHostAsync($"node-{i}", v1, v2, stage);
            killed += await chosen[i].KillAtAsync(host, command, Token) ? 1 : 0;
            await host.PowerCutAsync(Token);

            var boot = await host.BootAsync(Token);

            Assert.True(boot.Commit == v1.Checksum || boot.Commit == v2.Checksum, $"Killed at {chosen[i]}, the host booted {boot.Commit}.");
            if (boot.Commit == v1.Checksum)
            {
                await RunAsync(host, "ostree", "admin", "cleanup");
                await StageAsync(host, v2);
                Assert.Equal(v2.Checksum, (await host.RebootAsync(Token)).Commit);
            }
            await RunAsync(host, "ostree", "fsck", "--quiet");
        }
        Assert.True(killed >= 10, $"Only {killed} of {chosen.Length} points were reached: {string.Join(", ", chosen.Select(point => point.ToString()))}");
    }

    private static string[] CommandOf(string stage, OsTreeCommit tree) =>
        stage == "finalize-staged" ? ["ostree", "admin", "finalize-staged"] : ["ostree", "admin", .. stage.Split(' '), tree.Checksum];

    private async Task<OstreeHost> PreparedHostAsync(string name, OsTreeCommit v1, OsTreeCommit v2, string stage)
    {
        var host = await BootedHostAsync(v1, name);
        host.WriteEtc("hostname", "edited");
        await PullAsync(host, v2);
        if (stage == "finalize-staged")
        {
            await RunAsync(host, "ostree", "admin", "deploy", "--stage", v2.Checksum);
        }
        return host;
    }
}
