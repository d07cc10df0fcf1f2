using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Drain;

public class DrainPassTests
{
    private static readonly PodController DaemonSet = new("DaemonSet", "proxy", "proxy-uid");

    public static TheoryData<PodFacts, string, string> Filters => Rows(
        ("managed pod", Given.Pod("p"), "default", "evict"),
        ("pending pod", Given.Pod("p") with { Phase = "Pending" }, "default", "evict"),
        ("finished pod", Given.Pod("p") with { Phase = "Succeeded" }, "default", "skip"),
        ("failed pod", Given.Pod("p") with { Phase = "Failed" }, "default", "skip"),
        ("finished pod without controller", Given.Pod("p") with { Phase = "Succeeded", Controller = null }, "default", "skip"),
        ("finished pod with emptyDir", Given.Pod("p") with { Phase = "Failed", HasEmptyDir = true }, "keep emptyDir", "skip"),
        ("static pod", Given.Pod("p") with { IsMirror = true, Controller = new("Node", "n1", "n1-uid") }, "default", "skip"),
        ("DaemonSet pod", Given.Pod("p") with { Controller = DaemonSet }, "default", "skip"),
        ("DaemonSet pod that ends", Given.Pod("p") with { Controller = DaemonSet, DeletionTimestamp = Given.Now }, "default", "skip"),
        ("DaemonSet pod with emptyDir", Given.Pod("p") with { Controller = DaemonSet, HasEmptyDir = true }, "keep emptyDir", "skip"),
        ("pod that ends", Given.Pod("p") with { DeletionTimestamp = Given.Now }, "default", "wait"),
        ("pod without controller that ends", Given.Pod("p") with { DeletionTimestamp = Given.Now, Controller = null }, "default", "wait"),
        ("controller that can run elsewhere", Given.Pod("p") with { IsOstlerController = true, HasOtherNode = true }, "default", "evict"),
        ("controller that cannot run elsewhere", Given.Pod("p") with { IsOstlerController = true }, "default", "skip"),
        ("controller with emptyDir", Given.Pod("p") with { IsOstlerController = true, HasEmptyDir = true }, "keep emptyDir", "skip"),
        ("controller that ends", Given.Pod("p") with { IsOstlerController = true, DeletionTimestamp = Given.Now }, "default", "wait"),
        ("controller that can run elsewhere", Given.Pod("p") with { IsOstlerController = true, HasOtherNode = true }, "default", "evict"),
        ("controller that cannot run elsewhere", Given.Pod("p") with { IsOstlerController = true }, "default", "skip"),
        ("controller with emptyDir", Given.Pod("p") with { IsOstlerController = true, HasEmptyDir = true }, "keep emptyDir", "skip"),
        ("controller that ends", Given.Pod("p") with { IsOstlerController = true, DeletionTimestamp = Given.Now }, "default", "wait"),
        ("pod with emptyDir", Given.Pod("p") with { HasEmptyDir = true }, "default", "evict"),
        ("pod with emptyDir that is to be kept", Given.Pod("p") with { HasEmptyDir = true }, "keep emptyDir", "block"),
        ("pod without controller", Given.Pod("p") with { Controller = null }, "default", "block"),
        ("pod without controller that may go", Given.Pod("p") with { Controller = null }, "delete unmanaged", "evict"),
        ("pod of unknown phase", Given.Pod("p") with { Phase = "Unknown" }, "default", "evict"));

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_drain_treats(PodFacts pod, string rules, string expected)
    {
        var spec = rules switch
        {
            "keep emptyDir" => new DrainSpec { DeleteEmptyDirData = false },
            "delete unmanaged" => new DrainSpec { UnmanagedPods = UnmanagedPods.Delete },
            _ => new DrainSpec(),
        };

        var pass = DrainPass.Over([pod], spec);

        Assert.Equal(
            expected,
            pass switch
            {
                { Evict.Count: 1, Completed: false } => "evict",
                { Terminating.Count: 1, Completed: false } => "wait",
                { Blocked.Count: 1, Completed: false } => "block",
                { Skipped: 1, Completed: true } => "skip",
                _ => "?",
            });
    }

