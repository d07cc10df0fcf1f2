using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// A planner that throws stops the rollout, and nobody is told why. Whatever the API or a question gives, there must be a plan and a
/// status.
/// </summary>
public class OddDataTests
{
    private static readonly WorkloadState Ample = new("Deployment", "apps", "web", 3, 3);
    private static readonly WorkloadState Short = Ample with { Available = 1 };
    private static readonly DisplacedWorkload Web = new() { Kind = "Deployment", Namespace = "apps", Name = "web", Available = 3 };

    public static TheoryData<string, RolloutSnapshot> Odd => new()
    {
        { "a workload that is told of twice while it is waited for", Given.Snapshot(Recovering(Ample, Short)) },
        { "a workload that is displaced twice", Given.Snapshot(Recovering(Ample).Spec(s => s with { Displaced = [Web, Web] })) },
        { "a node that is there twice", Given.Snapshot(Given.Cordoned("n1"), Given.Cordoned("n1"), Given.Staged("n2")) },
        { "a node that is there twice while it is taken back", TakenBack(Given.Upgraded("n1"), Given.Upgraded("n1"), Given.RolledBack("n2")) },
        {
            "a policy that is there twice and depended on",
            Given.Snapshot(Given.Staged("n1")).With(s => s with { DependsOn = ["cp", "cp"] }) with
            {
                OtherPolicies = [Other("cp"), Other("cp")],
            }
        },
        {
            "a measured rollout of a node that is there twice",
            Given.Snapshot(Given.Upgraded("n1"), Given.Cordoned("n2"), Given.Cordoned("n2"))
        },
        {
            "a digest that is in quarantine twice",
            Given.Snapshot(Given.Staged("n1")) with
            {
                Image = Given.Image() with
                {
                    Status = Given.Image().Status! with { Quarantined = [Quarantine(), Quarantine()] },
                },
            }
        },
        {
            "two checks of one name, which one observation is of",
            Given.Snapshot(Given.Healthy("n1") with { Checks = [Passed("errors"), Passed("errors")] })
                .With(s => s with { Health = new() { Checks = [Ostler.Rollout.Tests.Simulation.Scenarios.Errors, Ostler.Rollout.Tests.Simulation.Scenarios.Errors] } })
        },
        {
            "conditions of one type twice",
            Given.Snapshot(Given.Healthy("n1").Status(s => s with { Conditions = [.. s.Conditions!, .. s.Conditions!] }))
        },
        { "a digest of nothing", Given.Snapshot(Given.Booted("n1").Status(s => s with { Booted = Given.Tree(Trees.New) with { Digest = "" } })) },
        { "times at the end of time", Given.Snapshot(Given.Booting("n1").Spec(s => s with { BootRequestedAt = DateTimeOffset.MaxValue, Deadlines = null })) },
        { "times at its beginning", Given.Snapshot(Given.Cordoned("n1", Given.Pod("web")) with { CordonedAt = DateTimeOffset.MinValue }) },
        {
            "a boot at the beginning of time",
            Given.Snapshot(Given.Booted("n1").Status(s => s with { Timings = new() { BootedAt = DateTimeOffset.MinValue } }) with { ReadyHeartbeat = DateTimeOffset.MinValue })
        },
        {
            "durations without end",
            Given.Snapshot(Given.Soaking("n1", 5), Given.Staged("n2"), Given.Cordoned("n3")).With(s => s with
            {
                Rollout = s.Rollout with { Soak = new(TimeSpan.MaxValue), NodeDuration = new(TimeSpan.MaxValue) },
                Drain = s.Drain with { Timeout = new(TimeSpan.MaxValue), OnTimeout = DrainTimeoutAction.Force },
                Reboot = s.Reboot with { Timeout = new(TimeSpan.MaxValue) },
                Health = s.Health with { Timeout = new(TimeSpan.MaxValue) },
                Windows = [new() { Schedule = "0 1 * * *", Duration = new(TimeSpan.MaxValue) }],
            })
        },
        {
            "rolled back although nothing is known of before",
            Given.Snapshot(Given.RollingBack("n1").Spec(s => s with { Previous = null, Deadlines = null, Failure = null }))
        },
        { "told to boot nothing", Given.Snapshot(Given.Booting("n1").Spec(s => s with { Image = null, Previous = null, Deadlines = null })) },
        { "cordoned for nothing", Given.Snapshot(Given.Cordoned("n1", Given.Pod("web")).Spec(s => s with { Image = null })) },
        { "overdue and cordoned for nothing", Given.Snapshot((Given.Cordoned("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(90) }).Spec(s => s with { Image = null })) },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public void There_is_a_plan_and_a_status_whatever_is_odd(string what, RolloutSnapshot snapshot)
    {
        Assert.NotEmpty(what);
        foreach (var now in (DateTimeOffset[])[Given.Now, Given.In(60), Given.In(60 * 24)])
        {
            var odd = snapshot.At(now);
            var plan = RolloutPlanner.Plan(odd);

            ConditionLint.Check(RolloutStatus.Compute(odd, plan).Conditions!);
        }
    }

    [Fact]
    public void Of_a_workload_that_is_told_of_twice_the_worse_word_counts()
    {
        foreach (var states in (WorkloadState[][])[[Ample, Short], [Short, Ample]])
        {
            var plan = RolloutPlanner.Plan(Given.Snapshot(Recovering(states)));

            Assert.Empty(plan.Actions);
            Assert.Contains("Deployment apps/web (1 of 3 available)", plan.Verdict().Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_workload_that_is_told_of_twice_is_recorded_once()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Given.Pod("web-1")) with { Workloads = new() { At = Given.Ago(0.1), Workloads = [Ample, Short] } }));

        Assert.Equal([Web with { Available = 1 }], plan.Written().Displaced!);
    }

    private static NodeFacts Recovering(params WorkloadState[] states) =>
        Given.Updated("n1").Spec(s => s with { Displaced = [Web], Deadlines = new() { Recovered = Given.In(5) } }) with { Workloads = new() { At = Given.Now, Workloads = states } };

    private static RolloutSnapshot TakenBack(params NodeFacts[] nodes) =>
        Given.Snapshot(nodes).With(s => s with { Rollback = s.Rollback with { Scope = RollbackScope.Policy } });

    private static OtherPolicy Other(string name) => new() { Name = name, NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["none"] = "" } } };

    private static QuarantinedDigest Quarantine() => new() { Digest = Trees.New, Reason = Reasons.HealthTimedOut, Policy = Given.Policy, Since = Given.Ago(5) };

    private static CheckObservation Passed(string name) => new(name, CheckOutcome.Passed, "", 3, Given.Now);
}
