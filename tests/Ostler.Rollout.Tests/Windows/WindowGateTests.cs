using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Windows;

/// <summary>What a policy does and says in, before and after its windows. It is Sunday, 12:00 UTC.</summary>
public class WindowGateTests
{
    private static readonly MaintenanceWindow From12To14 = new() { Schedule = "0 12 * * 0", Duration = Duration.FromMinutes(120) };
    private static readonly MaintenanceWindow From13To14 = new() { Schedule = "0 13 * * 0", Duration = Duration.FromMinutes(60) };

    public static TheoryData<string, double, string, bool, bool> Moments => new()
    {
        // moment, minutes from 12:00, reason, the condition holds, a slot is granted
        { "before", -1, Reasons.OutsideWindow, false, false },
        { "at the opening", 0, Reasons.Open, true, true },
        { "with just enough time", 105, Reasons.Open, true, true },
        { "with too little time", 105.1, Reasons.ClosesSoon, true, false },
        { "at the close", 120, Reasons.OutsideWindow, false, false },
    };

    [Theory]
    [MemberData(nameof(Moments))]
    public void A_slot_is_granted_only_when_the_node_will_be_done_before_the_close(string moment, double minutes, string reason, bool holds, bool granted)
    {
        Assert.NotEmpty(moment);
        var (plan, status) = Look(s => s with { Windows = [From12To14] }, Given.In(minutes), Given.Staged("n1"), Given.Idle("n2"));

        Assert.Equal(granted ? ["n1"] : [], plan.Granted());
        Assert.Equal(["n2"], plan.StagedNow());
        var open = status.Conditions.Find(ConditionTypes.WindowOpen)!;
        Assert.Equal((holds ? ConditionStatus.True : ConditionStatus.False, reason), (open.Status, open.Reason));
        Assert.Equal(granted ? null : minutes < 0 ? Given.Now : Given.In(7 * 24 * 60), status.NextWindow);
    }

    [Fact]
    public void It_is_looked_at_again_at_each_edge()
    {
        static DateTimeOffset? WakeUp(double minutes) => Look(s => s with { Windows = [From12To14] }, Given.In(minutes), Given.Updated("n1")).Plan.NextWakeUp;

        Assert.Equal(Given.Now, WakeUp(-90));
        Assert.Equal(Given.In(105).AddSeconds(1), WakeUp(0));
        Assert.Equal(Given.In(105).AddSeconds(1), WakeUp(105));
        Assert.Equal(Given.In(120), WakeUp(110));
        Assert.Equal(Given.In(7 * 24 * 60), WakeUp(120));
    }

    [Fact]
    public void A_freeze_closes_an_open_window_and_says_why_and_until_when()
    {
        var freeze = new Freeze { From = Given.Ago(10), To = Given.In(20), Reason = "year end" };

        var (plan, status) = Look(s => s with { Windows = [From12To14], Freezes = [freeze] }, Given.Now, Given.Staged("n1"));

        Assert.Equal((Reasons.Frozen, Reasons.Frozen), (plan.Gate!.Reason, status.Conditions.Find(ConditionTypes.WindowOpen)!.Reason));
        Assert.Contains("Frozen until 2026-11-01T12:20:00Z (year end)", plan.Gate.Message, StringComparison.Ordinal);
        Assert.Equal((Given.In(20), Given.In(20)), (status.NextWindow, plan.NextWakeUp));
    }

    [Fact]
    public void A_freeze_that_comes_counts_as_a_close()
    {
        var freeze = new Freeze { From = Given.In(10), To = Given.In(300), Reason = "year end" };

        var (plan, status) = Look(s => s with { Freezes = [freeze] }, Given.Now, Given.Staged("n1"));

        Assert.Empty(plan.Granted());
        Assert.Equal(Reasons.ClosesSoon, plan.Gate!.Reason);
        Assert.Equal(Given.In(300), status.NextWindow);
    }

