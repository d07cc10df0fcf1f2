using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Drain;

public class DrainRulesTests
{
    private static readonly PodFacts Db = Labelled("db", "tier", "db") with { NamespaceLabels = Labels("team", "data") };

    public static TheoryData<PodFacts, DrainRule[], string> Behaviors => Rows(
        ("no rule", Db, [], "evict"),
        ("a rule for other pods", Db, [Rule(DrainBehavior.Skip, pods: Labels("tier", "web"))], "evict"),
        ("a rule without selectors is for all", Db, [Rule(DrainBehavior.Skip)], "stay"),
        ("a rule for its labels", Db, [Rule(DrainBehavior.WaitCompleted, pods: Labels("tier", "db"))], "wait for completion"),
        ("a rule for its namespace", Db, [Rule(DrainBehavior.Skip, namespaces: Labels("team", "data"))], "stay"),
        ("a rule for another namespace", Db, [Rule(DrainBehavior.Skip, namespaces: Labels("team", "web"))], "evict"),
        ("labels match but not the namespace", Db, [Rule(DrainBehavior.Skip, Labels("tier", "db"), Labels("team", "web"))], "evict"),
        ("the first that matches decides", Db, [Rule(DrainBehavior.Evict, pods: Labels("tier", "db")), Rule(DrainBehavior.Skip)], "evict"),
        ("a namespace without labels", Db with { NamespaceLabels = new Dictionary<string, string>() }, [Rule(DrainBehavior.Skip, namespaces: Labels("team", "data"))], "evict"),
        ("a namespace that is not known", Db with { NamespaceLabels = null }, [Rule(DrainBehavior.Skip, namespaces: Labels("team", "data"))], "unknown"),
        ("a namespace that need not be known", Db with { NamespaceLabels = null }, [Rule(DrainBehavior.Skip), Rule(DrainBehavior.Evict, namespaces: Labels("a", "b"))], "stay"),
        ("a namespace that only another pod's rule asks for", Db with { NamespaceLabels = null }, [Rule(DrainBehavior.Skip, Labels("tier", "web"), Labels("a", "b"))], "evict"),
        ("a finished pod", Db with { Phase = "Succeeded" }, [Rule(DrainBehavior.WaitCompleted)], "finished"),
        ("a finished pod of an unknown namespace", Db with { Phase = "Failed", NamespaceLabels = null }, [Rule(DrainBehavior.Skip, namespaces: Labels("a", "b"))], "finished"),
        ("a pod of a DaemonSet", Db with { Controller = new("DaemonSet", "d", "d") }, [Rule(DrainBehavior.Evict)], "stay"),
        ("a static pod", Db with { IsMirror = true }, [Rule(DrainBehavior.WaitCompleted)], "stay"),
        ("a pod that ends and may stay", Db with { DeletionTimestamp = Given.Now }, [Rule(DrainBehavior.Skip)], "stay"),
        ("a pod that ends and is waited for", Db with { DeletionTimestamp = Given.Now }, [Rule(DrainBehavior.WaitCompleted)], "terminating"),
        ("a pod without controller that is waited for", Db with { Controller = null }, [Rule(DrainBehavior.WaitCompleted)], "wait for completion"),
        ("a pod with emptyDir that may stay", Db with { HasEmptyDir = true }, [Rule(DrainBehavior.Skip)], "stay"),
        ("a rule that evicts does not unprotect", Db with { HasEmptyDir = true }, [Rule(DrainBehavior.Evict)], "blocked"),
        ("nor a pod without controller", Db with { Controller = null }, [Rule(DrainBehavior.Evict)], "blocked"));

    [Theory]
    [MemberData(nameof(Behaviors))]
    public void A_rule_decides_on(PodFacts pod, DrainRule[] rules, string expected)
    {
        var pass = DrainPass.Over([pod], new() { Rules = rules, DeleteEmptyDirData = false });

        Assert.Equal(expected, Kind(pass));
        Assert.Equal(expected is "stay" or "finished", pass.Completed);
        Assert.Equal(expected == "stay" ? 1 : 0, pass.Staying.Count);
    }

