using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Controller.Tests.Telemetry;

/// <content>How long gates are closed.</content>
public sealed partial class ControllerMetricsTests
{
    [Fact]
    public async Task A_closed_gate_tells_for_how_long_and_an_open_one_0()
    {
        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec), Plan(Verdict("a", NodeStep.Staged)));
        _metrics.ObserveStatus("edge", new()
        {
            Conditions = [new() { Type = ConditionTypes.Ready, Status = ConditionStatus.False, Reason = Reasons.GateClosed, Message = "",
                LastTransitionTime = Given.Now }],
            Gates =
            [
                new() { Name = "ceph", Reason = Reasons.GateClosed, Since = Given.Now.AddMinutes(-2) },
                    new() { Name = "alerts", Reason = Reasons.GateOpen, Since = Given.Now.AddDays(-1) },
            ],
        });
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(
            ["ostler_gate_closed_seconds{gate=\"alerts\",policy=\"edge\"} 0",
                "ostler_gate_closed_seconds{gate=\"ceph\",policy=\"edge\"} 180"],
            Lines(await ScrapeAsync(), "ostler_gate_closed_seconds{").Order(StringComparer.Ordinal));
    }
}
