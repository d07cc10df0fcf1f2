using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Rollout.Tests.Hosts.Decisions;

/// <summary>
/// The whole table: each goal, in each state in which a host can be found. Expected is the action, or the step and the reason that are
/// reported.
/// </summary>
public sealed class AgentDecisionTests
{
    private static readonly NodeFailure Failed =
        new() { Digest = Commit(2), Attempt = 1, Reason = Reasons.HealthTimedOut, Message = "kubelet.service is failed", At = Noon };

    private static readonly Dictionary<string, (NodeOSSpec Spec, HostState Host, string Expected)> Cases = new()
    {
        ["observe: nothing was ever asked"] = (Observe(), HostWith("1*"), "Idle Observing"),
        ["observe: an old tree beside it"] = (Observe(), HostWith("2* 1"), "Idle Observing"),
        ["observe: the image runs"] = (Observe(2), HostWith("2* 1"), "Updated Updated"),
        ["observe: another image was meant"] = (Observe(2), HostWith("1* 2"), "Idle Observing"),
        ["observe: it failed and went back"] = (Observe(2, Failed), HostWith("1* 2"), "RolledBack RolledBack"),
        ["observe: it failed and must not go back"] = (Observe(2, Failed), HostWith("2* 1"), "Failed HealthTimedOut"),
        ["observe: it could not be staged"] = (Observe(2, Failed with { Reason = Reasons.StagingFailed }), HostWith("1*"), "Idle Observing"),
        ["observe: an older attempt failed"] = (Observe(2, Failed with { Attempt = 0 }), HostWith("2* 1"), "Updated Updated"),
        ["observe: a boot was called off after the unlocking"] = (Observe(2), HostWith("2s 1*"), "Lock 2"),
        ["observe: a boot was called off before the unlocking"] = (Observe(2), HostWith("2l 1*"), "Idle Observing"),
        ["observe: somebody else staged something"] = (Observe(2), HostWith("3s 1*"), "Idle Observing"),
        ["observe: no deployment is booted"] = (Observe(), HostWith("1"), "Idle HostNotSupported!"),

        ["stage: not there"] = (Stage(2), HostWith("1*"), "Stage 2"),
        ["stage: another one is staged"] = (Stage(2), HostWith("3l 1*"), "Stage 2"),
        ["stage: staged and locked"] = (Stage(2), HostWith("2l 1*"), "Staged Staged"),
        ["stage: staged and unlocked"] = (Stage(2), HostWith("2s 1*"), "Lock 2"),
        ["stage: runs already"] = (Stage(2), HostWith("2* 1"), "Updated Updated"),
        ["stage: was kept from before"] = (Stage(2), HostWith("1* 2"), "Stage 2"),
        ["stage: was handed to the bootloader and did not come up"] = (Stage(2), HostWith("2 1*"), "Stage 2"),
        ["anew: packages are layered"] = (Anew(Goal.Stage), Changed("2*", RevertMethod.Redeploy), "Stage 2 anew"),
        ["anew: staged and locked"] = (Anew(Goal.Stage), Changed("2l 2*", RevertMethod.Redeploy), "Staged Staged"),
        ["anew: staged and unlocked"] = (Anew(Goal.Stage), Changed("2s 2*", RevertMethod.Redeploy), "Lock 2"),
        ["anew: staged with the packages"] = (Anew(Goal.Stage), Changed("2l 2*", RevertMethod.Redeploy, "strace"), "Stage 2 anew"),
        ["anew: a reboot undoes it"] = (Anew(Goal.Stage), Changed("2*", RevertMethod.Reboot), "Staged Staged"),
        ["anew: there is nothing to undo any more"] = (Anew(Goal.Stage), HostWith("2*"), "Updated Updated"),
        ["anew: the order was of a former attempt"] = (Anew(Goal.Stage) with { Attempt = 2 }, Changed("2*", RevertMethod.Redeploy), "Updated Updated"),
        ["anew: on the way to another tree"] = (Anew(Goal.Stage), Changed("1*", RevertMethod.Redeploy), "Stage 2 anew"),
        ["anew: only a return"] = (Anew(Goal.Stage) is var s ? s with { Reconcile = s.Reconcile! with { DropsChanges = false } } : s, Changed("2*", RevertMethod.Redeploy), "Updated Updated"),
        ["anew: boot what is staged"] = (Anew(Goal.Boot), Changed("2l 2*", RevertMethod.Redeploy), "Boot 2"),
        ["anew: boot what is finalized"] = (Anew(Goal.Boot), Changed("2 2*", RevertMethod.Redeploy), "Boot 2 finalized"),
        ["anew: what was staged is gone"] = (Anew(Goal.Boot), Changed("2*", RevertMethod.Redeploy), "Idle NotStaged!"),
        ["anew: only reboot"] = (Anew(Goal.Boot), Changed("2*", RevertMethod.Reboot), "Boot 2 finalized"),
        ["anew: undone by somebody meanwhile"] = (Anew(Goal.Boot), HostWith("2*"), "Idle NotStaged!"),
        ["anew: booted"] = (Anew(Goal.Boot), HostWith("2* 2", SecondBoot), "Verify 2"),
        ["anew: booted, and changed again"] = (Anew(Goal.Boot), Changed("2* 2", RevertMethod.Redeploy, bootID: SecondBoot), "Verify 2"),

        ["reboot: the image runs"] = (Reboot(Goal.Stage), HostWith("2* 1"), "Staged Staged"),
        ["reboot: the image runs, changed"] = (Reboot(Goal.Stage), Changed("2*", RevertMethod.Redeploy), "Staged Staged"),
        ["reboot: another image runs"] = (Reboot(Goal.Stage), HostWith("1* 2"), "Stage 2"),
        ["reboot: now"] = (Reboot(Goal.Boot), HostWith("2* 1"), "Boot 2 finalized"),
        ["reboot: another image is staged and locked"] = (Reboot(Goal.Boot), HostWith("3l 2* 1"), "Boot 2 finalized"),
        ["reboot: somebody staged another image"] = (Reboot(Goal.Boot), HostWith("3s 2* 1"), "Idle NotStaged!"),
        ["reboot: another image is the next boot's"] = (Reboot(Goal.Boot), HostWith("1 2*"), "Idle NotStaged!"),
        ["reboot: booted"] = (Reboot(Goal.Boot), HostWith("2* 1", SecondBoot), "Verify 2"),
        ["reboot: it is over"] = (Reboot(Goal.Observe), HostWith("2* 1", SecondBoot), "Updated Updated"),

        ["stage: without an image"] = (new NodeOSSpec { Goal = Goal.Stage }, HostWith("1*"), "Idle Invalid!"),

        ["boot: staged and locked"] = (Boot(2, 1), HostWith("2l 1*"), "Boot 2"),
        ["boot: staged and unlocked already"] = (Boot(2, 1), HostWith("2s 1*"), "Boot 2"),
        ["boot: finalized by a shutdown that was called off"] = (Boot(2, 1), HostWith("2 1*"), "Boot 2 finalized"),
        ["boot: nothing is staged"] = (Boot(2, 1), HostWith("1* 3"), "Idle NotStaged!"),
        ["boot: another one is staged"] = (Boot(2, 1), HostWith("3l 1*"), "Idle NotStaged!"),
        ["boot: another one is staged before the one that is meant"] = (Boot(2, 1), HostWith("3s 2 1*"), "Idle NotStaged!"),
        ["boot: only kept for a rollback"] = (Boot(2, 1), HostWith("1* 2"), "Idle NotStaged!"),
        ["boot: runs since before the order"] = (Boot(2, 1), HostWith("2* 1"), "Idle NotStaged!"),
        ["boot: without an image"] = (new NodeOSSpec { Goal = Goal.Boot }, HostWith("1*"), "Idle Invalid!"),
        ["boot: ordered a moment ago"] = (Boot(2, 1), HostWith("2s 1*", pending: Pending(at: Noon.AddSeconds(-30))), "Rebooting WaitingForReboot +90s"),
        ["boot: ordered and going down"] =
            (Boot(2, 1), HostWith("2 1*", pending: Pending(at: Noon.AddMinutes(-9)), shuttingDown: true), "Rebooting WaitingForReboot +120s"),
        ["boot: ordered, and nothing came of it"] = (Boot(2, 1), HostWith("2s 1*", pending: Pending(at: Noon.AddMinutes(-3))), "Boot 2"),
        ["boot: ordered, finalized, and still up"] = (Boot(2, 1), HostWith("2 1*", pending: Pending(at: Noon.AddMinutes(-3))), "Boot 2 finalized"),
        ["boot: ordered in the future, by a clock that was set back"] = (Boot(2, 1), HostWith("2s 1*", pending: Pending(at: Noon.AddDays(1))), "Boot 2"),
        ["boot: the record is of a former attempt"] = (Boot(2, 1, attempt: 2), HostWith("2l 1*", pending: Pending()), "Boot 2"),
        ["boot: the record is of a former node of this name"] = (Boot(2, 1), HostWith("2l 1*", pending: Pending() with { NodeUid = "other" }), "Boot 2"),
        ["boot: the record is of another tree"] = (Boot(2, 1), HostWith("2l 1*", pending: Pending(target: 3)), "Boot 2"),
        ["boot: the controller does not know the boot"] = (Boot(2, 1, bootID: null), HostWith("2l 1*"), "Boot 2"),

        ["rollback: the new tree runs"] = (Rollback(1, 2), HostWith("2* 1", SecondBoot), "RollBack 1"),
        ["rollback: something else runs"] = (Rollback(1, 2), HostWith("3* 1", SecondBoot), "RollBack 1"),
        ["rollback: the former tree is gone"] = (Rollback(1, 2), HostWith("2*", SecondBoot), "RollBack 1"),
        ["rollback: something is staged"] = (Rollback(1, 2), HostWith("3s 2* 1", SecondBoot), "RollBack 1"),
        ["rollback: queued, not yet rebooted"] = (Rollback(1, 2), HostWith("1 2*", SecondBoot), "RollBack 1"),
        ["rollback: never left the former tree"] = (Rollback(1, 2), HostWith("1*"), "RolledBack RolledBack"),
        ["rollback: never left it, the new one is staged and locked"] = (Rollback(1, 2), HostWith("2l 1*"), "RolledBack RolledBack"),
        ["rollback: never left it, the new one is staged and unlocked"] = (Rollback(1, 2), HostWith("2s 1*"), "KeepPrevious 1"),
        ["rollback: never left it, the new one is the bootloader's"] = (Rollback(1, 2), HostWith("2 1*"), "KeepPrevious 1"),
        ["rollback: came back"] = (Rollback(1, 2), HostWith("1* 2", "boot-3"), "RolledBack RolledBack"),
        ["rollback: ordered a moment ago"] =
            (Rollback(1, 2), HostWith("1 2*", SecondBoot, Pending(Goal.Rollback, 1, 2, SecondBoot)), "RollingBack RollingBack +120s"),
        ["rollback: ordered, and nothing came of it"] =
            (Rollback(1, 2), HostWith("1 2*", SecondBoot, Pending(Goal.Rollback, 1, 2, SecondBoot, at: Noon.AddMinutes(-3))), "RollBack 1"),
        ["rollback: rebooted, and the new tree came up again"] =
            (Rollback(1, 2), HostWith("1 2*", "boot-3", Pending(Goal.Rollback, 1, 2, SecondBoot)), "Failed RollbackImpossible!"),
        ["rollback: the record is of the boot before"] = (Rollback(1, 2), HostWith("2* 1", SecondBoot, Pending()), "RollBack 1"),
        ["rollback: without where to"] = (new NodeOSSpec { Goal = Goal.Rollback }, HostWith("2* 1"), "Idle Invalid!"),
    };

