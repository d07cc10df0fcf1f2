using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Cli.Status;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Status;

/// <summary>What a person sees of a policy.</summary>
public class StatusTextTests
{
    public static TheoryData<string> Names => [.. Stories.Keys];

    private static Dictionary<string, (UpgradePolicy Policy, bool Wide)> Stories => new()
    {
        ["unobserved"] = (Given.Policy(), false),
        ["rolling-out"] = (Given.Policy(status: Given.RollingOut), false),
        ["rolling-out-wide"] = (Given.Policy(status: Given.RollingOut with { Blocked = Many(12) }), true),
        ["many-blocked"] = (Given.Policy(status: Given.Status(Reasons.NodesBlocked) with { Blocked = Many(12) }), false),
        ["halted"] = (Given.Policy(status: Given.Halted), false),
        ["waits-for-approval"] = (Given.Policy(status: Given.WaitsForApproval("canary"), spec: s => Given.Manual(s, "canary")), false),
        ["paused-outside-window"] = (Given.Policy(
            status: Given.Status(Reasons.OutsideWindow) with { ObservedGeneration = 1, NextWindow = Given.Now.AddHours(13), Nodes = new() { Total = 3, Staged = 3 } }, spec: s => s with { Paused = true }), false),
        ["drifted"] = (Given.Policy(
            status: Given.Status(Reasons.UpToDate, ConditionStatus.True) with
            {
                Nodes = new() { Total = 3, Updated = 3, Drifted = 1 },
                DistinctDigests = 2,
                Digests = [new() { Digest = Given.New, Version = "42.2", Nodes = 2 }, new() { Digest = new string('d', 64), Nodes = 1 }],
                Drifted = [new() { Node = "node-2", Reason = Reasons.PackagesLayered, Message = "Packages were layered, replaced or removed (-) on the host: strace." }],
            }), false),
        ["gates"] = (Given.Policy(status: Gated), false),
        ["gates-wide"] = (Given.Policy(status: Gated), true),
        ["not-told"] = (Given.Policy(status: Given.NotTold), false),
        ["not-told-wide"] = (Given.Policy(status: Given.NotTold), true),
        ["complete"] = (Given.Policy(
            status: Given.Status(Reasons.UpToDate, ConditionStatus.True) with
            {
                Nodes = new() { Total = 3, Updated = 3 },
                StartedAt = Given.Now.AddHours(-2),
                CompletedAt = Given.Now.AddMinutes(-20),
                EstimatedCompletion = Given.Now.AddMinutes(-20),
            }), false),
    };

