using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Notifications;

/// <summary>Who is told what, from report to report.</summary>
public sealed class NotificationRulesTests
{
    private static readonly UpgradePolicyStatus UnderWay = Status(Trees.New) with { StartedAt = Given.Ago(30) };

    public static TheoryData<string, UpgradePolicyStatus?, UpgradePolicyStatus, string[]> Reports => new()
    {
        { "has begun", null, UnderWay, ["Started RollingOut"] },
        { "goes on", UnderWay, UnderWay with { Nodes = new() { Total = 3, Updated = 1 } }, [] },
        { "finds nothing to do", null, Status(Trees.New) with { CompletedAt = Given.Now }, [] },
        { "is complete", UnderWay, UnderWay with { CompletedAt = Given.Now }, ["Completed UpToDate"] },
        { "stays complete", UnderWay with { CompletedAt = Given.Ago(1) }, UnderWay with { CompletedAt = Given.Ago(1) }, [] },
        { "has another tree", UnderWay, Status(Trees.Old) with { StartedAt = Given.Now }, ["Started RollingOut"] },
        { "halts", UnderWay, Halted(UnderWay), ["Halted TooManyFailures"] },
        { "stays halted", Halted(UnderWay), Halted(UnderWay), [] },
        { "takes a node back", UnderWay, UnderWay with { Nodes = new() { Total = 3, RolledBack = 1 } }, ["RolledBack RolledBack"] },
        { "takes another node back", UnderWay with { Nodes = new() { Total = 3, RolledBack = 1 } }, UnderWay with { Nodes = new() { Total = 3, RolledBack = 2 } }, [] },
        { "waits for a person", UnderWay, Waits(UnderWay), ["NeedsApproval WaitingForApproval"] },
        { "goes on waiting", Waits(UnderWay), Waits(UnderWay), [] },
        { "does two things at once", UnderWay, Halted(UnderWay with { Nodes = new() { Total = 3, RolledBack = 1 } }), ["RolledBack RolledBack", "Halted TooManyFailures"] },
        { "is not accepted", UnderWay, Halted(UnderWay) with { Conditions = [.. Halted(UnderWay).Conditions!.Where(c => c.Type != ConditionTypes.Accepted)] }, [] },
    };

    [Theory, MemberData(nameof(Reports))]
    public void A_rollout_that(string what, UpgradePolicyStatus? before, UpgradePolicyStatus after, string[] expected)
    {
        var told = Next(before, after, new NotificationReceiver { Name = "ops", Url = "https://example" });

        Assert.True(expected.SequenceEqual(told.Select(t => $"{t.Event} {t.Reason}")), $"{what}: {string.Join(", ", told.Select(t => t.Event))}");
        Assert.All(told, t => Assert.Equal((NotificationState.Pending, after.Target!.Digest, Given.Now), (t.State, t.Digest, t.At)));
    }

    [Fact]
    public void Each_receiver_is_told_what_it_asks_for()
    {
        var told = Next(
            UnderWay, Halted(UnderWay with { Nodes = new() { Total = 3, RolledBack = 1 } }),
            new() { Name = "all", Url = "https://example" },
            new() { Name = "halts", Url = "https://example", Events = [RolloutEvent.Halted, RolloutEvent.Completed] });

        Assert.Equal(["all RolledBack", "all Halted", "halts Halted"], told.Select(t => $"{t.Receiver} {t.Event}"));
        Assert.Equal(3, told.Select(t => t.Id).Distinct().Count());
    }

    [Fact]
    public void A_report_that_was_not_stored_and_is_made_again_tells_the_same_and_one_that_was_tells_nothing_more()
    {
        var first = Next(UnderWay, Halted(UnderWay));
        var again = Next(UnderWay, Halted(UnderWay));
        var after = Next(Halted(UnderWay) with { Notifications = first }, Halted(UnderWay));

        Assert.Equal(first.Select(n => n.Id), again.Select(n => n.Id));
        Assert.Equal(first, after);
    }

    [Fact]
    public void A_node_that_joins_later_is_no_news_and_another_tree_is()
    {
        var told = Next(null, UnderWay);
        var complete = UnderWay with { CompletedAt = Given.Now };
        told = Next(UnderWay with { Notifications = told }, complete);
        Assert.Equal(["Started", "Completed"], told.Select(t => t.Event.ToString()));

        var joined = UnderWay with { StartedAt = Given.In(5) };
        told = Next(complete with { Notifications = told }, joined);
        told = Next(joined with { Notifications = told }, joined with { CompletedAt = Given.In(9) });
        Assert.Equal(2, told.Count);

        // Those that have arrived are of no interest any more; the others are.
        told = [told[0] with { State = NotificationState.Delivered }, told[1]];
        var other = Next(complete with { Notifications = told }, Status(Trees.Old) with { StartedAt = Given.Now });
        Assert.Equal([("Completed", Trees.New), ("Started", Trees.Old)], other.Select(t => (t.Event.ToString(), t.Digest)));
    }

