using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class PodRecoveryTests
{
    private static readonly HealthCheck Cni = new()
    {
        Name = "cni",
        Pods = new() { Namespace = "kube-system", Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "cni" } } },
    };

    [Fact]
    public void Pods_that_the_selector_matches_and_that_are_Ready_are_written_down()
    {
        var before = Record(
            Pod("cni-a") with { Labels = null },
            Pod("cni-b") with { Namespace = "other" },
            Pod("cni-c") with { Ready = false },
            Pod("cni-d") with { DeletionTimestamp = Given.Now },
            Pod("cni-f"),
            Pod("cni-e"));

        Assert.Equal(2, before.Total);
        Assert.Equal(["cni-e", "cni-f"], before.Pods!.Select(p => p.Name));
    }

    [Fact]
    public void Where_the_selector_was_not_understood_every_pod_is_looked_for()
    {
        var check = Cni with { Pods = Cni.Pods! with { Selector = new() } };

        var before = PodRecovery.Record(new() { Checks = [check] }, [Pod("cni-a"), Pod("dns") with { Labels = null }])!;

        Assert.Equal(2, Assert.Single(before).Total);
    }

    [Fact]
    public void Only_so_many_are_written_down_and_how_many_there_were_is_known()
    {
        PodFacts[] pods = [.. Enumerable.Range(0, PodRecovery.Most + 12).Select(i => Pod($"cni-{i:000}") with { Controller = null })];

        var before = Record(pods);

        Assert.Equal((PodRecovery.Most, PodRecovery.Most + 12), (before.Pods!.Count, before.Total));
        Assert.Equal($"{PodRecovery.Most} Ready again (12 more were Ready before and are not checked)", PodRecovery.Judge(before, pods).Message);
    }

    public static TheoryData<string, PodFacts[], CheckOutcome, string> Afterwards => new()
    {
        { "the same", [Daemon("cni-a"), Static("etcd-n1")], CheckOutcome.Passed, "2 Ready again" },
        { "another pod of the same DaemonSet", [Daemon("cni-z"), Static("etcd-n1")], CheckOutcome.Passed, "2 Ready again" },
        { "both its old and its new pod", [Daemon("cni-a") with { DeletionTimestamp = Given.Now }, Daemon("cni-z"), Static("etcd-n1")], CheckOutcome.Passed, "2 Ready again" },
        { "one not Ready", [Daemon("cni-z") with { Ready = false }, Static("etcd-n1")], CheckOutcome.False, "kube-system/cni-z is not Ready" },
        { "both not Ready", [Daemon("cni-a") with { Ready = false }, Static("etcd-n1") with { Ready = false }], CheckOutcome.False, "kube-system/cni-a, kube-system/etcd-n1 are not Ready" },
        { "one being deleted", [Daemon("cni-a"), Static("etcd-n1") with { DeletionTimestamp = Given.Now }], CheckOutcome.False, "kube-system/etcd-n1 is not Ready" },
        { "a pod of another DaemonSet", [Daemon("cni-a") with { Controller = new("DaemonSet", "cni", "another") }, Static("etcd-n1")], CheckOutcome.Missing, "kube-system/cni-a is gone" },
        { "another static pod", [Daemon("cni-a"), Static("kube-proxy-n1")], CheckOutcome.Missing, "kube-system/etcd-n1 is gone" },
        { "none", [], CheckOutcome.Missing, "kube-system/cni-a, kube-system/etcd-n1 are gone" },
        { "one missing, one not Ready", [Daemon("cni-a") with { Ready = false }], CheckOutcome.False, "kube-system/cni-a is not Ready, and kube-system/etcd-n1 is gone" },
        { "the name in another namespace", [Daemon("cni-a"), Static("etcd-n1") with { Namespace = "other" }], CheckOutcome.Missing, "kube-system/etcd-n1 is" },
    };

    [Theory]
    [MemberData(nameof(Afterwards))]
    public void All_that_were_Ready_must_be_again(string what, PodFacts[] now, CheckOutcome outcome, string message)
    {
        _ = what;
        var finding = PodRecovery.Judge(Record(Daemon("cni-a"), Static("etcd-n1")), now);

        Assert.Equal(outcome, finding.Outcome);
        Assert.StartsWith(message, finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_there_before_is_not_looked_for_and_that_is_said()
    {
        Assert.Equal(CheckFinding.Pass("no selected pod was Ready before the boot"), PodRecovery.Judge(Record(), []));
        Assert.Equal(CheckFinding.Pass("the check was added after the instruction to boot, so what was Ready before is unknown"), PodRecovery.Judge(null, []));
    }

    private static ReadyPods Record(params PodFacts[] pods) => Assert.Single(PodRecovery.Record(new() { Checks = [Cni, new() { Name = "x", Exec = new() { Command = ["/x"] } }] }, pods)!);

    private static PodFacts Pod(string name) => new()
    {
        Namespace = "kube-system",
        Name = name,
        Uid = name,
        Ready = true,
        Labels = new Dictionary<string, string> { ["app"] = "cni" },
    };

    private static PodFacts Daemon(string name) => Pod(name) with { Controller = new("DaemonSet", "cni", "cni-uid") };

    // The kubelet's mirror of a static pod is owned by its Node.
    private static PodFacts Static(string name) => Pod(name) with { IsMirror = true, Controller = new("Node", "n1", "n1-uid") };
}
