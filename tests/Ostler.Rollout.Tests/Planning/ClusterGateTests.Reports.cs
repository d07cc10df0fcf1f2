using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <content>What is reported of gates.</content>
public partial class ClusterGateTests
{
    [Fact]
    public void A_report_keeps_since_when_a_gate_is_closed_over_reasons_and_restarts()
    {
        GateStatus former = new()
        {
            Name = "alerts",
            Reason = Reasons.GateError,
            Message = "x",
            Since = Given.Ago(90),
            ObservedAt = Given.Ago(1)
        };
        var snapshot = Staged(Alerts);
        snapshot = snapshot with { Policy = snapshot.Policy with { PreviousStatus = new() { Gates = [former] } } };

        var closed = Assert.Single(Report(Says(snapshot, Alerts, CheckOutcome.False)));
        Assert.Equal((Reasons.GateClosed, (DateTimeOffset?)Given.Ago(90)), (closed.Reason, closed.Since));
        Assert.Equal(former, Assert.Single(Report(snapshot)));
        var opened = Assert.Single(Report(Says(snapshot, Alerts, CheckOutcome.Passed)));
        Assert.Equal((Reasons.GateOpen, (DateTimeOffset?)Given.Now), (opened.Reason, opened.Since));
    }

    [Fact]
    public void A_report_of_the_same_answer_changes_every_five_minutes_only()
    {
        var snapshot = Says(Staged(Alerts), Alerts, CheckOutcome.False);
        var first = Assert.Single(Report(snapshot));
        Assert.Equal(first, Assert.Single(Report(Later(299))));
        Assert.Equal(Given.Now.AddSeconds(300), Assert.Single(Report(Later(300))).ObservedAt);

        RolloutSnapshot Later(int seconds) => Says(
            snapshot with
            {
                Now = Given.Now.AddSeconds(seconds),
                Policy = snapshot.Policy with { PreviousStatus = new() { Gates = [first] } }
            }, Alerts, CheckOutcome.False);
    }
}