    [Fact]
    public void An_order_begins_when_nothing_of_a_lower_one_is_left()
    {
        DrainSpec spec = new()
        {
            Rules =
            [
                Rule(DrainBehavior.Evict, pods: Labels("tier", "first")) with { Order = -5 },
                Rule(DrainBehavior.Evict, pods: Labels("tier", "last")) with { Order = 10 },
                Rule(DrainBehavior.WaitCompleted, pods: Labels("tier", "job")),
            ],
        };
        PodFacts[] all = [Labelled("first", "tier", "first"), Given.Pod("web"), Labelled("last", "tier", "last")];

        Assert.Equal(("first", "last web"), Orders(all));
        Assert.Equal(("", "last web"), Orders([all[0] with { DeletionTimestamp = Given.Now }, .. all[1..]]));
        Assert.Equal(("web", "last"), Orders(all[1..]));
        Assert.Equal(("", "last"), Orders([Labelled("job", "tier", "job"), all[2]]));
        Assert.Equal(("last", ""), Orders([Labelled("job", "tier", "job") with { Phase = "Succeeded" }, all[2]]));
        Assert.Equal(("", "last"), Orders([Given.Pod("lone") with { Controller = null }, all[2]]));
        Assert.Equal(("last", ""), Orders([Given.Pod("proxy") with { Controller = new("DaemonSet", "d", "d") }, all[2]]));

        (string, string) Orders(PodFacts[] pods)
        {
            var pass = DrainPass.Over(pods, spec);
            return (Names(pass.Evict), Names(pass.Later));
        }

        static string Names(IEnumerable<PodFacts> pods) => string.Join(' ', pods.Select(p => p.Name));
    }

