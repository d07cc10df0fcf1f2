using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class DriftTests
{
    private static readonly DriftStatus Layered = new()
    {
        Reason = Reasons.PackagesLayered,
        Findings =
        [
            new() { Reason = Reasons.PackagesLayered, Message = "strace is layered.", Reconcilable = true },
            new() { Reason = Reasons.EtcChanged, Message = "3 files of /etc differ." },
        ],
        EtcChanges = 3,
        Packages = ["strace"],
    };

    public static TheoryData<string, bool> WhatIsUndone => new()
    {
        { "packages", true },
        { "only reported", false },
        { "not to be undone", false },
        { "no longer so", false },
        { "another policy selects it", false },
        { "cordoned by a person", false },
        { "not Ready", false },
        { "the tree is quarantined", false },
        { "the spec is not valid", false },
        { "backs off", false },
        { "undone as often as may be", false },
        { "undone so often and a person asked for another try", true },
        { "undone so often on the former tree", true },
    };

    [Theory]
    [MemberData(nameof(WhatIsUndone))]
    public void A_node_that_runs_the_target_has_it_laid_down_anew_for(string what, bool undone)
    {
        var plan = RolloutPlanner.Plan(Snapshot(what));

        Assert.Equal(undone ? "ApplySpec" : "", plan.Kinds());
        if (undone)
        {
            var spec = plan.Written();
            Assert.Equal((Goal.Stage, Trees.New, 2L), (spec.Goal, spec.Image!.Digest, spec.Attempt));
            Assert.Equal((Trees.New, 2L, 0, Reasons.PackagesLayered, true), (spec.Reconcile!.Digest, spec.Reconcile.Attempt, spec.Reconcile.Count, spec.Reconcile.Reason, spec.Reconcile.DropsChanges));
        }
    }

    [Fact]
    public void After_three_times_the_policy_is_stalled_and_says_who_drifts_and_how_to_try_again()
    {
        var snapshot = Snapshot("undone as often as may be");
        var plan = RolloutPlanner.Plan(snapshot);
        var status = RolloutStatus.Compute(snapshot, plan);

        Assert.Equal((Reasons.DriftsAgain, NodeStep.Failed, NodeTally.Failed, true, true), Of(plan.Verdict()));
        Assert.Equal((1, 0, 1), (status.Nodes!.Failed, status.Nodes.Updated, status.Nodes.Drifted));
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Stalled));
        Assert.False(status.Conditions.IsTrue(ConditionTypes.Halted));
        var blocked = Assert.Single(status.Blocked!);
        Assert.Contains("strace is layered", blocked.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl ostler retry", blocked.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, Goal.Stage)]
    [InlineData(2, Goal.Stage)]
    [InlineData(3, null)]
    public void A_node_that_somebody_moved_to_another_tree_is_brought_back_whatever_the_policy_says_but_not_for_ever(int count, Goal? goal)
    {
        var node = Moved(count);
        var plan = RolloutPlanner.Plan(Given.Snapshot(node));

        Assert.Equal(goal, plan.Of().OfType<NodeAction.ApplySpec>().SingleOrDefault()?.Spec.Goal);
        if (goal is null)
        {
            Assert.Equal((Reasons.DriftsAgain, NodeStep.Failed, NodeTally.Failed, true, true), Of(plan.Verdict()));
        }
        else
        {
            var reconcile = plan.Written().Reconcile!;
            Assert.Equal((Reasons.UnexpectedTree, false, count), (reconcile.Reason, reconcile.DropsChanges, reconcile.Count));
        }
    }

    [Fact]
    public void A_new_target_is_no_return_and_is_not_kept_from_a_node_that_drifted_from_the_last_one()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Moved(3)) with { Image = Given.Image(Trees.Newer) });

        Assert.Equal((Goal.Stage, Trees.Newer), (plan.Written().Goal, plan.Written().Image!.Digest));
        Assert.False(plan.Written().IsReconciling());
    }

    [Fact]
    public void An_upgrade_drops_what_is_layered_on_the_way_when_the_policy_wants_it_undone()
    {
        var drifted = Drifted(Given.Idle("n1"));
        var reports = RolloutPlanner.Plan(Given.Snapshot(drifted)).Written();
        var reconciles = RolloutPlanner.Plan(Given.Snapshot(drifted).With(Reconcile)).Written();

        Assert.Null(reports.Reconcile);
        Assert.Equal((1L, true), (reconciles.Reconcile!.Attempt, reconciles.Reconcile.DropsChanges));
    }

    public static TheoryData<string, string> WhileStaged => new()
    {
        // what is so, what happens
        { "it has the tree staged anew", "Cordon" },
        { "a reboot alone undoes it", "Cordon" },
        { "the drift is gone", "ApplySpec" },
        { "the policy only reports now", "ApplySpec" },
        { "the agent has not looked yet", "" },
        { "a window is closed", "" },
    };

    [Theory]
    [MemberData(nameof(WhileStaged))]
    public void A_node_that_is_to_be_redeployed_gets_a_slot_as_any_other_when(string what, string kinds)
    {
        var node = Redeploying();
        node = what switch
        {
            "a reboot alone undoes it" => node.Status(s => s with { Staged = null }),
            "the drift is gone" => node.Status(s => s with { Drift = null, Conditions = [.. s.Conditions!.Select(c => c.Type == ConditionTypes.Drifted ? c with { Status = ConditionStatus.False } : c)] }),
            "the agent has not looked yet" => node with { OS = node.OS! with { Generation = 2 } },
            _ => node,
        };
        var snapshot = Given.Snapshot(node).With(what == "the policy only reports now" ? s => s : Reconcile);
        snapshot = what == "a window is closed" ? snapshot.With(s => s with { Windows = [new() { Schedule = "0 1 * * 6", Duration = Duration.FromMinutes(240) }] }) : snapshot;
        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(kinds, plan.Kinds());
        if (kinds == "ApplySpec")
        {
            Assert.Equal((Goal.Observe, NodeTally.Updated), (plan.Written().Goal, plan.Verdict().Tally));
        }
    }

    [Fact]
    public void Each_order_to_boot_for_it_counts_and_the_count_outlives_the_attempt()
    {
        var cordoned = Redeploying() with { Unschedulable = true, CordonedBy = Given.Policy, CordonedAt = Given.Ago(10), Pods = [], Workloads = new() { At = Given.Ago(0.1) }, Volumes = new() { At = Given.Ago(0.01) } };
        var boot = RolloutPlanner.Plan(Given.Snapshot(cordoned).With(Reconcile)).Written();
        Assert.Equal((Goal.Boot, 1, Given.Now, Trees.New), (boot.Goal, boot.Reconcile!.Count, boot.Reconcile.At, boot.Previous!.Digest));

        var soaked = Given.Soaking("n1", 60).Spec(s => s with { Reconcile = boot.Reconcile, Previous = boot.Previous with { BootID = "n1-boot-1" } });
        var updated = RolloutPlanner.Plan(Given.Snapshot(soaked).With(Reconcile)).Written();
        Assert.Equal((Goal.Observe, 1), (updated.Goal, updated.Reconcile!.Count));
        Assert.NotNull(updated.LastUpgrade);
    }

    [Fact]
    public void A_node_that_is_not_healthy_after_it_is_held_and_the_tree_that_others_run_is_not_blamed()
    {
        var late = Given.Booted("n1")
            .Spec(s => s with
            {
                Reconcile = new() { Digest = Trees.New, Attempt = 1, Count = 1, Reason = Reasons.PackagesLayered, DropsChanges = true },
                Previous = s.Previous! with { Digest = Trees.New },
                Deadlines = new() { Reboot = Given.Ago(5), Healthy = Given.Now },
            })
            .Host(ConditionStatus.False, "edge.service is failed");
        var snapshot = Given.Snapshot(late).With(Reconcile);
        var failed = RolloutPlanner.Plan(snapshot).Written();
        Assert.Equal((Goal.Observe, Reasons.ReconcileFailed), (failed.Goal, failed.Failure!.Reason));

        var held = snapshot with { Nodes = [late with { OS = late.OS! with { Spec = failed } }, Given.Upgraded("n2")] };
        var plan = RolloutPlanner.Plan(held);
        Assert.Empty(plan.Actions);
        Assert.Equal((NodeStep.Failed, true), (plan.Verdict().Step, plan.Verdict().NeedsPerson));
        Assert.Contains("kubectl uncordon n1", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.False(plan.Failures.Halted);
    }

    [Fact]
    public void The_policy_says_how_many_trees_run_and_which_nodes_differ_from_theirs()
    {
        var snapshot = Given.Snapshot(Given.Upgraded("n1"), Drifted(Given.Upgraded("n2")), Given.Idle("n3"), Given.Idle("n4", Trees.Newer), Given.Idle("n5") with { OS = null });
        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        Assert.Equal(3, status.DistinctDigests);
        Assert.Equal([(Trees.New, 2), (Trees.Old, 1), (Trees.Newer, 1)], status.Digests!.Select(d => (d.Digest, d.Nodes)).OrderByDescending(d => d.Item2).ThenBy(d => d.Digest != Trees.Old));
        var drifted = Assert.Single(status.Drifted!);
        Assert.Equal(("n2", Reasons.PackagesLayered, "strace is layered. 3 files of /etc differ."), (drifted.Node, drifted.Reason, drifted.Message));
        Assert.Equal((2, 1), (status.Nodes!.Updated, status.Nodes.Drifted));
    }

    [Fact]
    public void A_word_that_is_not_known_becomes_Other()
    {
        var snapshot = Given.Snapshot(Drifted(Given.Upgraded("n1"), Layered with { Reason = "made-up-by-a-broken-into-node" }));

        Assert.Equal(Reasons.OtherDrift, Assert.Single(RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Drifted!).Reason);
    }

    private static UpgradePolicySpec Reconcile(UpgradePolicySpec spec) => spec with { Drift = DriftHandling.Reconcile };

    private static (string, NodeStep, NodeTally, bool, bool) Of(NodeVerdict v) => (v.Reason, v.Step, v.Tally, v.Blocked, v.NeedsPerson);

    private static NodeFacts Drifted(NodeFacts node, DriftStatus? drift = null) => node.Status(s => s with
    {
        Drift = drift ?? Layered,
        Conditions = [.. s.Conditions!, Given.Condition(ConditionTypes.Drifted, ConditionStatus.True)],
    });

    private static NodeFacts Undone(int count, string digest = "") => Drifted(Given.Upgraded("n1")).Spec(s => s with
    {
        Reconcile = new() { Digest = digest.Length == 0 ? Trees.New : digest, Attempt = 1, Count = count, Reason = Reasons.PackagesLayered, DropsChanges = true, At = Given.Ago(60) },
    });

    /// <summary>Was upgraded, and somebody booted another tree since.</summary>
    private static NodeFacts Moved(int count) => Given.Upgraded("n1")
        .Spec(s => s with { Reconcile = new() { Digest = Trees.New, Attempt = 1, Count = count, Reason = Reasons.UnexpectedTree, At = Given.Ago(60) } })
        .Status(s => s with { Booted = Given.Tree(new string('d', 64)) });

    private static NodeFacts Redeploying() => Drifted(Given.Staged("n1"))
        .Spec(s => s with { Reconcile = new() { Digest = Trees.New, Attempt = 1, Reason = Reasons.PackagesLayered, DropsChanges = true } })
        .Status(s => s with { Booted = Given.Tree(Trees.New) });

    private static RolloutSnapshot Snapshot(string what)
    {
        var node = Drifted(Given.Upgraded("n1"));
        var snapshot = Given.Snapshot(what switch
        {
            "not to be undone" => Drifted(Given.Upgraded("n1"), Layered with { Findings = [new() { Reason = Reasons.RemoteChanged }] }),
            "no longer so" => Given.Upgraded("n1").Status(s => s with { Drift = Layered }),
            "cordoned by a person" => node with { Unschedulable = true },
            "not Ready" => node with { Ready = false },
            "backs off" => node.Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.In(5), Reason = Reasons.DrainBlocked } }),
            "undone as often as may be" => Undone(DriftRules.MostReconciles),
            "undone so often and a person asked for another try" => Undone(DriftRules.MostReconciles),
            "undone so often on the former tree" => Undone(DriftRules.MostReconciles, Trees.Old),
            _ => node,
        }).With(Reconcile);
        return what switch
        {
            "only reported" => snapshot.With(s => s with { Drift = DriftHandling.Report }),
            "another policy selects it" => snapshot with { OtherPolicies = [new() { Name = "other", NodeSelector = Trees.AllNodes }] },
            "the tree is quarantined" => snapshot with
            {
                Image = snapshot.Image! with { Status = snapshot.Image.Status! with { Quarantined = [new() { Digest = Trees.New, Reason = "Bad", Since = Given.Ago(5) }] } },
            },
            "the spec is not valid" => snapshot.With(s => s with { Windows = [new() { Schedule = "at tea time", Duration = Duration.FromMinutes(60) }] }),
            "undone so often and a person asked for another try" => snapshot.With(s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Now } }),
            _ => snapshot,
        };
    }
}
