using Ostler.Agent.Loop;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Report;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests;

/// <summary>The whole agent against a simulated host and an API in memory: what it does, what it says, and how often.</summary>
public sealed class UpgradeTests
{
    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task An_upgrade_costs_four_writes_when_its_steps_are_quick(string version)
    {
        await using var run = new AgentRun("1*", version);
        run.Api.Ask(Observe());
        run.Start();
        Assert.Equal(NodeStep.Idle, (await run.Api.NextWriteAsync(run.Token)).Step);
        await run.RestAsync();

        run.Api.Ask(Stage(2));
        var staged = await run.Api.NextWriteAsync(run.Token);
        await run.RestAsync();
        await RebootAsync(run, Boot(2, 1));
        var rebooting = await run.Api.NextWriteAsync(run.Token);
        var verifying = await run.Api.NextWriteAsync(run.Token);
        await run.RestAsync();
        run.Api.Ask(Observe(2));
        var updated = await run.Api.NextWriteAsync(run.Token);
        await run.RestAsync();

        Assert.Equal(
            [NodeStep.Staged, NodeStep.Rebooting, NodeStep.Verifying, NodeStep.Updated],
            new[] { staged, rebooting, verifying, updated }.Select(s => s.Step));
        Assert.True(staged.Conditions.IsTrue(ConditionTypes.Staged));
        Assert.True(staged.Staged?.Locked);
        Assert.True(verifying.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal((Commit(2), "boot-2"), (verifying.Booted?.Digest, verifying.BootID));
        Assert.Equal(5, run.Api.Written.Count);
        Assert.Equal((1, 1), (run.Ostree.Reboots, run.Api.Gets));
        Assert.All(run.Api.Written, s => Assert.Null(s.LastError));
    }

    [Fact]
    public async Task The_beginning_of_the_soak_is_not_answered()
    {
        await using var run = new AgentRun("1*");
        run.Api.Ask(Stage(2));
        run.Start();
        await run.RestAsync();
        await RebootAsync(run, Boot(2, 1));
        await run.RestAsync();
        Assert.Equal(NodeStep.Verifying, run.Api.Written[^1].Step);
        var written = run.Api.Written.Count;

        run.Api.Ask(Boot(2, 1) with { HealthySince = Noon });
        await run.RestAsync();

        Assert.Equal(written, run.Api.Written.Count);

        // Whatever there is to say is said, of the present generation.
        run.Api.Ask(Observe(2));
        await run.RestAsync();
        Assert.Equal((NodeStep.Updated, run.Api.Current!.Metadata.Generation), (run.Api.Current.Status!.Step, run.Api.Current.Status.ObservedGeneration));
    }

    [Fact]
    public async Task An_agent_with_nothing_to_do_sends_nothing()
    {
        await using var run = new AgentRun("2* 1");
        run.Api.Ask(Observe(2));
        run.Start();
        await run.RestAsync();

        for (var hour = 0; hour < 12; hour++)
        {
            run.Clock.Advance(AgentRun.AtRest);
            await run.RestAsync();
        }

        // What runs, and after the first dearer look how it differs from what it should be.
        Assert.Equal((2, 0, 1), (run.Api.Written.Count, run.Api.Gets, run.Api.Watches));
    }

    [Fact]
    public async Task A_host_that_somebody_updated_by_hand_is_noticed()
    {
        await using var run = new AgentRun("1*");
        run.Api.Ask(Observe());
        run.Start();
        await run.RestAsync();

        await run.Ostree.Backend().StageAsync(Image(3), Deployments("1*"), run.Token);
        run.Clock.Advance(AgentRun.AtRest);
        await run.RestAsync();

        Assert.Equal(Commit(3), run.Api.Written[^1].Staged?.Digest);
        Assert.Equal(2, run.Api.Written.Count);
    }

    [Fact]
    public async Task A_status_that_somebody_else_wiped_is_written_again()
    {
        await using var run = new AgentRun("1*");
        run.Api.Ask(Observe());
        run.Start();
        await run.RestAsync();

        run.Api.Change(os => os! with { Status = null });
        await run.RestAsync();

        Assert.Equal(2, run.Api.Written.Count);
        Assert.Equal(Commit(1), run.Api.Current?.Status?.Booted?.Digest);
    }

    [Fact]
    public async Task A_staging_that_takes_its_time_is_reported_as_under_way()
    {
        await using var run = new AgentRun("1*");
        var pulled = new TaskCompletionSource();
        run.Ostree.Before = (line, _) => line.Contains(" pull ", StringComparison.Ordinal) ? pulled.Task : Task.CompletedTask;
        run.Api.Ask(Stage(2));
        run.Start();

        await run.Clock.WaitedForAsync(ActionReports.QuickStep);
        run.Clock.Advance(TimeSpan.FromSeconds(30));
        var staging = await run.Api.NextWriteAsync(run.Token);
        pulled.SetResult();
        var staged = await run.Api.NextWriteAsync(run.Token);

        Assert.Equal((NodeStep.Staging, ConditionStatus.False), (staging.Step, staging.Conditions.Find(ConditionTypes.Staged)?.Status));
        Assert.Equal(NodeStep.Staged, staged.Step);
        Assert.Equal((Noon, Noon.AddSeconds(30)), (staged.Timings?.StagingStartedAt, staged.Timings?.StagedAt));
    }

    [Fact]
    public async Task A_new_target_ends_the_download_of_the_old_one()
    {
        await using var run = new AgentRun("1*");
        var pulling = new TaskCompletionSource();
        run.Ostree.Before = async (line, ct) =>
        {
            if (line.EndsWith(Commit(2), StringComparison.Ordinal) && line.Contains(" pull ", StringComparison.Ordinal))
            {
                pulling.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            }
        };
        run.Api.Ask(Stage(2));
        run.Start();
        await pulling.Task.WaitAsync(run.Token);

        run.Api.Ask(Stage(3, attempt: 2));
        await run.RestAsync();

        Assert.Equal("3l 1*", run.Ostree.List);
        Assert.Equal((2, Commit(3)), (run.Api.Written[^1].Attempt, run.Api.Written[^1].Staged?.Digest));
    }

    [Fact]
    public async Task A_failed_download_is_tried_again_ever_more_slowly_until_it_works()
    {
        await using var run = new AgentRun("1*");
        run.Ostree.Fail(" pull ", "error: Server returned HTTP 503");
        run.Api.Ask(Stage(2));
        run.Start();

        foreach (var (count, seconds) in new[] { (1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (8, 300) })
        {
            await run.Clock.WaitedForAsync(TimeSpan.FromSeconds(seconds));
            var status = run.Api.Written[^1];
            Assert.Equal((NodeStep.Staging, Reasons.PullFailed, count), (status.Step, status.LastError?.Reason, status.LastError?.Count));
            Assert.Contains("HTTP 503", status.LastError?.Message, StringComparison.Ordinal);
            if (count == 8)
            {
                run.Ostree.Heal(" pull ");
            }

            run.Clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        await run.RestAsync();
        Assert.Equal(NodeStep.Staged, run.Api.Written[^1].Step);
        Assert.Null(run.Api.Written[^1].LastError);
        Assert.Equal(9, run.Api.Written.Count);
    }

    [Fact]
    public async Task A_warning_of_the_staging_is_kept_when_the_agent_is_started_again()
    {
        await using var run = new AgentRun("1*");
        run.Ostree.Remotes["acme"] = "https://mirror.local/repo";
        run.Api.Ask(Stage(2));
        run.Start();
        await run.RestAsync();

        await run.KillAsync();
        run.Start();
        await run.RestAsync();

        Assert.Single(run.Api.Written);
        Assert.Contains("mirror.local", run.Api.Current?.Status?.Conditions.Find(ConditionTypes.Staged)?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_checks_are_repeated_until_they_pass_and_only_changes_are_written()
    {
        await using var run = new AgentRun("1*");
        await StagedAsync(run);
        run.Ostree.UnitState = "activating";
        var interval = TimeSpan.FromSeconds(20);
        var checks = new[] { new HealthCheck { Name = "kubelet", Interval = interval, Systemd = new SystemdCheck { Active = ["kubelet.service"] } } };
        await RebootAsync(run, Boot(2, 1) with { HostChecks = checks });

        for (var round = 0; round < 4; round++)
        {
            await run.Clock.WaitedForAsync(interval);
            run.Clock.Advance(interval);
        }

        await run.Clock.WaitedForAsync(interval);
        const string Waiting = "kubelet: kubelet.service is activating";
        Assert.Single(run.Api.Written, s => s.Conditions.Find(ConditionTypes.HostHealthy)?.Message == Waiting);
        Assert.Equal(Waiting, run.Api.Written[^1].Conditions.Find(ConditionTypes.HostHealthy)?.Message);
        var before = run.Api.Written.Count;

        run.Ostree.UnitState = "active";
        run.Clock.Advance(interval);
        await run.Clock.WaitedForAsync(interval);
        Assert.Equal(before + 1, run.Api.Written.Count);
        Assert.True(run.Api.Written[^1].Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.NotNull(run.Api.Written[^1].Timings?.HealthyAt);

        run.Ostree.UnitState = "failed";
        run.Clock.Advance(interval);
        await run.Clock.WaitedForAsync(interval);
        Assert.Equal((before + 2, false), (run.Api.Written.Count, run.Api.Written[^1].Conditions.IsTrue(ConditionTypes.HostHealthy)));
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task A_rollback_goes_to_the_former_tree_and_is_told_by_the_next_boot(string version)
    {
        await using var run = new AgentRun("2* 1", version);
        await RebootAsync(run, Rollback(1, 2, bootID: "boot-0"));
        await run.RestAsync();

        Assert.Equal("1* 2", run.Ostree.List);
        Assert.Equal([NodeStep.RollingBack, NodeStep.RolledBack], run.Api.Written.Select(s => s.Step));
        Assert.Equal((Commit(1), "boot-2"), (run.Api.Written[^1].Booted?.Digest, run.Api.Written[^1].BootID));
    }

    [Fact]
    public async Task A_power_cut_before_the_tree_was_applied_is_no_fault_of_the_tree()
    {
        await using var run = new AgentRun("1*");
        await StagedAsync(run);
        await RebootAsync(run, Boot(2, 1), finalize: false);
        await run.RestAsync();

        var status = run.Api.Written[^1];
        Assert.Equal((NodeStep.RolledBack, Reasons.FinalizationNeverRan), (status.Step, status.LastError?.Reason));
        Assert.Equal(Reasons.FinalizationNeverRan, status.Conditions.Find(ConditionTypes.Ready)?.Reason);
        Assert.Equal(1, run.Ostree.Reboots);
    }

    [Fact]
    public async Task An_agent_without_an_object_does_nothing()
    {
        await using var run = new AgentRun("1*");
        run.Api.Ask(Observe());
        run.Start();
        await run.RestAsync();
        var commands = run.Ostree.Ran.Count;
        Assert.DoesNotContain("ostree admin config-diff", run.Ostree.Ran);

        run.Api.Change(_ => null);
        await run.Log.LoggedAsync("NoNodeOS", run.Token);
        run.Clock.Advance(AgentRun.AtRest * 3);
        run.Api.Change(_ => new NodeOS { Metadata = new ObjectMeta { Name = "node-1", Uid = "uid-2", Generation = 1 } });
        await run.RestAsync();

        // One look for the new object, and one at /etc; none while there was none.
        Assert.Equal((2 * commands) + 1, run.Ostree.Ran.Count);
        Assert.Equal(2, run.Api.Written.Count);
    }

    [Fact]
    public async Task A_host_of_another_kind_is_told_once()
    {
        await using var run = new AgentRun("1*");
        run.Host.Files.Delete("/run/ostree-booted");
        run.Api.Ask(Stage(2));
        run.Start();
        await run.RestAsync();
        run.Clock.Advance(AgentRun.AtRest);
        await run.RestAsync();

        Assert.Equal(Reasons.HostNotSupported, Assert.Single(run.Api.Written).Conditions.Find(ConditionTypes.Ready)?.Reason);
        Assert.Empty(run.Ostree.Ran);
    }

    [Fact]
    public async Task A_spec_that_slipped_past_validation_never_reaches_a_command()
    {
        await using var run = new AgentRun("1*");
        var image = Image(2);
        run.Api.Ask(Stage(2) with { Image = image with { Ostree = image.Ostree! with { Ref = "--help" } } });
        run.Start();
        await run.RestAsync();

        Assert.Equal(Reasons.Invalid, run.Api.Written[^1].LastError?.Reason);
        Assert.DoesNotContain(run.Ostree.Ran, c => c.Contains("--help", StringComparison.Ordinal));
    }

    internal static async Task StagedAsync(AgentRun run)
    {
        run.Api.Ask(Stage(2));
        run.Start();
        await run.RestAsync();
        Assert.Equal("2l 1*", run.Ostree.List);
    }

    /// <summary>Asks for what ends in a reboot, and reboots when the agent says so.</summary>
    internal static async Task RebootAsync(AgentRun run, NodeOSSpec spec, bool finalize = true)
    {
        var requested = new TaskCompletionSource();
        run.Ostree.RebootRequested = () => requested.TrySetResult();
        run.Api.Ask(spec);
        if (run.Api.Watches == 0)
        {
            run.Start();
        }

        await requested.Task.WaitAsync(run.Token);
        await run.RebootAsync(finalize);
    }
}
