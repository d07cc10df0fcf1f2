using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// What the simulation learned when it began to run the agent's real decision instead of a copy: each difference between the two, as it was
/// decided.
/// </summary>
public class SimulatedHostTests
{
    [Fact]
    public void An_agent_that_died_after_it_recorded_the_reboot_waits_before_it_orders_again()
    {
        var run = new HostRun();
        run.Ask(HostRun.Order(Goal.Stage));
        run.Pass();
        run.Ask(HostRun.Order(Goal.Boot));
        run.Pass(dies: step => step is HostStep.Writes { What: "records the reboot" });

        // The order may have been given: a second one must not overtake it.
        run.Now += TimeSpan.FromSeconds(30);
        run.Pass();
        Assert.Equal((NodeStep.Rebooting, AgentDecision.RebootGrace - TimeSpan.FromSeconds(30)), (run.Status.Step, run.Again));

        run.Now += run.Again!.Value;
        run.Pass();
        Assert.IsType<HostStep.GoesDown>(run.Steps[^1]);
    }

    [Fact]
    public void An_image_that_was_unlocked_for_a_withdrawn_order_is_locked_again()
    {
        var run = new HostRun();
        run.Ask(HostRun.Order(Goal.Stage));
        run.Pass();
        run.Ask(HostRun.Order(Goal.Boot));
        run.Pass(dies: step => step is HostStep.Writes { What: "unlocks the image" });
        Assert.False(run.Host.Staged!.Locked);

        run.Ask(HostRun.Order(Goal.Observe));
        run.Pass();

        Assert.True(run.Host.Staged!.Locked);
        run.Reboot(null);
        Assert.Equal(Trees.Old, run.Host.Booted.Digest);
    }

    [Fact]
    public void Staging_is_tried_again_after_5_s_and_twice_as_long_each_time_whoever_dies()
    {
        var run = new HostRun { Host = new("n1", Trees.Old, "41", "boot-0") { Faults = { StagingFailures = 3 } } };
        run.Ask(HostRun.Order(Goal.Stage));
        foreach (var (seconds, failures) in new[] { (5, 1), (10, 2), (20, 3) })
        {
            run.Pass();
            run.Host.KillAgent();
            var error = run.Status.LastError!;
            Assert.Equal((Reasons.PullFailed, failures, TimeSpan.FromSeconds(seconds)), (error.Reason, error.Count, run.Again!.Value));
        }

        run.Pass();
        Assert.Equal((NodeStep.Staged, null), (run.Status.Step, run.Status.LastError));
    }

    [Fact]
    public void The_beginning_of_the_soak_is_not_answered()
    {
        var run = new HostRun().Upgrade();
        Assert.True(run.Status.Conditions.IsTrue(ConditionTypes.HostHealthy));

        run.Ask(run.OS.Spec with { HealthySince = run.Now });
        run.Pass();

        Assert.Empty(run.Steps.OfType<HostStep.Reports>());
    }

    [Fact]
    public void A_failed_image_stays_the_boot_loaders_first_choice_until_the_rollback_is_ordered()
    {
        var run = new HostRun();
        run.Host.Faults.NextBoots.Enqueue(SimulatedBoot.FallsBack);
        run.Upgrade();
        Assert.Equal((NodeStep.RolledBack, Reasons.BootFellBack), (run.Status.Step, run.Status.LastError!.Reason));
        Assert.Equal((Trees.Old, Trees.New), (run.Host.Booted.Digest, run.Host.Deployments.Next!.Digest));

        run.Ask(HostRun.Order(Goal.Rollback));
        run.Pass();

        Assert.Equal(NodeStep.RolledBack, run.Status.Step);
        run.Reboot(null);
        Assert.Equal(Trees.Old, run.Host.Booted.Digest);
    }

    [Fact]
    public void A_power_cut_in_a_soft_reboot_comes_too_late_to_lose_the_image()
    {
        var run = new HostRun { Host = new("n1", Trees.Old, "41", "boot-0") { CanSoftReboot = true } };
        run.Host.Faults.NextBoots.Enqueue(SimulatedBoot.PowerCut);
        run.Upgrade(s => s with { RebootMethod = RebootMethod.Auto });

        Assert.Equal((Trees.New, 0), (run.Host.Booted.Digest, run.Host.Boot.SoftReboots));
        Assert.Equal(NodeStep.Verifying, run.Status.Step);
    }