    /// <summary>An order to undo what was changed on the host.</summary>
    private static NodeOSSpec Anew(Goal goal) => (goal == Goal.Stage ? Stage(2) : Boot(2, 2)) with
    {
        Reconcile = new() { Digest = Commit(2), Attempt = 1, Reason = Reasons.PackagesLayered, DropsChanges = true },
    };

    /// <summary>An order to reboot into what runs.</summary>
    private static NodeOSSpec Reboot(Goal goal) => goal switch
    {
        Goal.Stage => Stage(2) with { RebootBefore = Noon },
        Goal.Boot => Boot(2, 2) with { RebootBefore = Noon },
        Goal.Observe => Observe(2),
        _ => throw new ArgumentOutOfRangeException(nameof(goal), goal, "no reboot has this goal"),
    };

    private static HostState Changed(string deployments, RevertMethod undo, string? stagedWith = null, string bootID = FirstBoot)
    {
        var host = HostWith(deployments, bootID);
        return host with
        {
            RevertMethod = undo,
            Deployments = new([.. host.Deployments.All.Select(d => d.Staged && stagedWith is not null ? d with { Packages = [stagedWith] } : d)]),
        };
    }

    public static TheoryData<string> Labels => [.. Cases.Keys];

    [Theory, MemberData(nameof(Labels))]
    public void Decides(string label)
    {
        var (spec, host, expected) = Cases[label];
        Assert.Equal(expected, Describe(AgentDecision.Decide(Uid, spec, host)));
    }

