using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed class NodePatchesTests
{
    [Fact]
    public void A_grant_is_one_patch_of_cordon_and_marks_over_the_node_that_was_seen()
    {
        var patch = NodePatches.Cordon(new("n", "uid-n", "edge", Given.Now, Reasons.SlotGranted, "") { Grants = true, ResourceVersion = "10" });

        Assert.Equal(PatchKind.Merge, patch.Kind);
        Assert.Equal(
            """{"metadata":{"annotations":{"ostler.dev/cordoned-by":"edge","ostler.dev/cordoned-at":"2026-11-01T12:00:00Z"},"uid":"uid-n","resourceVersion":"10"},"spec":{"unschedulable":true}}""",
            patch.Body.ToJsonString());
    }

    [Fact]
    public void An_uncordon_takes_cordon_and_marks_away_together()
    {
        var patch = NodePatches.Uncordon(new("n", "uid-n", "edge", Reasons.Updated, "") { ResourceVersion = "10" });

        Assert.Equal(
            """{"metadata":{"annotations":{"ostler.dev/cordoned-by":null,"ostler.dev/cordoned-at":null},"uid":"uid-n","resourceVersion":"10"},"spec":{"unschedulable":null}}""",
            patch.Body.ToJsonString());
    }

    [Fact]
    public void The_join_taint_is_taken_out_of_the_list_and_the_others_stay_as_they_are()
    {
        var action = new NodeAction.RemoveJoinTaint("n", "uid-n", Reasons.JoinTaintRemoved, "") { ResourceVersion = "10" };
        NodeTaint ours = new() { Key = "ostler.dev/outdated", Effect = "NoSchedule" };
        NodeTaint gpu = new() { Key = "gpu", Value = "yes", Effect = "NoSchedule" };
        NodeTaint away = new() { Key = "node.kubernetes.io/unreachable", Effect = "NoExecute", TimeAdded = Given.Now };

        Assert.Equal(
            """{"spec":{"taints":[{"key":"gpu","effect":"NoSchedule","value":"yes"},{"key":"node.kubernetes.io/unreachable","effect":"NoExecute","timeAdded":"2026-11-01T12:00:00Z"}]},"metadata":{"uid":"uid-n","resourceVersion":"10"}}""",
            NodePatches.RemoveJoinTaint(action, [gpu, ours, away]).Body.ToJsonString());
        Assert.Equal(
            """{"spec":{"taints":null},"metadata":{"uid":"uid-n","resourceVersion":"10"}}""", NodePatches.RemoveJoinTaint(action, [ours]).Body.ToJsonString());
    }

    [Fact]
    public void A_goal_takes_the_place_of_the_whole_spec_over_the_nodeos_that_was_seen()
    {
        var spec = new NodeOSSpec { Policy = "edge", Goal = Goal.Stage, Attempt = 2, Image = new() { Digest = Given.Digest, Ostree = new() { Remote = "acme", Ref = "r" } } };

        var patch = NodePatches.ApplySpec(new("n", "uid-n", spec, Reasons.Staging, "") { ResourceVersion = "20" }, "os-uid");

        Assert.Equal(PatchKind.Json, patch.Kind);
        Assert.Equal(
            $$$"""[{"op":"add","path":"/metadata/uid","value":"os-uid"},{"op":"add","path":"/metadata/resourceVersion","value":"20"},{"op":"add","path":"/spec","value":{"policy":"edge","image":{"ostree":{"remote":"acme","ref":"r","gpgVerify":true,"allowDowngrade":false},"digest":"{{{Given.Digest}}}"},"goal":"Stage","attempt":2}}]""",
            patch.Body.ToJsonString());
    }
}
