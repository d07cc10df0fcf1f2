using Ostler.Api.Meta;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Drain;

/// <summary>
/// KubeVirt protects a machine's pod by a budget that never allows a disruption; a real eviction, which its webhook refuses, starts the
/// migration.
/// </summary>
public class LiveMigrationTests
{
    [Fact]
    public void Its_budget_is_no_obstacle_to_the_cordon()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Asked(Machine(EvictionOutcome.BlockedByBudget) with { ReadyPeers = 0 })));

        Assert.Equal(["n1"], plan.Granted());
    }

    [Fact]
    public void A_pod_that_only_has_the_label_is_an_obstacle()
    {
        var pod = Machine(EvictionOutcome.BlockedByBudget) with { Controller = new("ReplicaSet", "vm1", "uid") };

        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Asked(pod))).Granted());
    }

    [Fact]
    public void The_eviction_is_asked_for_and_the_drain_waits_and_says_for_what()
    {
        var first = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Machine(null))));
        var waits = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Machine(EvictionOutcome.Migrating))));

        Assert.Contains(first.Of(), a => a is NodeAction.EvictPod { Pod: "virt-launcher-vm1" });
        Assert.Equal((Reasons.Draining, false), (waits.Verdict().Reason, waits.Verdict().Blocked));
        Assert.Equal(
            "apps/virt-launcher-vm1: eviction requested; waiting for KubeVirt to migrate the virtual machine (Eviction triggered evacuation of VMI).", waits.Verdict().Message);
    }

    [Fact]
    public void Released_the_node_keeps_its_machines()
    {
        var late = Given.Cordoned("n1", Machine(EvictionOutcome.Migrating), Given.Pod("web")) with { CordonedAt = Given.Ago(31) };

        var plan = RolloutPlanner.Plan(Given.Snapshot(late));

        Assert.Equal("ApplySpec CancelMigration Uncordon", plan.Kinds());
        var cancel = Assert.Single(plan.Of().OfType<NodeAction.CancelMigration>());
        Assert.Equal(("apps", "vm1"), (cancel.Namespace, cancel.Instance));
        Assert.Contains("waiting for KubeVirt", plan.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_that_has_left_needs_no_cancelling()
    {
        var late = Given.Cordoned("n1", Machine(null) with { DeletionTimestamp = Given.Ago(1) }, Given.Pod("web")) with { CordonedAt = Given.Ago(31) };

        Assert.Equal("ApplySpec Uncordon", RolloutPlanner.Plan(Given.Snapshot(late)).Kinds());
    }

    [Fact]
    public void Two_nodes_whose_machines_migrate_do_not_wait_for_each_other()
    {
        var (one, other) = (Machine(EvictionOutcome.BlockedByBudget), Machine(EvictionOutcome.BlockedByBudget) with { Uid = "vm2", Controller = new("VirtualMachineInstance", "vm2", "vmi-2") });
        var snapshot = Given.Snapshot(
            Given.Cordoned("n1", one) with { CordonedAt = Given.Ago(10) },
            Given.Cordoned("n2", other with { LastEviction = other.LastEviction! with { Uid = "vm2" } }) with { CordonedAt = Given.Ago(9) }).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } });

        Assert.NotEqual(Reasons.CordonDeadlock, RolloutPlanner.Plan(snapshot).Verdict("n2").Reason);
    }

    private static NodeFacts Asked(PodFacts pod) => Given.Staged("n1") with { Preflight = new() { At = Given.Now, Pods = [pod] } };

    private static PodFacts Machine(EvictionOutcome? outcome)
    {
        var pod = Given.Pod("virt-launcher-vm1");
        return pod with
        {
            Labels = new Dictionary<string, string> { ["kubevirt.io"] = "virt-launcher", ["vm"] = "vm1" },
            Controller = new("VirtualMachineInstance", "vm1", "vmi-uid"),
            LastEviction = outcome is { } known
                ? new() { Namespace = pod.Namespace, Name = pod.Name, Uid = pod.Uid, Outcome = known, At = Given.Ago(0.01), Message = "Eviction triggered evacuation of VMI" }
                : null,
        };
    }
}