    [Fact]
    public void A_power_cut_in_a_full_reboot_loses_the_image()
    {
        var run = new HostRun();
        run.Host.Faults.NextBoots.Enqueue(SimulatedBoot.PowerCut);
        run.Upgrade();

        Assert.Equal((NodeStep.RolledBack, Reasons.FinalizationNeverRan), (run.Status.Step, run.Status.LastError!.Reason));
        Assert.Null(run.Host.Deployments.Find(Trees.New));
    }

    [Fact]
    public void A_host_cannot_go_back_to_what_it_does_not_keep()
    {
        var run = new HostRun();
        run.Ask(HostRun.Order(Goal.Rollback) with { Previous = new() { Digest = Trees.Newer, BootID = "boot-0" } });
        run.Pass();

        Assert.Equal((NodeStep.RollingBack, Reasons.RollbackImpossible), (run.Status.Step, run.Status.LastError!.Reason));
        Assert.Equal(HostRetry.Initial, run.Again);
    }

    [Fact]
    public void The_image_that_worked_is_pinned_until_the_order_is_complete()
    {
        var run = new HostRun().Upgrade();
        Assert.True(run.Host.Rollback!.Pinned);

        run.Ask(HostRun.Order(Goal.Observe));
        run.Pass();

        Assert.False(run.Host.Rollback!.Pinned);
    }

    [Fact]
    public void The_watchdog_takes_a_host_back_once_and_the_agent_says_so()
    {
        var run = new HostRun();
        run.Host.Faults.NextBoots.Enqueue(SimulatedBoot.Hangs);
        run.Ask(HostRun.Order(Goal.Stage));
        run.Pass();
        run.Ask(HostRun.Order(Goal.Boot) with { Watchdog = Duration.FromMinutes(10) });
        run.Pass();
        run.Reboot(Goal.Boot);
        Assert.IsType<WatchdogStep.Wait>(run.Host.RunWatchdog(TimeSpan.FromMinutes(9), run.Now));
        Assert.IsType<WatchdogStep.RollBack>(run.Host.RunWatchdog(TimeSpan.FromMinutes(10), run.Now));
        Assert.IsType<WatchdogStep.Wait>(run.Host.RunWatchdog(TimeSpan.FromMinutes(11), run.Now));
        Assert.IsType<WatchdogStep.RebootByForce>(run.Host.RunWatchdog(TimeSpan.FromMinutes(17), run.Now));

        run.Reboot(Goal.Rollback);
        run.Pass();

        Assert.IsType<WatchdogStep.Nothing>(run.Host.RunWatchdog(TimeSpan.FromMinutes(30), run.Now));
        Assert.Equal((NodeStep.RolledBack, Reasons.WatchdogExpired), (run.Status.Step, run.Status.LastError!.Reason));
    }

    [Fact]
    public void An_outage_of_the_API_server_during_the_trial_blames_no_image()
    {
        var run = Trial(SimulatedBoot.Works).Pass(apiIsAway: true);
        run.Now += TimeSpan.FromMinutes(5);
        run.Pass(apiIsAway: true);
        Assert.True(run.Host.Watchdog!.LackedOnlyApi);

        Assert.IsType<WatchdogStep.RollBack>(run.Host.RunWatchdog(TimeSpan.FromMinutes(10), run.Now));
        run.Reboot(Goal.Rollback);
        run.Pass();

        Assert.Equal((NodeStep.RolledBack, Reasons.ApiUnreachable), (run.Status.Step, run.Status.LastError!.Reason));
    }

    [Fact]
    public void An_outage_of_the_API_server_excuses_no_image_that_is_unhealthy()
    {
        var run = Trial(SimulatedBoot.Unhealthy).Pass(apiIsAway: true);
        Assert.False(run.Host.Watchdog!.LackedOnlyApi);

        Assert.IsType<WatchdogStep.RollBack>(run.Host.RunWatchdog(TimeSpan.FromMinutes(10), run.Now));
        run.Reboot(Goal.Rollback);
        run.Pass();

        Assert.Equal((NodeStep.RolledBack, Reasons.WatchdogExpired), (run.Status.Step, run.Status.LastError!.Reason));
    }