    [Fact]
    public void A_rollout_that_halts_once_more_is_told_once_more()
    {
        var first = Next(UnderWay, Halted(UnderWay));
        var second = Next(UnderWay with { Notifications = first }, Halted(UnderWay, Given.In(60)));

        Assert.Equal(2, second.Count);
    }

    [Fact]
    public void Receivers_that_are_gone_are_forgotten_and_no_more_are_remembered_than_a_status_holds()
    {
        var gone = Next(UnderWay with { Notifications = Next(null, UnderWay) }, UnderWay, new NotificationReceiver { Name = "other", Url = "https://example" });
        Assert.Empty(gone);

        var entry = Next(null, UnderWay).Single();
        NotificationStatus[] many =
            [.. Enumerable.Range(0, 150).Select(i => entry with { Id = $"{i}", State = i % 2 == 0 ? NotificationState.Delivered : NotificationState.Pending })];
        var kept = Next(UnderWay with { Notifications = many }, UnderWay);
        Assert.Equal(NotificationRules.Most, kept.Count);
        Assert.Equal(75, kept.Count(k => k.State == NotificationState.Pending));
        Assert.Equal(kept.OrderBy(k => int.Parse(k.Id, System.Globalization.CultureInfo.InvariantCulture)).Select(k => k.Id), kept.Select(k => k.Id));
    }

    [Fact]
    public void What_came_of_sending_stands_in_the_report_and_in_its_condition()
    {
        var snapshot = Snapshot(new NotificationReceiver { Name = "ops", Url = "https://example" });
        var plan = RolloutPlanner.Plan(snapshot);
        var first = RolloutStatus.Compute(snapshot, plan);
        var pending = Assert.Single(first.Notifications!);
        Assert.Equal(ConditionStatus.True, first.Conditions.Find(ConditionTypes.Notified)!.Status);
        Assert.Equal([pending], NotificationRules.Due(first, Given.Now));

        snapshot = snapshot with { Policy = snapshot.Policy with { PreviousStatus = first } };
        var failed = RolloutStatus.Compute(snapshot, plan, null, new Dictionary<string, Delivery> { [pending.Id] = new(DeliveryOutcome.Failed, "it answered 500.") });
        var condition = failed.Conditions.Find(ConditionTypes.Notified)!;
        Assert.Equal((ConditionStatus.False, Reasons.NotificationFailed), (condition.Status, condition.Reason));
        Assert.Contains("it answered 500.", condition.Message, StringComparison.Ordinal);
        Assert.Empty(NotificationRules.Due(failed, Given.Now));
        Assert.Equal(Given.In(0.5), NotificationRules.NextRetry(failed, Given.Now));
        Assert.Single(NotificationRules.Due(failed, Given.In(0.5)));

        snapshot = snapshot with { Policy = snapshot.Policy with { PreviousStatus = failed } };
        var delivered = RolloutStatus.Compute(snapshot, plan, null, new Dictionary<string, Delivery> { [pending.Id] = new(DeliveryOutcome.Delivered) });
        Assert.Equal(ConditionStatus.True, delivered.Conditions.Find(ConditionTypes.Notified)!.Status);
        Assert.Empty(NotificationRules.Due(delivered, Given.In(60)));
    }

    [Fact]
    public void Without_receivers_there_are_neither_notifications_nor_a_condition()
    {
        var snapshot = Snapshot();
        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        Assert.Null(status.Notifications);
        Assert.Null(status.Conditions.Find(ConditionTypes.Notified));
    }

    private static IReadOnlyList<NotificationStatus> Next(UpgradePolicyStatus? before, UpgradePolicyStatus after, params NotificationReceiver[] receivers) =>
        NotificationRules.Next(Snapshot(receivers is [] ? [new() { Name = "ops", Url = "https://example" }] : receivers), before, after, null) ?? [];

    private static RolloutSnapshot Snapshot(params NotificationReceiver[] receivers) =>
        Given.Snapshot(Given.Idle("n1"), Given.Idle("n2")).With(s => s with { Notifications = receivers });

    private static UpgradePolicyStatus Status(string digest) => new()
    {
        Target = new() { Digest = digest, Version = "42" },
        Nodes = new() { Total = 3 },
        Conditions =
        [
            new() { Type = ConditionTypes.Ready, Status = ConditionStatus.True, Reason = Reasons.UpToDate },
            new() { Type = ConditionTypes.Accepted, Status = ConditionStatus.True, Reason = Reasons.Succeeded },
        ],
    };

    private static UpgradePolicyStatus Halted(UpgradePolicyStatus status, DateTimeOffset? at = null) => status with
    {
        Conditions = [.. status.Conditions!, new() { Type = ConditionTypes.Halted, Status = ConditionStatus.True, Reason = Reasons.TooManyFailures, Message = "m", LastTransitionTime = at ?? Given.Now }],
    };

    private static UpgradePolicyStatus Waits(UpgradePolicyStatus status) =>
        status with { Waves = [new() { Name = "canary", Reason = Reasons.WaitingForApproval, Message = "approve it" }, new() { Name = "rest", Reason = Reasons.WaitingForWave }] };
}