    [Fact]
    public void What_was_measured_decides_and_half_of_the_longest_window_at_most()
    {
        static IReadOnlyList<string> Granted(double minutesLeft, double took)
        {
            var upgraded = Given.Updated("n0").Spec(s => s with { LastUpgrade = new() { GrantedAt = Given.Ago(1000 + took), CompletedAt = Given.Ago(1000) } });
            return Look(s => s with { Windows = [From12To14] }, Given.In(120 - minutesLeft), upgraded, Given.Staged("n1")).Plan.Granted();
        }

        Assert.Equal(["n1"], Granted(minutesLeft: 5, took: 4));
        Assert.Empty(Granted(minutesLeft: 30, took: 31));
        Assert.Equal(["n1"], Granted(minutesLeft: 60, took: 600));
        Assert.Empty(Granted(minutesLeft: 59, took: 600));
    }

    [Fact]
    public void What_was_measured_in_the_former_rollout_is_remembered_in_status()
    {
        var snapshot = Given.Snapshot(Given.Staged("n1")).With(s => s with { Windows = [From12To14] });
        var former = new UpgradePolicyStatus { Durations = new() { Node = new() { Average = Duration.FromMinutes(4), Max = Duration.FromMinutes(9), Count = 3 } } };
        snapshot = snapshot.At(Given.In(115)) with { Policy = snapshot.Policy with { PreviousStatus = former } };

        Assert.Equal(["n1"], RolloutPlanner.Plan(snapshot).Granted());
    }

