using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Context;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>A soft reboot is made only where it is asked for and nothing speaks against it; every reason against one is told.</summary>
public sealed class SoftRebootRulesTests
{
    private static readonly SoftRebootFacts Able = new() { Asked = RebootMethod.Auto, ChangesTree = true, Counted = true, HasTarget = true };

    public static TheoryData<string, SoftRebootFacts, RebootKind, string?> Cases => new()
    {
        { "able", Able, RebootKind.SoftReboot, null },
        { "not asked", Able with { Asked = null }, RebootKind.Reboot, null },
        { "a full one asked", Able with { Asked = RebootMethod.Reboot }, RebootKind.Reboot, null },
        { "the same tree anew", Able with { ChangesTree = false }, RebootKind.Reboot, "only a full reboot undoes" },
        { "systemd does not count", Able with { Counted = false }, RebootKind.Reboot, "does not count its soft reboots" },
        { "no target", Able with { HasTarget = false }, RebootKind.Reboot, "no soft-reboot.target" },
        { "judged", Able with { JudgedBy = "greenboot" }, RebootKind.Reboot, "greenboot judges" },
        { "the tool says no", Able with { Refusal = "rpm-ostree has no soft reboot" }, RebootKind.Reboot, "rpm-ostree has no soft reboot" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_fact_has_its_say(string what, SoftRebootFacts facts, RebootKind method, string? why)
    {
        var (chosen, said) = SoftRebootRules.Choose(facts);
        Assert.True(method == chosen, what);
        Assert.Equal(why is null, said is null);
        Assert.Contains(why ?? "", said ?? "", StringComparison.Ordinal);
    }

    public static TheoryData<string?, int?, string?> Sessions => new()
    {
        { "b", null, "b" }, { "b", 0, "b" }, { "b", 1, "b+1" }, { "b", 12, "b+12" }, { null, null, null }, { null, 3, null },
    };

    [Theory]
    [MemberData(nameof(Sessions))]
    public void A_soft_reboot_is_a_boot_of_its_own(string? bootID, int? softReboots, string? expected) => Assert.Equal(expected, BootSession.Of(bootID, softReboots));

    [Theory]
    [InlineData(RebootMethod.Auto, RebootMethod.Auto)]
    [InlineData(RebootMethod.Reboot, null)]
    public void What_the_policy_allows_is_told_to_the_agent(RebootMethod method, RebootMethod? expected)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1")).With(s => s with { Reboot = new() { Method = method } }));
        var spec = Assert.Single(plan.Actions.OfType<NodeAction.ApplySpec>()).Spec;
        Assert.Equal((Goal.Boot, Trees.New, expected), (spec.Goal, spec.Image!.Digest, spec.RebootMethod));
    }

    [Fact]
    public void The_boot_of_before_is_told_apart_by_its_soft_reboots()
    {
        var drained = Given.Cordoned("n1").Status(s => s with { SoftReboots = 2 });
        var spec = Assert.Single(RolloutPlanner.Plan(Given.Snapshot(drained)).Actions.OfType<NodeAction.ApplySpec>()).Spec;
        Assert.Equal(2, spec.Previous!.SoftReboots);

        NodeView Of(int? before, int? now) => new(
            ContextAssembly.Assemble(Given.Snapshot()),
            Given.Booting("n1").Spec(s => s with { Previous = s.Previous! with { SoftReboots = before } }).Status(s => s with { SoftReboots = now }));
        Assert.False(Of(null, null).HasBooted);
        Assert.False(Of(2, 2).HasBooted);
        Assert.True(Of(null, 1).HasBooted);
        Assert.True(Of(2, 3).HasBooted);
    }

    [Fact]
    public void After_a_soft_reboot_the_kubelets_word_of_before_it_does_not_count_although_its_boot_ID_is_the_same()
    {
        NodeFacts Of(double heartbeat) => (Given.Healthy("n1") with { BootID = "n1-boot-1", ReadyHeartbeat = Given.Ago(heartbeat) })
            .Status(s => s with { BootID = "n1-boot-1", SoftReboots = 1, Timings = new() { BootedAt = Given.Ago(2) } });
        var context = ContextAssembly.Assemble(Given.Snapshot());
        Assert.False(Verification.KubeletIsReady(new(context, Of(3))).Passed);
        Assert.True(Verification.KubeletIsReady(new(context, Of(1))).Passed);
    }
}
