using System.Text.Json.Nodes;
using Ostler.Agent.HostShell;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Testing;
using static Ostler.Agent.Tests.Support.Trees;

namespace Ostler.Agent.Tests.Inspection;

/// <summary>What a person at the console sees and can do, without a cluster.</summary>
public sealed class HostConsoleTests : IDisposable
{
    private readonly TempHost _host = new();
    private readonly TestClock _clock = new(Trees.Noon);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public HostConsoleTests() => _host.Put("/proc/sys/kernel/random/boot_id", SecondBoot + "\n");

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Status_names_each_tree_the_next_boot_the_agents_order_and_the_watchdog()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "3l 2* 1");
        new PendingBootStore(_host.Files).Write(Pending());
        new WatchdogStore(_host.Files).Write(Armed());

        var (code, output, error) = await RunAsync(ostree, "status");

        Assert.Equal((0, ""), (code, error));
        Golden.Verify(output.TrimEnd(), "status.txt");
        Assert.DoesNotContain(ostree.Ran, Changes);
    }

    [Fact]
    public async Task Programs_get_the_same()
    {
        var (code, output, _) = await RunAsync(new SimulatedOstree(_host, "2026.4", "2* 1"), "status", "-o", "json");

        var report = JsonNode.Parse(output)!;
        Assert.Equal((0, "ostree", SecondBoot), (code, (string?)report["backend"], (string?)report["bootID"]));
        Assert.Equal([(Commit(2), true, true, false), (Commit(1), false, false, true)], report["trees"]!.AsArray().Select(t => ((string)t!["digest"]!, (bool)t["booted"]!, (bool)t["next"]!, (bool)t["rollback"]!)));
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task Rollback_makes_the_next_boot_the_former_trees_and_does_not_reboot(string version)
    {
        var ostree = new SimulatedOstree(_host, version, "3s 2* 1");

        var dry = await RunAsync(ostree, "rollback", "--dry-run");
        Assert.DoesNotContain(ostree.Ran, Changes);
        var done = await RunAsync(ostree, "rollback");
        var again = await RunAsync(ostree, "rollback");

        Assert.Equal($"The next boot would run 1.0 ({Commit(1)[..12]}) and 3.0 ({Commit(3)[..12]}), which is staged, would be dropped. No changes were made.", dry.Output.TrimEnd());
        Assert.StartsWith($"The next boot runs 1.0 ({Commit(1)[..12]}). To boot it, run systemctl reboot.", done.Output, StringComparison.Ordinal);
        Assert.StartsWith($"The next boot already runs 1.0 ({Commit(1)[..12]}).", again.Output, StringComparison.Ordinal);
        Assert.Equal((0, 0, 0), (dry.Code, done.Code, again.Code));
        Assert.DoesNotContain(ostree.Ran, c => c.StartsWith("systemctl reboot", StringComparison.Ordinal));
        ostree.Reboot("boot-3");
        Assert.Equal("1*", ostree.List.Split(' ')[0]);
    }

    [Fact]
    public async Task Rollback_keeps_out_of_the_agents_and_the_watchdogs_way()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2* 1");
        var store = new WatchdogStore(_host.Files);
        store.Write(Armed());
        using (store.TryLock())
        {
            Assert.Equal((1, "Not now: the agent or the watchdog is using this host. Try again when that is complete; ostler-agent host status shows the state."), await RefusalAsync(ostree));
        }

        store.Delete();
        new PendingBootStore(_host.Files).Write(Pending(bootID: SecondBoot));
        Assert.Equal((1, "Not now: the agent has instructed the host to reboot. Try again when that is complete; ostler-agent host status shows the state."), await RefusalAsync(ostree));

        new PendingBootStore(_host.Files).Delete();
        ostree.GoOnStaging();
        Assert.Equal((1, "Not now: an image is being staged (ostler-stage.service). Try again when that is complete; ostler-agent host status shows the state."), await RefusalAsync(ostree));
        Assert.DoesNotContain(ostree.Ran, Changes);
    }

    [Fact]
    public async Task What_cannot_be_is_said_in_a_line()
    {
        Assert.Equal((1, "This host has no previous deployment to roll back to."), await RefusalAsync(new SimulatedOstree(_host, "2026.4", "2*")));

        using var other = new TempHost();
        File.Delete(other.At("/run/ostree-booted"));
        var (code, output, error) = await RunAsync(new SimulatedOstree(other, "2026.4", "1*"), other, "status");
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("The host does not boot from an OSTree deployment", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("stage")]
    [InlineData("status -o yaml")]
    [InlineData("rollback --now")]
    [InlineData("apply now")]
    [InlineData("apply --yes --yes")]
    [InlineData("stage --dry-run")]
    [InlineData("stage a b")]
    [InlineData("confirm --yes")]
    public async Task A_line_that_is_not_right_is_refused_with_2(string line)
    {
        var (code, output, error) = await RunAsync(new SimulatedOstree(_host, "2026.4", "1*"), line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal((2, "", "Use status, stage TREE, apply, confirm, rollback, install or uninstall; see ostler-agent host --help."), (code, output, error.TrimEnd()));
    }

    private static bool Changes(string command) => !command.Contains("status", StringComparison.Ordinal) && !command.Contains("--version", StringComparison.Ordinal) && !command.StartsWith("systemctl show", StringComparison.Ordinal);

    private async Task<(int, string)> RefusalAsync(SimulatedOstree ostree)
    {
        var (code, output, error) = await RunAsync(ostree, "rollback");
        Assert.Equal("", output);
        return (code, error.TrimEnd());
    }

    private Task<(int Code, string Output, string Error)> RunAsync(SimulatedOstree ostree, params string[] words) => RunAsync(ostree, _host, words);

    private async Task<(int Code, string Output, string Error)> RunAsync(SimulatedOstree ostree, TempHost host, params string[] words)
    {
        var inspection = new HostInspection(ostree, host.Files, _clock);
        var operation = new HostOperation(ostree, host.Files, _clock, () => AgentRun.Program, TextWriter.Null);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await HostConsoleCommand.RunAsync(words, inspection, operation, null, output, error, Token);
        return (code, output.ToString(), error.ToString());
    }
}