    private static UpgradePolicyStatus Gated => Given.Status(Reasons.GateClosed) with
    {
        Nodes = new() { Total = 3, Staged = 2, Pending = 1 },
        Gates =
        [
            new() { Name = "ceph", Reason = Reasons.GateOpen, Message = "Gate ceph is open: CephCluster rook-ceph/rook-ceph.",
                Since = Given.Now.AddHours(-1), ObservedAt = Given.Now.AddSeconds(-9) },
            new() { Name = "alerts", Reason = Reasons.GateClosed,
                Message = "Gate alerts is closed: am.example: 1 alert active: CephHealthError.", Since = Given.Now.AddMinutes(-4),
                    ObservedAt = Given.Now.AddSeconds(-4) },
            new() { Name = "backup", Reason = Reasons.GateMissing,
                Message = "Gate backup finds nothing to judge: no pod matches the selector.", Since = Given.Now.AddHours(-3),
                    ObservedAt = Given.Now.AddSeconds(-4) },
        ],
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_status_reads(string story)
    {
        var (policy, wide) = Stories[story];

        Golden.Verify(string.Join('\n', StatusText.Lines(policy, Given.Now, wide)), $"{story}.txt");
    }

    [Fact]
    public void A_small_screen_shows_waves_flights_and_blocked_nodes_within_its_width()
    {
        var policy = Given.Policy(status: Given.RollingOut with { Blocked = Many(12) });

        var screen = Printer.Fit(StatusText.Lines(policy, Given.Now), 80, 23);

        Assert.InRange(screen.Count, 10, 23);
        Assert.All(screen, l => Assert.InRange(l.Text.Length, 0, 80));
        Assert.All((string[])["Waves", "In flight", "Blocked"], title => Assert.Contains(title, screen.Select(l => l.Text)));
        Assert.DoesNotContain("Conditions", screen.Select(l => l.Text));
    }

    [Fact]
    public void A_wider_cell_hangs_in_its_column_where_there_is_room()
    {
        Line[] wrapped = [.. Printer.Wrapped(StatusText.Lines(Given.Policy(status: Given.RollingOut), Given.Now), 100)];

        var first = wrapped.Select((l, i) => (l, i)).Single(x => x.l.Text.StartsWith("  node-05", StringComparison.Ordinal));
        Assert.Equal(first.l.Hang, wrapped[first.i + 1].Text.TakeWhile(c => c == ' ').Count());
        Assert.All(wrapped, l => Assert.InRange(l.Text.Length, 0, 100));
    }

    [Fact]
    public void What_a_wrong_condition_says_is_said_once()
    {
        var stalled = Given.Status(Reasons.NodesBlocked, ConditionStatus.False,
            Given.Condition(ConditionTypes.Stalled, ConditionStatus.True, Reasons.NodesBlocked, "So it is."));

        Assert.Single(StatusText.Lines(Given.Policy(status: stalled), Given.Now), l =>
            l.Text.Contains("So it is.", StringComparison.Ordinal));
    }

    [Fact]
    public void An_image_says_when_it_is_polled_next_and_how_to_poll_now()
    {
        var image = Given.Image(status: new() { NextPollAt = Given.Now.AddMinutes(7) });
        var broken = image with
        {
            Status = image.Status! with
            {
                Conditions =
                [Given.Condition(ConditionTypes.Ready, ConditionStatus.False, Reasons.RefNotFound, "acme has no branch acme/edge.")]
            },
        };

        Assert.Equal(["Next poll of edge-os: 2026-12-01T12:07:00Z, in 7m"], ImageText.Lines(image, Given.Now).Select(l => l.Text));
        Assert.Equal(
            [
                "Image edge-os is not ready: RefNotFound: acme has no branch acme/edge.",
                "Next poll of edge-os: 2026-12-01T12:07:00Z, in 7m. Resolve it now: kubectl ostler refresh edge-os",
            ],
            ImageText.Lines(broken, Given.Now).Select(l => l.Text));
        Assert.Contains("Next poll of edge-os",
            string.Join('\n', StatusText.Lines(Given.Policy(status: Given.RollingOut), Given.Now, image: image)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_policies_read(bool wide)
    {
        UpgradePolicy[] policies = [.. Stories.Where(s => !s.Key.EndsWith("-wide", StringComparison.Ordinal)).Select(s => s.Value.Policy with { Metadata = new() { Name = s.Key, Generation = 2 } })];

        Golden.Verify(string.Join('\n', PolicyTable.Lines(policies, Given.Now, wide)), wide ? "table-wide.txt" : "table.txt");
    }

    [Theory]
    [InlineData("unobserved", "edge Unobserved: 0/0 updated")]
    [InlineData("rolling-out", "edge RollingOut: 4/10 updated; 2 blocked; node-05 Cordoned, node-06 Rebooting")]
    [InlineData("halted", "edge TooManyFailures: 1/3 updated; 1 failed")]
    public void A_log_has_a_line_of_it(string story, string line) => Assert.Equal(line, WatchLine.Of(Stories[story].Policy));

    [Fact]
    public void Ready_for_a_former_spec_is_not_ready()
    {
        var ready = Given.Status(Reasons.UpToDate, ConditionStatus.True);

        Assert.True(PolicyState.IsReady(Given.Policy(status: ready)));
        Assert.False(PolicyState.IsReady(Given.Policy(status: ready with { ObservedGeneration = 1 })));
        Assert.False(PolicyState.IsReady(Given.Policy()));
    }

    [Fact]
    public void A_tone_tells_good_from_bad() => Assert.Equal(
        [Tone.Good, Tone.Bad, Tone.Attention, Tone.Plain], ((string[])["complete", "halted", "paused-outside-window", "rolling-out"]).Select(s => PolicyState.Tone(Stories[s].Policy)));

    private static BlockedNode[] Many(int count) => [.. Enumerable.Range(1, count).Select(i => new BlockedNode { Node = $"node-{i:00}", Reason = Reasons.NodeNotReady, Message = "Not Ready." })];
}
