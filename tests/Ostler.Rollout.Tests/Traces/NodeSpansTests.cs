using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Traces;

namespace Ostler.Rollout.Tests.Traces;

/// <summary>What a write to a NodeOS tells of a node's way, with the writes that the planner makes.</summary>
public sealed class NodeSpansTests
{
    private static readonly NodeTimings Staged = new() { StagingStartedAt = Given.Ago(20), StagedAt = Given.Ago(15) };

    public static TheoryData<string, NodeFacts, Func<UpgradePolicySpec, UpgradePolicySpec>?, string[]> Ways => new()
    {
        { "is told to boot", Given.Cordoned("n1").Status(s => s with { Timings = Staged }), null, ["stage -20..-15 Ok Staged", "drain -10..0 Ok DrainCompleted"] },
        { "is healthy", Given.Healthy("n1"), null, ["boot -5..-2 Ok WaitingForHostChecks", "verify -2..0 Ok Soaking"] },
        { "is healthy, by a clock that is late", Given.Healthy("n1").Status(s => s with { Timings = new() { BootedAt = Given.Ago(60) } }), null, ["boot -5..-5 Ok WaitingForHostChecks", "verify -5..0 Ok Soaking"] },
        { "is healthy, by a clock that is early", Given.Healthy("n1").Status(s => s with { Timings = new() { BootedAt = Given.In(60) } }) with { ReadyHeartbeat = Given.In(61) }, null, ["boot -5..0 Ok WaitingForHostChecks", "verify 0..0 Ok Soaking"] },
        { "has soaked", Given.Soaking("n1", 30), null, ["soak -0.5..0 Ok Updated", "upgrade -10..0 Ok Updated", "node -10..0 Ok Updated"] },
        { "is ill while it soaks", Given.Soaking("n1", 6).Host(ConditionStatus.False, "edge.service is failed"), null, ["soak -0.1..0 Error WaitingForHostChecks"] },
        { "does not come back", (Given.Booting("n1") with { Ready = false }).Spec(s =>
            s with { Deadlines = new() { Reboot = Given.Ago(1), Healthy = Given.In(9) } }), null, ["boot -5..0 Error RebootTimedOut"] },
        { "is not healthy in time", Given.Booted("n1").Host(ConditionStatus.False).Spec(s => s with { Deadlines = new() { Reboot = Given.In(1), Healthy = Given.Ago(1) } }), null, ["boot -5..-2 Ok WaitingForHostChecks", "verify -2..0 Error HostCheckFailed"] },
        { "is not healthy, and is left so", Given.Booted("n1").Host(ConditionStatus.False).Spec(s => s with { Deadlines = new() { Reboot = Given.In(1), Healthy = Given.Ago(1) } }), s => s with { Rollback = new() { Automatic = false } }, ["boot -5..-2 Ok WaitingForHostChecks", "verify -2..0 Error HostCheckFailed", "upgrade -10..0 Error HostCheckFailed", "node -10..0 Error HostCheckFailed"] },
        { "is back", Given.Back("n1"), null, ["rollback -5..0 Ok RolledBack", "upgrade -10..0 Error HostCheckFailed", "node -10..0 Error HostCheckFailed"] },
        { "could not be drained", Given.Cordoned("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(31) }, null, ["drain -31..0 Error DrainTimedOut", "upgrade -31..0 Error DrainTimedOut", "node -31..0 Error DrainTimedOut"] },
        { "is not to be disrupted any more", Given.Cordoned("n1", Given.Pod("web")), s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["other"] = "" } } }, ["drain -10..0 Unset Released", "upgrade -10..0 Unset Released", "node -10..0 Unset Released"] },
        { "could not stage", Given.Staging("n1").Status(s => s with { Timings = new() { StagingStartedAt = Given.Ago(3) }, Step = NodeStep.Idle, LastError = new() { Reason = Reasons.PullFailed, Message = "m", At = Given.Ago(1), Count = 5 } }), null, ["stage -3..0 Error StagingFailed", "upgrade -3..0 Error StagingFailed", "node -3..0 Error StagingFailed"] },
        { "is told to go back for others", Given.GoingBack("n1"), null, [] },
        { "begins to stage", Given.Idle("n1"), null, [] },
    };

    [Theory, MemberData(nameof(Ways))]
    public void A_node_that(string what, NodeFacts node, Func<UpgradePolicySpec, UpgradePolicySpec>? change, string[] expected)
    {
        var snapshot = Snapshot(node).With(change ?? (s => s));

        var spans = Spans(snapshot);

        Assert.True(expected.SequenceEqual(spans.Select(Text)), $"{what}: {string.Join(", ", spans.Select(Text))}");
        Assert.Equal(spans.Count, spans.Select(s => s.Id.SpanId).Distinct().Count());
    }

    [Fact]
    public void The_steps_of_an_attempt_are_parts_of_one_trace_whichever_leader_tells_them()
    {
        var steps = ((NodeFacts[])[Given.Cordoned("n1").Status(s => s with { Timings = Staged }), Given.Healthy("n1"), Given.Soaking("n1", 30)])
            .SelectMany(n => Spans(Snapshot(n))).ToList();
        var root = Assert.Single(steps, s => s.Name == NodeSpans.Upgrade);

        var parts = steps.Where(s => s.Name is not (NodeSpans.Upgrade or NodeSpans.Node)).ToList();
        Assert.Equal(["stage", "drain", "boot", "verify", "soak"], parts.Select(s => s.Name));
        Assert.All(parts, s => Assert.Equal((root.Id.TraceId, root.Id.SpanId), (s.Id.TraceId, s.ParentSpanId)));
        Assert.Null(root.ParentSpanId);

        // Told again, as by a leader that does not know that it was told, it is the same.
        Assert.Equal(steps.Select(s => s.Id), ((NodeFacts[])[Given.Cordoned("n1").Status(s => s with { Timings = Staged }), Given.Healthy("n1"), Given.Soaking("n1", 30)]).SelectMany(n => Spans(Snapshot(n))).Select(s => s.Id));
    }

    [Fact]
    public void The_trace_of_the_rollout_has_a_span_for_each_node_that_links_to_its_trace_which_links_back()
    {
        var snapshot = Snapshot(Given.Soaking("n1", 30));
        var rollout = TraceIdentity.OfRollout("policy-uid", snapshot.Policy.PreviousStatus)!.Value;

        var spans = Spans(snapshot);

        var upgrade = Assert.Single(spans, s => s.Name == NodeSpans.Upgrade);
        var node = Assert.Single(spans, s => s.Name == NodeSpans.Node);
        Assert.Equal([rollout], upgrade.Links);
        Assert.Equal((rollout.TraceId, rollout.SpanId), (node.Id.TraceId, node.ParentSpanId));
        Assert.Equal([upgrade.Id], node.Links);
        Assert.Contains(new("k8s.node.name", "n1"), node.Attributes);
    }

    [Theory]
    [InlineData("another attempt")]
    [InlineData("another tree")]
    [InlineData("another machine")]
    [InlineData("another policy")]
    public void Its_own_trace_has(string what)
    {
        var spec = Given.Cordoned("n1").OS!.Spec;
        var trace = TraceIdentity.OfNode("uid", spec)!.Value.TraceId;

        var other = what switch
        {
            "another attempt" => TraceIdentity.OfNode("uid", spec with { Attempt = 2 }),
            "another tree" => TraceIdentity.OfNode("uid", spec with { Image = Trees.Image(Trees.Old) }),
            "another machine" => TraceIdentity.OfNode("uid-2", spec),
            _ => TraceIdentity.OfNode("uid", spec with { Policy = "other" }),
        };

        Assert.Matches("^[0-9a-f]{32}$", trace);
        Assert.NotEqual(trace, other!.Value.TraceId);
    }

    [Fact]
    public void What_is_written_down_in_the_middle_of_a_drain_ends_nothing()
    {
        var node = Given.Cordoned("n1", Given.Pod("web")).Status(s => s with { Timings = Staged });
        var write = new NodeAction.ApplySpec("n1", node.Uid, node.OS!.Spec with { Displaced = [] }, Reasons.Draining, "m");

        Assert.Empty(NodeSpans.Ended(Snapshot().Policy, node, write, Given.Now));
    }

    [Fact]
    public void A_node_that_keeps_its_slot_for_its_workloads_is_done_when_they_are_back()
    {
        var node = Given.Upgraded("n1", minutesAgo: 4).Spec(s => s with { Deadlines = new() { Recovered = Given.In(5) } });
        var write = new NodeAction.ApplySpec("n1", node.Uid, node.OS!.Spec with { Deadlines = null }, Reasons.Updated, "m");

        var spans = NodeSpans.Ended(Snapshot().Policy, node, write, Given.Now);

        Assert.Equal(["recover -4..0 Ok Updated", "upgrade -9..0 Ok Updated", "node -9..0 Ok Updated"], spans.Select(Text));
    }

    private static RolloutSnapshot Snapshot(params NodeFacts[] nodes)
    {
        var snapshot = Given.Snapshot(nodes);
        return snapshot with
        {
            Policy = snapshot.Policy with { PreviousStatus = new() { StartedAt = Given.Ago(40), Target = new() { Digest = Trees.New } } },
        };
    }

    private static List<SpanFacts> Spans(RolloutSnapshot snapshot) =>
    [
        .. RolloutPlanner.Plan(snapshot).Actions.OfType<NodeAction.ApplySpec>()
            .SelectMany(write => NodeSpans.Ended(snapshot.Policy, snapshot.Nodes.Single(n => n.Name == write.Node), write, snapshot.Now)),
    ];

    private static string Text(SpanFacts span) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{span.Name} {(span.StartedAt - Given.Now).TotalMinutes:0.#}..{(span.EndedAt - Given.Now).TotalMinutes:0.#} {span.Result} {span.Reason}");
}