    [Theory]
    [InlineData(true, "Running", "apps/web: PodDisruptionBudget web-pdb allows no disruption now.")]
    [InlineData(false, "Pending", "apps/web: PodDisruptionBudget web-pdb allows no disruption now.")]
    [InlineData(false, "Running", "apps/web: PodDisruptionBudget web-pdb allows no disruption now, although the pod is not Ready: "
        + "repair the pod, or set unhealthyPodEvictionPolicy: AlwaysAllow in the budget.")]
    public void A_pod_that_serves_nobody_and_is_still_protected_is_named_with_what_helps(bool ready, string phase, string message)
    {
        var pass = DrainPass.Over([Refused("web", "web-pdb") with { Ready = ready, Phase = phase }], new());

        Assert.Equal((Reasons.DrainBlocked, message), DrainMessage.Describe(pass));
    }

    [Fact]
    public void Pods_that_are_not_known_are_not_a_completed_drain() => Assert.False(DrainPass.Over(null, new()).Completed);

    [Fact]
    public void No_pods_are_a_completed_drain() => Assert.True(DrainPass.Over([], new()).Completed);

    [Fact]
    public void A_message_groups_pods_by_what_is_in_the_way_and_names_three_of_each()
    {
        var pods = Enumerable.Range(1, 5).Select(i => Refused($"web-{i}", "web-pdb"))
            .Append(Refused("db-1", "db-pdb"))
            .Append(Given.Pod("old") with { DeletionTimestamp = Given.Ago(9), Finalizers = ["acme.example/hold"] })
            .Append(Given.Pod("lone") with { Controller = null })
            .ToArray();

        var (reason, message) = DrainMessage.Describe(DrainPass.Over(pods, new()));

        Assert.Equal(Reasons.DrainBlocked, reason);
        Assert.Equal(
            "apps/lone: has no controller that would start it again: delete it, or set spec.drain.unmanagedPods to Delete; "
            + "apps/db-1: PodDisruptionBudget db-pdb allows no disruption now; "
            + "apps/web-1, apps/web-2, apps/web-3 and 2 more: PodDisruptionBudget web-pdb allows no disruption now; "
            + "apps/old: terminating, held by finalizer acme.example/hold.",
            message);
    }

    [Fact]
    public void A_message_names_no_more_than_five_kinds()
    {
        var pods = Enumerable.Range(1, 8).Select(i => Refused($"p-{i}", $"pdb-{i}")).ToArray();

        var (_, message) = DrainMessage.Describe(DrainPass.Over(pods, new()));

        Assert.Contains("pdb-5", message, StringComparison.Ordinal);
        Assert.DoesNotContain("pdb-6", message, StringComparison.Ordinal);
        Assert.EndsWith("and 3 more kinds.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EvictionOutcome.Accepted, "being evicted", false)]
    [InlineData(EvictionOutcome.Gone, "being evicted", false)]
    [InlineData(EvictionOutcome.NamespaceTerminating, "namespace is being deleted", false)]
    [InlineData(EvictionOutcome.SeveralBudgets, "more than one PodDisruptionBudget", true)]
    [InlineData(EvictionOutcome.Failed, "eviction failed (the server's words)", true)]
    [InlineData(EvictionOutcome.BlockedByBudget, "a PodDisruptionBudget allows", true)]
    public void What_this_pass_found_is_said_rather_than_what_the_last_one_did(EvictionOutcome outcome, string expected, bool blocked)
    {
        var pod = Refused("web", "former-pdb");
        EvictionResult now = new()
        {
            Namespace = "apps",
            Name = "web",
            Uid = "web-uid",
            Outcome = outcome,
            Message = "the server's words",
            At = Given.Now,
        };

        var (reason, message) = DrainMessage.Describe(DrainPass.Over([pod], new()), [now]);

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal(blocked ? Reasons.DrainBlocked : Reasons.Draining, reason);
    }

    private static PodFacts Refused(string name, string budget) => Given.Pod(name) with
    {
        LastEviction = new()
        {
            Namespace = "apps",
            Name = name,
            Uid = name + "-uid",
            Outcome = EvictionOutcome.BlockedByBudget,
            Budget = budget,
            At = Given.Ago(1),
        },
    };

    private static TheoryData<PodFacts, string, string> Rows(params (string Label, PodFacts Pod, string Rules, string Expected)[] rows)
    {
        var data = new TheoryData<PodFacts, string, string>();
        foreach (var (label, pod, rules, expected) in rows)
        {
            data.Add(new TheoryDataRow<PodFacts, string, string>(pod, rules, expected) { Label = label });
        }

        return data;
    }
}
