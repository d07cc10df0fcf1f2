using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Console.Views;

namespace Ostler.Controller.Tests.Console;

public sealed class NodeHistoryTests
{
    private static readonly NodeRow Row = new() { Name = "a", Step = "Updated" };

    [Fact]
    public void It_tells_what_is_recorded_newest_first_and_the_same_moment_once()
    {
        var (t, granted) = (Given.Now, Given.Now.AddMinutes(-9));
        var os = Given.NodeOS("a", spec: new() { GrantedAt = granted, LastUpgrade = new() { GrantedAt = granted, CompletedAt = t } }, status: new()
        {
            Timings = new() { StagedAt = t.AddMinutes(-20) },
            Conditions = [new() { Type = "Ready", Status = ConditionStatus.False, Reason = "Broken", Message = "why", LastTransitionTime = t.AddMinutes(-30) }],
        });
        NodeEvent[] events = [new() { Type = "Warning", Reason = "DrainBlocked", Message = "m", Count = 3, LastTimestamp = t.AddMinutes(-5) }, new() { Reason = "NoTime" }];

        var history = NodeHistory.Of(Row, Given.Node("a"), os, events, null);

        Assert.Equal(
            [
                new(t, "controller", "Back in service, updated"),
                new(t.AddMinutes(-5), "event", "DrainBlocked", "m", Warning: true, 3),
                new(granted, "controller", "Slot granted, cordoned"),
                new HistoryEntry(t.AddMinutes(-20), "agent", "Staged and locked"),
            ],
            history.Entries);

        // Conditions have a table of their own.
        Assert.Equal("Broken", Assert.Single(history.Conditions).Reason);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(-5, true)]
    public void The_kubelets_warning_of_a_reboot_is_one_only_when_Ostler_did_not_ask_for_it(int minutesAfterTheOrder, bool warning)
    {
        var os = Given.NodeOS("a", spec: new() { GrantedAt = Given.Now.AddMinutes(-1), BootRequestedAt = Given.Now }, status: new());
        NodeEvent[] events = [new() { Type = "Warning", Reason = "Rebooted", Message = "Node a has been rebooted.",
            LastTimestamp = Given.Now.AddMinutes(minutesAfterTheOrder) }];

        Assert.Equal(warning, NodeHistory.Of(Row, Given.Node("a"), os, events, null).Entries.Single(e => e.Source == "event").Warning);
    }

    [Fact]
    public void The_reboot_of_a_completed_upgrade_is_no_warning_and_the_next_one_is()
    {
        var t = Given.Now;
        var os = Given.NodeOS("a", spec: new()
        {
            LastUpgrade =
            new() { GrantedAt = t, BootRequestedAt = t.AddMinutes(1), CompletedAt = t.AddMinutes(5) }
        }, status: new());
        NodeEvent[] events = [Rebooted(2), Rebooted(60)];

        Assert.Equal([true, false], NodeHistory.Of(Row, Given.Node("a"), os, events, null).Entries.Where(e => e.Source == "event")
            .Select(e => e.Warning));

        NodeEvent Rebooted(int minutes) => new() { Type = "Warning", Reason = "Rebooted", LastTimestamp = t.AddMinutes(minutes) };
    }

    [Fact]
    public void A_failure_and_the_last_error_of_the_host_are_warnings()
    {
        var os = Given.NodeOS("a", spec: new() { Failure = new() { Digest = Given.Digest, Version = "2.0", Reason = "HealthCheckFailed", Message = "503", At = Given.Now } }, status: new()
        {
            LastError = new() { Reason = "StagingFailed", Message = "no route", At = Given.Now.AddHours(-1), Count = 4 },
        });

        var entries = NodeHistory.Of(Row, Given.Node("a"), os, [], "no Events").Entries;

        Assert.Equal([("Failed with 2.0: HealthCheckFailed", 1, true), ("StagingFailed", 4, true)], entries.Select(e => (e.Title, e.Count, e.Warning)));
    }

    [Fact]
    public void Of_a_former_node_of_that_name_nothing_is_told()
    {
        var history = NodeHistory.Of(Row, Given.Node("a"), Given.NodeOS("a", nodeUid: "another", status: new() { Backend = "bootc" }), [], null);

        Assert.Equal((null, 0), (history.Backend, history.Entries.Count));
    }
}