    [Fact]
    public void Every_goal_in_every_state_of_the_host_gives_an_action()
    {
        string[] marks = ["*", "s", "l", ""];
        var states =
            from first in Enumerable.Range(1, 3)
            from second in Enumerable.Range(0, 4)
            from markOfFirst in marks
            from markOfSecond in marks
            select second == 0 ? $"{first}{markOfFirst}" : $"{first}{markOfFirst} {second}{markOfSecond}";
        NodeOSSpec[] specs = [Observe(), Observe(2), Observe(2, Failed), Stage(2), Boot(2, 1), Rollback(1, 2), Anew(Goal.Stage), Anew(Goal.Boot)];
        PendingBoot?[] records = [null, Pending(), Pending(Goal.Rollback, 1, 2), Pending(bootID: "other")];
        foreach (var state in states)
        {
            foreach (var spec in specs)
            {
                foreach (var record in records)
                {
                    var host = HostWith(state, pending: record);
                    var action = AgentDecision.Decide(Uid, spec, host);
                    var rebootsForward = action is AgentAction.Boot;

                    Assert.True(!rebootsForward || (spec.Goal == Goal.Boot && host.Deployments.All.Any(d => d.Digest == Commit(2))), $"{spec.Goal} {state}: {action}");
                    Assert.True(action is not (AgentAction.RollBack or AgentAction.KeepPrevious) || spec.Goal == Goal.Rollback, $"{spec.Goal} {state}: {action}");
                }
            }
        }
    }

    internal static string Describe(AgentAction action) => action switch
    {
        AgentAction.Report report => $"{report.Step} {report.Reason}{(report.IsError ? "!" : "")}{(report.RequeueAfter is { } after ? $" +{after.TotalSeconds:0}s" : "")}",
        AgentAction.Stage stage => $"Stage {stage.Image.Version![0]}{(stage.DiscardLocalChanges ? " anew" : "")}",
        AgentAction.Lock relock => $"Lock {relock.Image.Version![0]}",
        AgentAction.Boot boot => $"Boot {boot.Image.Version![0]}{(boot.Finalized ? " finalized" : "")}",
        AgentAction.Verify verify => $"Verify {verify.Image.Version![0]}",
        AgentAction.RollBack back => $"RollBack {back.Previous.Version![0]}",
        AgentAction.KeepPrevious keep => $"KeepPrevious {keep.Previous.Version![0]}",
        _ => action.ToString(),
    };
}
