using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Backends.Ostree;

/// <summary>
/// Back to version 1, on an ostree with and without set-default. What each command does is the simulated ostree's; that it does so in truth
/// is shown with real hosts.
/// </summary>
public sealed class OstreeRollbackTests : IDisposable
{
    private readonly TempHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("2026.4", "2* 1", "1 2*", "set-default 1")]
    [InlineData("2026.4", "2* 3 1", "1 2* 3", "set-default 2")]
    [InlineData("2026.4", "3s 2* 1", "1 2*", "undeploy 0, set-default 1")]
    [InlineData("2026.4", "1 2*", "1 2*", "")]
    [InlineData("2026.4", "2 1*", "1* 2", "set-default 1")]
    [InlineData("2026.4", "2s 1*", "1*", "undeploy 0")]
    [InlineData("2022.7", "2* 1", "1 2*", "own etc")]
    [InlineData("2022.7", "3s 2* 1", "1 2*", "undeploy 0, own etc")]
    [InlineData("2022.7", "1 2*", "1 2*", "")]
    [InlineData("2022.7", "2 1*", "1*", "undeploy 0")]
    [InlineData("2022.7", "2s 1*", "1*", "undeploy 0")]
    public async Task Is_done_with_what_the_version_has(string version, string before, string after, string commands)
    {
        var ostree = new SimulatedOstree(_host, version, before);

        await BackAsync(ostree);

        Assert.Equal(after, ostree.List);
        Assert.Equal(commands, string.Join(", ", ostree.Ran.Select(Short).Where(c => c.Length > 0)));
    }

    [Fact]
    public async Task Done_twice_it_is_still_done()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2* 1");

        await BackAsync(ostree);
        await BackAsync(ostree);

        Assert.Equal("1 2*", ostree.List);
    }

    [Fact]
    public async Task A_host_that_refuses_the_mounts_goes_back_all_the_same()
    {
        var ostree = new SimulatedOstree(_host, "2022.7", "2* 1");
        ostree.Fail("unshare", "mount: permission denied");

        await BackAsync(ostree);

        Assert.Equal("1 2*", ostree.List);
        Assert.Contains($"ostree admin deploy {Commit(1)}", ostree.Ran);
    }

    [Theory]
    [InlineData("2026.4")]
    [InlineData("2022.7")]
    public async Task A_tree_that_is_gone_from_the_list_is_laid_down_from_the_repository(string version)
    {
        var ostree = new SimulatedOstree(_host, version, "2*") { Repository = { Commit(1) } };

        await BackAsync(ostree);

        Assert.Equal("1 2*", ostree.List);
    }

    [Theory]
    [InlineData("2026.4")]
    [InlineData("2022.7")]
    public async Task A_tree_that_is_gone_altogether_is_impossible_to_go_back_to(string version)
    {
        var ostree = new SimulatedOstree(_host, version, "2*");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => BackAsync(ostree));

        Assert.Equal(Reasons.RollbackImpossible, failure.Reason);
        Assert.Contains("No such metadata object", failure.Message, StringComparison.Ordinal);
        Assert.Equal("2*", ostree.List);
    }

    [Fact]
    public async Task A_command_that_says_it_did_and_did_not_is_found_out()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2* 1");
        ostree.Pretend("set-default");

        Assert.Equal(Reasons.RollbackImpossible, (await Assert.ThrowsAsync<HostToolException>(() => BackAsync(ostree))).Reason);
    }

    [Fact]
    public async Task What_is_no_commit_never_reaches_a_command()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2* 1");

        await Assert.ThrowsAsync<HostToolException>(() => BackAsync(ostree, "--help"));

        Assert.DoesNotContain(ostree.Ran, c => c.Contains("--help", StringComparison.Ordinal));
    }

    private async Task BackAsync(SimulatedOstree ostree, string? to = null)
    {
        var backend = ostree.Backend();
        await backend.RollBackAsync(to ?? Commit(1), await backend.ReadAsync(Token), Token);
    }

    private static string Short(string command) =>
        command.StartsWith("unshare", StringComparison.Ordinal) ? "own etc"
        : command.Contains(" status", StringComparison.Ordinal) ? ""
        : command.Replace("ostree admin ", "", StringComparison.Ordinal);
}
