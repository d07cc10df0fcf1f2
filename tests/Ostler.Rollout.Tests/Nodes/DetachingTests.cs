using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class DetachingTests
{
    private static readonly VolumeFacts None = new() { At = Given.Ago(0.1) };
    private static readonly VolumeFacts One = new() { At = Given.Ago(0.1), Attached = ["pv-1"] };

    [Fact]
    public void Without_a_timeout_nobody_asks()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1")));

        Assert.Equal(Goal.Boot, plan.Written().Goal);
        Assert.Empty(plan.Probes);
    }

    [Fact]
    public void A_drained_node_asks_first_and_names_the_pods_that_stay()
    {
        var proxy = Given.Pod("proxy") with { Controller = new("DaemonSet", "proxy", "proxy") };

        var plan = Plan(Given.Cordoned("n1", proxy));

        Assert.Empty(plan.Actions);
        Assert.Equal((NodeStep.Drained, Reasons.WaitingForVolumes), (plan.Verdict().Step, plan.Verdict().Reason));
        var question = Assert.IsType<Probe.Volumes>(Assert.Single(plan.Probes));
        Assert.Equal(("n1", Given.Now, "proxy"), (question.Node, question.DueAt, Assert.Single(question.Staying).Name));
    }

    [Fact]
    public void Nobody_asks_before_the_pods_are_gone() => Assert.Empty(Plan(Given.Cordoned("n1", Given.Pod("web"))).Probes);

    [Fact]
    public void With_nothing_attached_it_boots() => Assert.Equal(Goal.Boot, Plan(Given.Cordoned("n1") with { Volumes = None }).Written().Goal);

    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    public void An_answer_of_long_ago_or_of_before_the_slot_is_none(double minutes) =>
        Assert.Empty(Plan(Given.Cordoned("n1") with { Volumes = None with { At = Given.Ago(minutes) } }).Actions);

    [Fact]
    public void The_moment_until_which_it_waits_is_written_down_once()
    {
        var first = Plan(Given.Cordoned("n1") with { Volumes = One });

        Assert.Equal((Goal.Stage, Given.In(2)), (first.Written().Goal, first.Written().Deadlines!.Detached));
        Assert.Contains("pv-1", first.Verdict().Message, StringComparison.Ordinal);

        var again = Plan(Waiting(until: 1) with { Volumes = One });
        Assert.Empty(again.Actions);
        Assert.Equal(Given.In(1), again.NextWakeUp);
        Assert.Equal(One.At.AddSeconds(5), Assert.Single(again.Probes).DueAt);
    }

    [Fact]
    public void It_boots_as_soon_as_they_are_detached() => Assert.Equal(Goal.Boot, Plan(Waiting(until: 1) with { Volumes = None }).Written().Goal);

    [Fact]
    public void When_they_do_not_detach_in_time_it_boots_all_the_same_with_a_warning()
    {
        var plan = Plan(Waiting(until: 0) with { Volumes = One });

        Assert.Equal(Goal.Boot, plan.Written().Goal);
        var action = Assert.Single(plan.Of());
        Assert.Equal((Reasons.VolumesStillAttached, true), (action.Reason, action.IsWarning));
        Assert.Contains("have not detached within 2m (pv-1)", action.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_drain_deadline_does_not_cut_the_wait_short() =>
        Assert.Empty(Plan(Waiting(until: 1) with { Volumes = One, CordonedAt = Given.Ago(31) }).Actions);

    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "")]
    [InlineData(3, "ApplySpec")]
    public void What_cannot_be_asked_is_tried_thrice(int failures, string kinds)
    {
        var plan = Plan(Given.Cordoned("n1") with { Volumes = new() { At = Given.Ago(0.05), Error = "forbidden", Failures = failures } });

        Assert.Equal(kinds, plan.Kinds());
        Assert.All(plan.Of(), a => Assert.True(a.IsWarning));
        Assert.All(plan.Probes, q => Assert.Equal(Given.Now.AddSeconds(2), q.DueAt));
    }

    private static NodeFacts Waiting(double until) => Given.Cordoned("n1").Spec(s => s with { Deadlines = new() { Detached = Given.In(until) } });

    private static RolloutPlan Plan(NodeFacts node) =>
        RolloutPlanner.Plan(Given.Snapshot(node).With(s => s with { Drain = s.Drain with { VolumeDetachTimeout = Duration.FromMinutes(2) } }));
}
