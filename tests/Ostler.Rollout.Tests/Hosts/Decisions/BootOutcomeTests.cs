using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Rollout.Tests.Hosts.Decisions;

/// <summary>
/// After the boot: what became of the order, told from what runs. The order is always to boot 2 from 1, given in the first boot.
/// </summary>
public sealed class BootOutcomeTests
{
    private static readonly FinalizationReport Failure = new(Finalization.Failed, "Installing kernel: No space left on device");

    private static readonly Dictionary<string, (HostState Host, string Expected)> Cases = new()
    {
        ["the target runs"] = (HostWith("2* 1", SecondBoot, Pending()), "Verify 2"),
        ["the target runs, the record was lost"] = (HostWith("2* 1", SecondBoot), "Verify 2"),
        ["the target runs although its finalization failed afterwards"] = (HostWith("2* 1", SecondBoot, Pending(), Failure), "Verify 2"),
        ["the target runs and something is staged already"] = (HostWith("3l 2* 1", SecondBoot, Pending()), "Verify 2"),
        ["the old tree runs, finalization failed"] = (HostWith("1*", SecondBoot, Pending(), Failure), "RolledBack FinalizationFailed!"),
        ["the old tree runs, nothing is known of a finalization"] =
            (HostWith("1*", SecondBoot, Pending(), new(Finalization.NeverRan)), "RolledBack FinalizationNeverRan!"),
        ["the old tree runs, the target was locked"] =
            (HostWith("1*", SecondBoot, Pending(), new(Finalization.SkippedLocked)), "RolledBack FinalizationNeverRan!"),
        ["the old tree runs, the record was lost"] = (HostWith("1*", SecondBoot), "RolledBack FinalizationNeverRan!"),
        ["the old tree runs, the target is in front"] = (HostWith("2 1*", SecondBoot, Pending()), "RolledBack BootFellBack!"),
        ["the old tree runs, the target was put back"] = (HostWith("1* 2", SecondBoot, Pending()), "RolledBack BootFellBack!"),
        ["the old tree runs, the target is there and a failure is on record"] = (HostWith("2 1*", SecondBoot, Pending(), Failure), "RolledBack BootFellBack!"),
        ["the old tree runs, the target was staged once more by hand"] =
            (HostWith("2l 1*", SecondBoot, Pending(), new(Finalization.NeverRan)), "RolledBack FinalizationNeverRan!"),
        ["the host's watchdog went back"] = (HostWith("1* 2", "boot-3", Pending()) with { Watchdog = Armed(WatchdogState.Fired, SecondBoot) }, "RolledBack WatchdogExpired!"),
        ["the host's watchdog went back while only the API server was missing"] =
            (HostWith("1* 2", "boot-3", Pending()) with
            {
                Watchdog = Armed(WatchdogState.Fired, SecondBoot) with
                {
                    ChecksPassSince = Noon,
                    ApiUnreachableSince = Noon
                }
            },
                "RolledBack ApiUnreachable!"),
        ["the host's watchdog went back, the API server missing and checks failing"] =
            (HostWith("1* 2", "boot-3", Pending()) with
            {
                Watchdog = Armed(WatchdogState.Fired,
                SecondBoot) with
                { ApiUnreachableSince = Noon }
            }, "RolledBack WatchdogExpired!"),
        ["the host's watchdog went back and a power cut hid it"] =
            (HostWith("1* 2", "boot-3", Pending()) with { Watchdog = Armed(WatchdogState.Firing, SecondBoot) }, "RolledBack WatchdogExpired!"),
        ["the watchdog was armed, and did not act"] = (HostWith("1* 2", SecondBoot, Pending()) with { Watchdog = Armed() }, "RolledBack BootFellBack!"),
        ["the watchdog acted in another attempt"] =
            (HostWith("1* 2", "boot-3", Pending()) with { Watchdog = Armed(WatchdogState.Fired, SecondBoot) with { Attempt = 7 } }, "RolledBack BootFellBack!"),
        ["the watchdog acted on another node of this name"] =
            (HostWith("1* 2", "boot-3", Pending()) with { Watchdog = Armed(WatchdogState.Fired, SecondBoot) with { NodeUid = "uid-2" } }, "RolledBack BootFellBack!"),
        ["the watchdog is going back just now"] =
            (HostWith("1 2*", SecondBoot, Pending()) with { Watchdog = Armed(WatchdogState.Fired, SecondBoot) }, "RollingBack WatchdogExpired! +120s"),
        ["the watchdog wanted to go back and could not"] =
            (HostWith("2* 1", SecondBoot, Pending()) with { Watchdog = Armed(WatchdogState.Firing, SecondBoot) with { Error = "no room" } }, "Verify 2"),
        ["a third tree runs"] = (HostWith("3* 1", SecondBoot, Pending()), "Failed UnexpectedTree!"),
        ["a third tree runs, with the target at hand"] = (HostWith("3* 2 1", SecondBoot, Pending()), "Failed UnexpectedTree!"),
        ["the host booted twice"] = (HostWith("1* 2", "boot-3", Pending()), "RolledBack BootFellBack!"),
    };

    public static TheoryData<string> Labels => [.. Cases.Keys];

    [Theory, MemberData(nameof(Labels))]
    public void Is_derived(string label)
    {
        var (host, expected) = Cases[label];
        Assert.Equal(expected, AgentDecisionTests.Describe(AgentDecision.Decide(Uid, Boot(2, 1), host)));
    }

    [Fact]
    public void Whoever_else_took_the_host_back_is_named()
    {
        var host = HostWith("1* 2", SecondBoot, Pending()) with { FellBackBecause = "greenboot declared it red in every try, and its boot loader fell back" };

        Assert.Contains("greenboot declared it red", Assert.IsType<AgentAction.Report>(AgentDecision.Decide(Uid, Boot(2, 1), host)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_finalization_is_told_in_the_words_of_the_host()
    {
        var action = AgentDecision.Decide(Uid, Boot(2, 1), HostWith("1*", SecondBoot, Pending(), Failure));

        Assert.Contains("Installing kernel: No space left on device", Assert.IsType<AgentAction.Report>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_agents_own_record_tells_boots_apart_better_than_the_order_does()
    {
        // The controller gave the order in the first boot; by the time that the agent carried it out, the node had been rebooted by hand.
        var host = HostWith("2s 1*", SecondBoot, Pending(bootID: SecondBoot));

        Assert.False(BootOutcome.IsNewBoot(Uid, Boot(2, 1), host));
        Assert.True(BootOutcome.IsNewBoot(Uid, Boot(2, 1), host with { Boot = new HostBoot("boot-3", null) }));
    }
}
