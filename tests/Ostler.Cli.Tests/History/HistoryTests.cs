using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Cli.History;
using Ostler.Rollout.Snapshot;
using Ostler.Testing;

namespace Ostler.Cli.Tests.History;

/// <summary>What the objects record, told in its order.</summary>
public class HistoryTests
{
    private static IReadOnlyList<HistoryEntry> Entries =>
    [
        .. PolicyRecords.Of(Given.Policy(status: Given.RollingOut with { FailedDigests = [new() { Digest = Given.Old, Reason = Reasons.HealthTimedOut, Message = "node-9: app is not active.", At = Given.Now.AddDays(-2) }] }), Given.Now),
        .. PolicyRecords.Of(Given.Image(status: new()
        {
            Resolved = Given.Resolved(Given.New, "42.2") with { ResolvedAt = Given.Now.AddHours(-5) },
            History = [Given.Resolved(Given.Old, "42.1") with { ResolvedAt = Given.Now.AddDays(-3) }],
            Quarantined = [new() { Digest = Given.Old, Reason = Reasons.HealthTimedOut, Policy = "edge", Since = Given.Now.AddDays(-2) }],
        })),
        .. Systems.SelectMany(s => NodeRecords.Of(s, Given.Now)),
    ];

    private static NodeOS[] Systems => [Updated, WentBack, Held, Booting, Staging, Drifted, Given.System("untouched")];

    private static NodeOS Updated
    {
        get
        {
            var at = Given.Now.AddHours(-2);
            var spec = new NodeOSSpec
            {
                Image = new() { Digest = Given.New, Version = "42.2" },
                Attempt = 3,
                LastUpgrade = new() { GrantedAt = at, BootRequestedAt = at.AddSeconds(90), HealthySince = at.AddSeconds(300), CompletedAt = at.AddSeconds(330), Previous = new() { Digest = Given.Old, Version = "42.1" } },
            };
            return Given.System("node-01", Given.New, "42.2", NodeStep.Updated, spec) with
            {
                Status = Given.System("node-01", Given.New, "42.2", NodeStep.Updated).Status! with
                {
                    Attempt = 3,
                    // An hour ahead of the controller: durations are of one clock each.
                    Timings = new() { StagingStartedAt = at.AddMinutes(40), StagedAt = at.AddMinutes(55), RebootRequestedAt = at.AddMinutes(60).AddSeconds(95), BootedAt = at.AddMinutes(60).AddSeconds(225) },
                },
            };
        }
    }

    private static NodeOS WentBack => Given.System("node-02", step: NodeStep.RolledBack, spec: Failing(Reasons.HealthTimedOut, "app is not active"));

    private static NodeOS Held => Given.System("node-03", Given.New, "42.2", NodeStep.Failed, Failing(Reasons.RebootTimedOut, null));

    private static NodeOS Booting => Given.System("node-06", step: NodeStep.Staged, spec: new()
    {
        Image = new() { Digest = Given.New, Version = "42.2" },
        Goal = Goal.Boot,
        GrantedAt = Given.Now.AddMinutes(-4),
        Previous = new() { Digest = Given.Old, Version = "42.1" },
    });

    private static NodeOS Staging => Given.System("node-07", spec: new() { Image = new() { Digest = Given.New }, Goal = Goal.Stage }) with
    {
        Status = Given.System("node-07", version: null, step: NodeStep.Staging).Status! with
        {
            Timings = new() { StagingStartedAt = Given.Now.AddMinutes(-1) },
            LastError = new() { Reason = Reasons.PullFailed, Message = "404", At = Given.Now.AddSeconds(-30), Count = 3 },
        },
    };

    private static NodeOS Drifted => Given.System("node-08", spec: new() { Reconcile = new() { Digest = Given.Old, Reason = Reasons.PackagesLayered, Count = 2, At = Given.Now.AddHours(-7) } }) with
    {
        Status = Given.System("node-08").Status! with { Conditions = [Given.Condition(ConditionTypes.Drifted, ConditionStatus.True, Reasons.PackagesLayered, "strace is layered.")] },
    };

    private static NodeOSSpec Failing(string reason, string? message) => new()
    {
        Image = new() { Digest = Given.New, Version = "42.2" },
        Failure = new() { Digest = Given.New, Version = "42.2", Reason = reason, Message = message, At = Given.Now.AddMinutes(-30) },
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_reads_from_the_oldest_to_the_newest(bool wide) => Golden.Verify(string.Join('\n', HistoryText.Lines(Entries, "edge", wide)), wide ? "history-wide.txt" : "history.txt");

    [Fact]
    public void Programs_get_whole_digests_and_exact_durations()
    {
        var entries = HistoryText.Document(NodeRecords.Of(Updated, Given.Now))["entries"]!.AsArray();

        Assert.Equal(
            $$$$"""{"at":"2026-12-01T10:05:30Z","subject":"Node node-01","result":"Updated","from":{"digest":"{{{{Given.Old}}}}","version":"42.1"},"to":{"digest":"{{{{Given.New}}}}","version":"42.2"},"took":"5m30s","steps":{"staging":"15m","drain":"1m30s","reboot":"2m10s","verify":"1m20s","soak":"30s"}}""",
            Assert.Single(entries)!.ToJsonString());
    }

    [Fact]
    public void What_the_agent_timed_in_another_attempt_is_not_told_of_this_one()
    {
        var retried = Updated with { Status = Updated.Status! with { Attempt = 4 } };

        var steps = Assert.Single(NodeRecords.Of(retried, Given.Now)).Steps!;

        Assert.Equal((null, null, null, TimeSpan.FromSeconds(90)), (steps.Staging, steps.Reboot, steps.Verify, steps.Drain));
    }

    [Fact]
    public void Nothing_is_said_to_be_nothing()
    {
        Assert.Equal("Nothing is recorded for node-1 yet.", Assert.Single(HistoryText.Lines(NodeRecords.Of(Given.System("node-1"), Given.Now), "node-1", wide: false)).Text);
        Assert.Equal("""{"entries":[]}""", HistoryText.Document([]).ToJsonString());
    }
}
