using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Tests.Support;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeFinalizationTests : IDisposable
{
    private const string Conflict = "During /etc merge: Modified config file newly defaults to directory 'app.conf', cannot merge";
    private const string Since = "journalctl --boot=0 --unit=ostree-boot-complete.service --output=cat --no-pager --quiet --lines=200 _UID=0";
    private const string Before = "journalctl --boot=-1 --unit=ostree-finalize-staged.service --output=cat --no-pager --quiet --lines=200 _UID=0";

    private readonly TempHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task The_stamp_in_boot_says_it_when_the_service_that_deletes_it_has_not_run()
    {
        _host.Put("/boot/ostree/finalize-failure.stamp", Conflict + "\n");

        Assert.Equal(new FinalizationReport(Finalization.Failed, Conflict), await ExplainAsync());
    }

    [Fact]
    public async Task The_service_of_this_boot_says_it() =>
        Assert.Equal(
            new FinalizationReport(Finalization.Failed, Conflict),
            await ExplainAsync($"Starting…\nerror: ostree-finalize-staged.service failed on previous boot: {Conflict}\nMain process exited\n"));

    [Fact]
    public async Task The_journal_of_the_former_boot_says_it_and_its_last_word_counts() =>
        Assert.Equal(
            new FinalizationReport(Finalization.Failed, "Installing kernel: regfile copy: No space left on device"),
            await ExplainAsync("", "Finalizing staged deployment\nerror: an older attempt\nerror: Installing kernel: regfile copy: No space left on device\n"));

    [Fact]
    public async Task A_unit_that_was_ended_for_its_slowness_has_failed() =>
        Assert.Equal(Finalization.Failed, (await ExplainAsync("", "ostree-finalize-staged.service: Failed with result 'timeout'.\n")).Outcome);

    [Fact]
    public async Task A_locked_deployment_was_left_out() =>
        Assert.Equal(Finalization.SkippedLocked, (await ExplainAsync("", "Not finalizing; deployment is locked for finalization\n")).Outcome);

    [Fact]
    public async Task One_that_began_and_never_ended_has_failed() =>
        Assert.Equal(Finalization.Failed, (await ExplainAsync("", "Finalizing staged deployment\nCopying /etc changes: 29 modified, 0 removed, 80 added\n")).Outcome);

    [Fact]
    public async Task Silence_means_that_it_never_ran() => Assert.Equal(Finalization.NeverRan, (await ExplainAsync()).Outcome);

    [Fact]
    public async Task A_success_that_was_logged_is_no_failure() =>
        Assert.Equal(Finalization.NeverRan, (await ExplainAsync("", "Copying /etc changes: 1 modified\nBootloader updated; bootconfig swap: yes\n")).Outcome);

    /// <summary>What finalizations of several versions and boot loaders end with.</summary>
    [Theory]
    [InlineData("Bootloader updated; bootconfig swap: yes; bootversion: boot.0.1, deployment count change: 1")]
    [InlineData("Transaction complete; bootconfig swap: no; bootversion: boot.1.1, deployment count change: 0")]
    [InlineData("Finished writing deployment")]
    public async Task A_finalization_that_came_to_its_end_has_not_failed(string end) =>
        Assert.Equal(Finalization.NeverRan, (await ExplainAsync("", $"Finalizing staged deployment\nCopying /etc changes: 1 modified\n{end}\nCleanup complete\n")).Outcome);

    [Fact]
    public async Task A_failure_before_the_last_finalization_is_not_its()
    {
        var journal = $"Finalizing staged deployment\nerror: Finalizing deployment: {Conflict}\nFinalizing staged deployment\nBootloader updated\n";

        Assert.Equal(Finalization.NeverRan, (await ExplainAsync("", journal)).Outcome);
    }

    [Fact]
    public async Task What_was_applied_in_this_boot_is_explained_by_this_boots_journal_where_there_is_no_stamp()
    {
        var runner = new FakeCommandRunner().On(Before.Replace("-1", "0", StringComparison.Ordinal), $"Finalizing staged deployment\nerror: Finalizing deployment: {Conflict}\n");

        var report = await new OstreeFinalization(runner, _host.Files).ExplainPresentAsync(TestContext.Current.CancellationToken);

        Assert.Equal(new FinalizationReport(Finalization.Failed, "Finalizing deployment: " + Conflict), report);
    }

    [Fact]
    public async Task A_host_without_an_old_journal_is_no_failure()
    {
        var runner = new FakeCommandRunner().On(Since).On(Before, exitCode: 1, stderr: "Data from the specified boot (-1) is not available");

        Assert.Equal(Finalization.NeverRan, (await new OstreeFinalization(runner, _host.Files).ExplainAsync(TestContext.Current.CancellationToken)).Outcome);
    }

    private Task<FinalizationReport> ExplainAsync(string since = "", string before = "") =>
        new OstreeFinalization(new FakeCommandRunner().On(Since, since).On(Before, before), _host.Files).ExplainAsync(TestContext.Current.CancellationToken);
}
