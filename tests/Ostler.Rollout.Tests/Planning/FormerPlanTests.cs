using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>A former plan saves time; what is decided is the same with it and without, whatever has changed since.</summary>
public class FormerPlanTests
{
    private static readonly NodeFacts[] Fleet =
    [
        Given.Idle("n1"), Given.Updated("n2"), Given.Upgraded("n3"), Given.Staging("n4"), Given.Staged("n5"), Given.Cordoned("n6", Given.Pod("web")), Given.Booting("n7"),
        Given.Idle("n8").Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.Ago(1), Reason = Reasons.DrainBlocked, Message = "because" } }),
        Given.Staged("n9").Label("zone", "b"),
    ];

    public static TheoryData<string> Changes => [.. Next.Keys];

    private static readonly Dictionary<string, Func<RolloutSnapshot, RolloutSnapshot>> Next = new()
    {
        ["nothing"] = s => s,
        ["time goes on"] = s => s with { Now = Given.In(90) },
        ["the clock is set back"] = s => s with { Now = Given.Ago(30) },
        ["a node changes"] = s => s with { Nodes = [.. s.Nodes.Select(n => n.Name == "n1" ? n with { Ready = false } : n)] },
        ["a node joins"] = s => s with { Nodes = [Given.Idle("n0"), .. s.Nodes, Given.Staged("n99")] },
        ["nodes leave"] = s => s with { Nodes = [.. s.Nodes.Where(n => n.Name is not ("n1" or "n5"))] },
        ["a node is being deleted"] = s => s with { Nodes = [.. s.Nodes.Select(n => n.Name == "n2" ? n with { Deleting = true } : n)] },
        ["the nodes come in another order"] = s => s with { Nodes = [.. s.Nodes.Reverse()] },
        ["the policy is paused"] = s => s.With(p => p with { Paused = true }),
        ["the policy selects others"] = s => s.With(p => p with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["zone"] = "b" } } }),
        ["the policy tells zones apart by another label"] = s => s.With(p => p with { Rollout = p.Rollout with { Topology = new() { Key = "zone", MaxDomainsAtOnce = 9 } } }),
        ["the policy says something that is not valid"] = s => s.With(p => p with { Health = p.Health with { Timeout = Duration.FromSeconds(-1) } }),
        ["the policy is gone"] = s => s with { Policy = s.Policy with { Spec = null } },
        ["it is another policy"] = s => s with { Policy = s.Policy with { Name = "other" } },
        ["the image is another one"] = s => s with { Image = Given.Image(Trees.Newer) },
        ["the image is gone"] = s => s with { Image = null },
        ["the image is quarantined"] = s => s with { Image = s.Image! with { Spec = s.Image.Spec with { Quarantine = new() { Deny = [Trees.New] } } } },
        ["another policy selects the same"] = s => s with { OtherPolicies = [new() { Name = "other", NodeSelector = Trees.AllNodes }] },
        ["the image is for one platform only"] = s => s with
        {
            Image = s.Image! with
            {
                Status = s.Image.Status! with { Resolved = s.Image.Status.Resolved! with { Platforms = [new() { Platform = "linux/amd64", Digest = Trees.Newer }] } },
            },
        },
        ["a node fails"] = s => s with { Nodes = [.. s.Nodes, Given.RolledBack("n95")] },
        ["too many fail, and all go back"] = s => (s with { Nodes = [.. s.Nodes, Given.RolledBack("n95"), Given.RolledBack("n96")] })
            .With(p => p with { Rollback = p.Rollback with { Scope = RollbackScope.Policy, MaxFailures = IntOrPercent.Count(0) } }),
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void What_is_decided_is_the_same_with_a_former_plan_when(string change)
    {
        // One slot is free.
        var plain = Given.Snapshot(Fleet).With(p => p with { Rollout = p.Rollout with { MaxUnavailable = IntOrPercent.Count(3) } });
        var inWaves = plain.With(p => p with
        {
            Rollout = p.Rollout with { Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(2) }], Topology = new() { MaxDomainsAtOnce = 4 } },
        });
        Check(plain, Next[change](plain));
        Check(inWaves, Next[change](inWaves));
    }

    private static void Check(RolloutSnapshot first, RolloutSnapshot next)
    {
        Assert.Equal(PlanText.Of(RolloutPlanner.Plan(next)), PlanText.Of(RolloutPlanner.Plan(next, RolloutPlanner.Plan(first))));
        // And back again: what was lifted must not be remembered either.
        Assert.Equal(PlanText.Of(RolloutPlanner.Plan(first)), PlanText.Of(RolloutPlanner.Plan(first, RolloutPlanner.Plan(next, RolloutPlanner.Plan(first)))));
    }

    [Fact]
    public void Nodes_at_rest_are_not_decided_about_anew()
    {
        var snapshot = Given.Snapshot(Fleet);

        var plan = RolloutPlanner.Plan(snapshot with { Now = Given.In(1) }, RolloutPlanner.Plan(snapshot));

        Assert.Equal(6, plan.Decided!.Carried);
    }
}