    [Fact]
    public void The_watchdog_is_disarmed_once_the_API_server_is_back()
    {
        var run = Trial(SimulatedBoot.Works).Pass(apiIsAway: true);
        run.Pass();

        Assert.Null(run.Host.Watchdog);
        Assert.True(run.Status.Conditions.IsTrue(ConditionTypes.HostHealthy));
    }

    [Fact]
    public void A_NodeOS_that_is_created_again_during_the_trial_neither_disarms_it_nor_unpins_the_previous_image()
    {
        var run = Trial(SimulatedBoot.Unhealthy).Pass();
        run.Recreate();
        run.Pass();

        Assert.True(run.Host.Rollback!.Pinned);
        Assert.IsType<WatchdogStep.RollBack>(run.Host.RunWatchdog(TimeSpan.FromMinutes(10), run.Now));
    }

    [Fact]
    public void While_the_NodeOS_is_being_deleted_nothing_new_begins()
    {
        var run = new HostRun();
        run.Ask(HostRun.Order(Goal.Stage));
        run.Delete();
        run.Pass();

        Assert.Null(run.Host.Staged);
        Assert.Equal((NodeStep.Idle, Reasons.NotStaged), (run.Status.Step, run.Status.LastError!.Reason));
    }

    [Fact]
    public void A_check_of_an_unknown_kind_fails_on_a_simulated_host_as_on_a_real_one()
    {
        var run = new HostRun().Upgrade(s => s with { HostChecks = [new() { Name = "new" }] });

        var healthy = run.Status.Conditions.Find(ConditionTypes.HostHealthy)!;
        Assert.Equal((ConditionStatus.False, Reasons.HostCheckError), (healthy.Status, healthy.Reason));
    }

    [Fact]
    public void A_verdict_that_changes_is_never_open_in_between()
    {
        var run = new HostRun().Upgrade();
        run.Host.IsHealthy = false;
        run.Pass();

        // Not due yet: the next round comes with the check's interval.
        Assert.True(run.Status.Conditions.IsTrue(ConditionTypes.HostHealthy));
        run.Now += run.Again!.Value;
        run.Pass();
        Assert.Equal(ConditionStatus.False, run.Status.Conditions.Find(ConditionTypes.HostHealthy)!.Status);
        Assert.DoesNotContain(run.Steps, s => s is HostStep.Takes { Meanwhile: not null });
    }

    [Fact]
    public void Packages_are_carried_into_a_new_image_and_left_behind_by_one_that_is_staged_anew()
    {
        var run = new HostRun();
        run.Host.LayerPackage();
        run.Upgrade();
        Assert.Equal(["strace"], run.Host.Booted.Packages);
        Assert.Equal(Reasons.PackagesLayered, run.Status.Drift!.Reason);

        run.Ask(HostRun.Order(Goal.Stage) with
        {
            Attempt = 2,
            Reconcile = new() { Digest = Trees.New, Attempt = 2, Reason = Reasons.PackagesLayered, DropsChanges = true },
        });
        run.Pass();

        Assert.Empty(run.Host.Staged!.Packages);
        Assert.Equal(Trees.New, run.Host.Staged.Digest);
    }

    [Fact]
    public void A_goal_that_the_agent_does_not_know_is_reported_and_nothing_is_done()
    {
        var run = new HostRun();
        run.Ask(HostRun.Order((Goal)99));
        run.Pass();

        Assert.Equal((NodeStep.Idle, Reasons.Invalid), (run.Status.Step, run.Status.LastError!.Reason));
        Assert.Contains("99", run.Status.LastError.Message, StringComparison.Ordinal);
    }

    private static HostRun Trial(SimulatedBoot boot)
    {
        var run = new HostRun();
        run.Host.Faults.NextBoots.Enqueue(boot);
        run.Ask(HostRun.Order(Goal.Stage));
        run.Pass();
        run.Ask(HostRun.Order(Goal.Boot) with { Watchdog = Duration.FromMinutes(10) });
        run.Pass();
        run.Reboot(Goal.Boot);
        return run;
    }
}