    [Fact]
    public void A_drain_that_only_waits_for_jobs_evicts_nothing_and_names_them()
    {
        var plan = Plan(Given.Cordoned("n1", Labelled("job", "tier", "batch")), DrainBehavior.WaitCompleted);

        Assert.Empty(plan.Actions);
        Assert.Equal(Reasons.WaitingForCompletion, plan.Verdict().Reason);
        Assert.Contains("apps/job: runs until it has completed", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.False(plan.Verdict().Blocked);
    }

    [Fact]
    public void At_the_drain_deadline_the_jobs_are_what_blocked_it()
    {
        var plan = Plan(Given.Cordoned("n1", Labelled("job", "tier", "batch")) with { CordonedAt = Given.Ago(31) }, DrainBehavior.WaitCompleted);

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.Equal(Reasons.DrainBlocked, plan.Written().Backoff!.Reason);
        Assert.Contains("apps/job", plan.Written().Backoff!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DrainTimeoutAction.Hold, DrainBehavior.WaitCompleted, "")]
    [InlineData(DrainTimeoutAction.Force, DrainBehavior.WaitCompleted, "DeletePod")]
    [InlineData(DrainTimeoutAction.Force, DrainBehavior.Skip, "ApplySpec")]
    public void Past_the_deadline_only_force_ends_what_is_waited_for_and_nothing_ends_what_may_stay(DrainTimeoutAction action, DrainBehavior behavior, string kinds)
    {
        var node = Given.Cordoned("n1", Labelled("job", "tier", "batch")) with { CordonedAt = Given.Ago(31) };

        Assert.Equal(kinds, Plan(node, behavior, s => s with { Drain = s.Drain with { OnTimeout = action } }).Kinds());
    }

    [Fact]
    public void Pods_of_a_namespace_that_is_not_known_are_neither_evicted_nor_forced_out_but_asked_for_again()
    {
        DrainRule[] rules = [Rule(DrainBehavior.Skip, namespaces: Labels("team", "data"))];
        var snapshot = Given.Snapshot(Given.Cordoned("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(31) })
            .With(s => s with { Drain = new() { Rules = rules, OnTimeout = DrainTimeoutAction.Force } });

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Empty(plan.Actions);
        Assert.Contains("labels of namespace apps", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.Equal(Given.Now.AddSeconds(5), plan.NextWakeUp);
    }

    public static TheoryData<DrainRule> NotUnderstood => new()
    {
        new DrainRule { Behavior = DrainBehavior.Skip },
        new DrainRule { PodSelector = new(), Behavior = DrainBehavior.Skip },
        new DrainRule { NamespaceSelector = new(), Behavior = DrainBehavior.WaitCompleted },
        new DrainRule { PodSelector = new() { MatchLabels = Labels("app", "x") }, NamespaceSelector = new(), Behavior = DrainBehavior.Skip },
        new DrainRule { PodSelector = new() { MatchExpressions = [new() { Key = "app", Operator = LabelOperator.NotIn }] }, Behavior = DrainBehavior.Skip },
    };

    /// <summary>
    /// Stored before the schema refused it: what a client dropped must neither leave every pod on the node nor evict what should stay.
    /// </summary>
    [Theory]
    [MemberData(nameof(NotUnderstood))]
    public void A_rule_that_selects_nothing_understood_neither_skips_nor_evicts(DrainRule rule)
    {
        var pass = DrainPass.Over([Given.Pod("db"), Given.Pod("web")], new() { Rules = [rule] });

        Assert.False(pass.Completed);
        Assert.Empty(pass.Evict);
        var (reason, message) = DrainMessage.Describe(pass);
        Assert.Equal(Reasons.DrainBlocked, reason);
        Assert.StartsWith("spec.drain.rules[0] does not say which pods", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_says_who_goes_later()
    {
        DrainRule[] rules = [Rule(DrainBehavior.Evict, pods: Labels("tier", "db")) with { Order = 1 }];

        var (reason, message) = DrainMessage.Describe(DrainPass.Over([Db, Given.Pod("web")], new() { Rules = rules }));

        Assert.Equal(Reasons.Draining, reason);
        Assert.Equal("apps/web: being evicted; apps/db: is evicted after the pods of a lower order (spec.drain.rules).", message);
    }

    private static RolloutPlan Plan(NodeFacts node, DrainBehavior behavior, Func<UpgradePolicySpec, UpgradePolicySpec>? change = null) =>
        RolloutPlanner.Plan(Given.Snapshot(node).With(s => s with { Drain = s.Drain with { Rules = [Rule(behavior)] } }).With(change ?? (s => s)));

    private static string Kind(DrainPass pass) => pass switch
    {
        { Known: false, UnknownNamespaces.Count: 1 } => "unknown",
        { Evict.Count: 1 } => "evict",
        { Waiting.Count: 1 } => "wait for completion",
        { Terminating.Count: 1 } => "terminating",
        { Blocked.Count: 1 } => "blocked",
        { Staying.Count: 1, Skipped: 1 } => "stay",
        { Skipped: 1 } => "finished",
        _ => "?",
    };

    private static DrainRule Rule(DrainBehavior behavior, Dictionary<string, string>? pods = null, Dictionary<string, string>? namespaces = null) => new()
    {
        Behavior = behavior,
        PodSelector = pods is not null ? new() { MatchLabels = pods } : namespaces is null ? Trees.AllNodes : null,
        NamespaceSelector = namespaces is null ? null : new() { MatchLabels = namespaces },
    };

    private static Dictionary<string, string> Labels(string key, string value) => new() { [key] = value };

    private static PodFacts Labelled(string name, string key, string value) => Given.Pod(name) with { Labels = Labels(key, value), NamespaceLabels = Labels("a", "a") };

    private static TheoryData<PodFacts, DrainRule[], string> Rows(params (string Label, PodFacts Pod, DrainRule[] Rules, string Expected)[] rows)
    {
        var data = new TheoryData<PodFacts, DrainRule[], string>();
        foreach (var (label, pod, rules, expected) in rows)
        {
            data.Add(new TheoryDataRow<PodFacts, DrainRule[], string>(pod, rules, expected) { Label = label });
        }

        return data;
    }
}
