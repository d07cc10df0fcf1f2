using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Rollout.Tests.Hosts.Decisions;

/// <summary>
/// The whole table of the watchdog. Times are minutes since the boot; the record is of a boot into 2 from 1, armed in the first boot, for
/// ten minutes.
/// </summary>
public sealed class WatchdogDecisionTests
{
    private static readonly Dictionary<string, (WatchdogRecord? Record, string Boot, int Minutes, WatchdogObservation? Sight, string Expected)> Cases = new()
    {
        ["no record"] = (null, SecondBoot, 60, Runs(2), "Nothing"),
        ["the boot in which it was armed"] = (Armed(), FirstBoot, 60, Runs(2), "Nothing"),
        ["time is left"] = (Armed(), SecondBoot, 9, Runs(2), "Wait"),
        ["time is up, nobody has looked"] = (Armed(), SecondBoot, 10, null, "Look"),
        ["time is up on the tree on trial"] = (Armed(), SecondBoot, 10, Runs(2), "RollBack"),
        ["time is up long ago"] = (Armed(), SecondBoot, 10_000, Runs(2), "RollBack"),
        ["the previous image runs"] = (Armed(), SecondBoot, 60, Runs(1), "Nothing"),
        ["a third tree runs"] = (Armed(), SecondBoot, 60, Runs(3), "Nothing"),
        ["the tool does not say what runs"] = (Armed(), SecondBoot, 60, new WatchdogObservation(null, false), "Wait"),
        ["a later boot of the tree on trial"] = (Armed(), "boot-9", 10, Runs(2), "RollBack"),
        ["greenboot has not decided"] = (Armed(), SecondBoot, 19, Runs(2, assessing: true), "Wait"),
        ["greenboot does not decide at all"] = (Armed(), SecondBoot, 20, Runs(2, assessing: true), "RollBack"),
        ["greenboot has not decided on the former tree"] = (Armed(), SecondBoot, 60, Runs(1, assessing: true), "Nothing"),
        ["going back was begun in this boot"] = (Armed(WatchdogState.Firing, SecondBoot), SecondBoot, 11, Runs(2), "RollBack"),
        ["going back was begun in this boot, greenboot has not decided"] = (Armed(WatchdogState.Firing, SecondBoot), SecondBoot, 11, Runs(2, assessing: true), "RollBack"),
        ["a power cut in the middle of going back, and time is left"] = (Armed(WatchdogState.Firing, SecondBoot), "boot-3", 9, Runs(2), "Wait"),
        ["a power cut in the middle of going back, and time is up"] = (Armed(WatchdogState.Firing, SecondBoot), "boot-3", 10, Runs(2), "RollBack"),
        ["a power cut in the middle of going back, which had worked"] = (Armed(WatchdogState.Firing, SecondBoot), "boot-3", 10, Runs(1), "Nothing"),
        ["it has fired in this boot just now"] = (Armed(WatchdogState.Fired, SecondBoot), SecondBoot, 11, null, "Wait"),
        ["it has fired in this boot and the host does not go down"] = (Armed(WatchdogState.Fired, SecondBoot), SecondBoot, 17, null, "RebootByForce"),
        ["it has fired and the former tree runs"] = (Armed(WatchdogState.Fired, SecondBoot), "boot-3", 60, Runs(1), "Nothing"),
        ["it has fired and the tree on trial runs all the same"] = (Armed(WatchdogState.Fired, SecondBoot), "boot-3", 60, Runs(2), "Nothing"),
        ["odd: target and former tree are one"] = (Armed() with { Target = Commit(1) }, SecondBoot, 60, Runs(1), "Nothing"),
        ["odd: no target"] = (Armed() with { Target = "" }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: no former tree"] = (Armed() with { Previous = "" }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: no boot"] = (Armed() with { ArmedIn = "" }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: no time"] = (Armed() with { TimeoutSeconds = 0 }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: time runs backwards"] = (Armed() with { TimeoutSeconds = -1 }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: time without end"] = (Armed() with { TimeoutSeconds = long.MaxValue }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: a state of another version"] = (Armed((WatchdogState)7), SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: a format of another version"] = (Armed() with { Format = 2 }, SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: fired, and nobody knows when"] = (Armed(WatchdogState.Fired), SecondBoot, 60, Runs(2), "Nothing"),
        ["odd: the kernel does not name the boot"] = (Armed(), "", 60, Runs(2), "Nothing"),
    };

    public static TheoryData<string> Labels => [.. Cases.Keys];

    [Theory, MemberData(nameof(Labels))]
    public void Decides(string label)
    {
        var (record, boot, minutes, sight, expected) = Cases[label];
        Assert.Equal(expected, WatchdogDecision.Decide(record, boot, TimeSpan.FromMinutes(minutes), sight).GetType().Name);
    }

    [Fact]
    public void It_goes_back_only_in_a_later_boot_of_the_tree_on_trial_whose_time_is_up_and_never_after_it_has_fired()
    {
        string[] boots = ["", FirstBoot, SecondBoot, "boot-3"];
        int[] minutes = [0, 9, 10, 19, 20, 10_000];
        WatchdogObservation?[] sights = [null, .. from tree in new string?[] { null, Commit(1), Commit(2), Commit(3) } from open in new[] { false, true } select new WatchdogObservation(tree, open)];
        var records =
            from state in Enum.GetValues<WatchdogState>()
            from firedIn in new[] { null, FirstBoot, SecondBoot, "boot-3" }
            from target in new[] { 1, 2 }
            select Armed(state, firedIn, target);
        var decided = 0;
        foreach (var record in records)
        {
            foreach (var (boot, up, sight) in from boot in boots from up in minutes from sight in sights select (boot, TimeSpan.FromMinutes(up), sight))
            {
                var step = WatchdogDecision.Decide(record, boot, up, sight);
                var label = $"{record.State} {record.FiredIn} {record.Target[0]} {boot} {up} {sight}: {step}";
                if (step is WatchdogStep.RollBack)
                {
                    decided++;
                    Assert.True(record.State != WatchdogState.Fired, label);
                    Assert.True(boot != record.ArmedIn && boot.Length > 0, label);
                    Assert.True(sight?.Booted == record.Target && record.Target != record.Previous, label);
                    Assert.True(up >= record.Timeout || record.FiredIn == boot, label);
                }

                Assert.True(step is not WatchdogStep.RebootByForce || (record.State == WatchdogState.Fired && record.FiredIn == boot), label);
            }
        }

        Assert.InRange(decided, 20, 500);
    }

    private static WatchdogObservation Runs(int tree, bool assessing = false) => new(Commit(tree), assessing);
}