    [Fact]
    public void No_window_that_a_node_fits_into_is_for_a_person_to_mend()
    {
        var (plan, status) = Look(
            s => s with { Windows = [From12To14], Rollout = s.Rollout with { NodeDuration = Duration.FromMinutes(121) } }, Given.In(-60), Given.Staged("n1"));

        Assert.Equal((Reasons.NoWindowFits, true), (plan.Gate!.Reason, plan.Gate.NeedsPerson));
        Assert.Contains("spec.rollout.nodeDuration", plan.Gate.Message, StringComparison.Ordinal);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Stalled));
        Assert.Null(status.NextWindow);
    }

    [Fact]
    public void A_node_in_flight_is_brought_to_its_end_though_it_is_only_draining()
    {
        var (plan, status) = Look(
            s => s with { Windows = [From13To14] }, Given.Now, Given.Cordoned("n1", Given.Pod("web")), Given.Cordoned("n2"), Given.Soaking("n3", 60), Given.Staged("n4"));

        Assert.Equal(["EvictPod", "ApplySpec", "Uncordon ApplySpec", ""], [plan.Kinds("n1"), plan.Kinds("n2"), plan.Kinds("n3"), plan.Kinds("n4")]);
        Assert.Equal(Goal.Boot, plan.Written("n2").Goal);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Progressing));
    }

    [Fact]
    public void Outside_of_its_windows_a_policy_does_not_progress_and_is_not_stalled()
    {
        var (_, status) = Look(s => s with { Windows = [From13To14] }, Given.Now, Given.Staged("n1"), Given.Updated("n2"));

        ConditionLint.Check(status.Conditions!);
        var progressing = status.Conditions.Find(ConditionTypes.Progressing)!;
        Assert.Equal((ConditionStatus.False, Reasons.OutsideWindow), (progressing.Status, progressing.Reason));
        Assert.Equal(Reasons.OutsideWindow, status.Conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Reconciling));
        Assert.Contains("2026-11-01T13:00:00Z", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_but_the_condition_speaks_of_a_closed_window_when_all_is_done_or_all_is_blocked()
    {
        var (_, done) = Look(s => s with { Windows = [From13To14] }, Given.Now, Given.Updated("n1"));
        Assert.Equal(Reasons.UpToDate, done.Conditions.Find(ConditionTypes.Ready)!.Reason);

        var (_, blocked) = Look(s => s with { Windows = [From13To14] }, Given.Now, Given.Updated("n1"), Given.Staged("n2") with { Unschedulable = true });
        Assert.Equal(Reasons.NodesBlocked, blocked.Conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.True(blocked.Conditions.IsTrue(ConditionTypes.Stalled));
    }

    [Fact]
    public void A_pause_is_told_before_a_closed_window()
    {
        var (plan, _) = Look(s => s with { Paused = true, Windows = [From13To14] }, Given.Now, Given.Staged("n1"));

        Assert.Equal(Reasons.Paused, plan.Gate!.Reason);
    }

    public static TheoryData<string, double, bool, string, bool> Openings => new()
    {
        // what, minutes from now, ignoreFreezes, the reason of WindowOpen, whether a slot is granted
        { "opened long enough for a node", 15, false, Reasons.OpenedByUser, true },
        { "opened too short for a node", 14, false, Reasons.ClosesSoon, false },
        { "opened until the window opens, which goes on from there", 60, false, Reasons.OpenedByUser, true },
        { "opened until now", 0, false, Reasons.OutsideWindow, false },
        { "opened in the past", -60, true, Reasons.OutsideWindow, false },
    };

    [Theory]
    [MemberData(nameof(Openings))]
    public void Until_openUntil_windows_count_as_open(string what, double minutes, bool ignores, string reason, bool granted)
    {
        Assert.NotEmpty(what);
        var (plan, status) = Look(s => Opened(s with { Windows = [From13To14] }, minutes, ignores), Given.Now, Given.Staged("n1"));

        Assert.Equal(granted ? ["n1"] : [], plan.Granted());
        Assert.Equal(reason, status.Conditions.Find(ConditionTypes.WindowOpen)!.Reason);
    }

    [Fact]
    public void An_opening_goes_on_into_the_window_that_opens_before_it_closes()
    {
        var (plan, _) = Look(s => Opened(s with { Windows = [From13To14] }, 61, false), Given.In(59), Given.Staged("n1"));

        Assert.Equal(["n1"], plan.Granted());
        Assert.Contains("until 2026-11-01T14:00:00Z", plan.Window.Message, StringComparison.Ordinal);
        Assert.Equal(Given.In(61), plan.NextWakeUp);
    }

    [Fact]
    public void A_freeze_overrides_an_opening_and_says_how_to_ignore_it()
    {
        var freeze = new Freeze { From = Given.Ago(10), To = Given.In(300), Reason = "year end" };

        var (plan, _) = Look(s => Opened(s with { Windows = [From13To14], Freezes = [freeze] }, 60, false), Given.Now, Given.Staged("n1"));
        Assert.Empty(plan.Granted());
        Assert.Equal(Reasons.Frozen, plan.Gate!.Reason);
        Assert.Contains("set spec.rollout.ignoreFreezes", plan.Gate.Message, StringComparison.Ordinal);

        (plan, _) = Look(s => Opened(s with { Windows = [From13To14], Freezes = [freeze] }, 60, true), Given.Now, Given.Staged("n1"));
        Assert.Equal(["n1"], plan.Granted());
        Assert.Equal(Reasons.OpenedByUser, plan.Window.Reason);
    }

    [Fact]
    public void An_ignored_freeze_begins_when_the_opening_ends()
    {
        var freeze = new Freeze { From = Given.Ago(10), To = Given.In(300), Reason = "year end" };
        Func<UpgradePolicySpec, UpgradePolicySpec> change = s => Opened(s with { Freezes = [freeze] }, 60, true);

        Assert.Equal(["n1"], Look(change, Given.In(45), Given.Staged("n1")).Plan.Granted());
        Assert.Equal(Reasons.ClosesSoon, Look(change, Given.In(46), Given.Staged("n1")).Plan.Gate!.Reason);
        var (plan, status) = Look(change, Given.In(60), Given.Staged("n1"));
        Assert.Equal((Reasons.Frozen, Given.In(300)), (plan.Gate!.Reason, status.NextWindow));
    }

    [Fact]
    public void Without_windows_and_freezes_there_is_nothing_to_open() =>
        Assert.Equal(Reasons.AlwaysOpen, Look(s => Opened(s, 60, true), Given.Now, Given.Staged("n1")).Plan.Window.Reason);

    private static UpgradePolicySpec Opened(UpgradePolicySpec spec, double minutes, bool ignores) =>
        spec with { Rollout = spec.Rollout with { OpenUntil = Given.In(minutes), IgnoreFreezes = ignores } };

    private static (RolloutPlan Plan, UpgradePolicyStatus Status) Look(Func<UpgradePolicySpec, UpgradePolicySpec> change, DateTimeOffset now, params NodeFacts[] nodes)
    {
        var snapshot = Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(9) } }).With(change).At(now);
        var plan = RolloutPlanner.Plan(snapshot);
        return (plan, RolloutStatus.Compute(snapshot, plan));
    }
}
