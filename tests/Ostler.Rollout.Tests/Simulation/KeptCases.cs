using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// Random cases that once failed, shrunk: <see cref="InvariantTests"/> prints them in this form. Each is run for ever. The last four were
/// written by hand and never failed.
/// </summary>
public class KeptCases
{
    private static readonly (string What, RolloutCase Case)[] Cases =
    [
        ("a node of the control plane that is held after a failure keeps the others waiting, and only a person can end it",
            new() { Seed = 40408428, Nodes = 2, MaxUnavailable = IntOrPercent.Count(3), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 120, OnTimeout = DrainTimeoutAction.Hold, Automatic = false, MaxFailures = 2, Checks = [1, 1], Pace = new() { WaveSoakMinutes = 7, WindowMinutes = 15, ControlPlane = 3 }, Faults = [new("check", 8, 1, 15)] }),
        ("the only slot is held after a failure, and nobody may stage ahead of a free one",
            new() { Seed = 1411956716, Nodes = 7, StageAhead = IntOrPercent.Count(0), SoakSeconds = 0, DrainMinutes = 3, Automatic = false, MaxFailures = 2, MinAvailable = 7, HasRules = true, Pace = new() { Waves = 2, Threshold = 50 }, Faults = [new("check", 38, 4, 19), new("boot", 16, 4, 11), new("uncordon", 9, 3, 12), new("agent away", 19, 0, 4)] }),
        ("nodes beside a conflict wait for the only slot, which a person's cordon takes up",
            new() { Seed = 1188280167, Nodes = 3, SoakSeconds = 120, DrainMinutes = 10, OnTimeout = DrainTimeoutAction.Hold, Automatic = false, MaxFailures = 2, Pace = new() { Threshold = 50 }, Faults = [new("cordon", 6, 0, 1), new("second policy", 6, 6, 7)] }),
        ("nodes beside a conflict wait for a slot, and a check failed on the node that holds it",
            new() { Seed = 483882999, Nodes = 7, MaxUnavailable = IntOrPercent.Percent(50), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 0, DrainMinutes = 3, Automatic = false, MaxFailures = 3, MinAvailable = 8, Checks = [2], Pace = new() { WaveSoakMinutes = 7 }, Faults = [new("check", 9, 4, 6), new("second policy", 30, 1, 16)] }),
        ("a primary whose only other home was deleted is held, as onTimeout: Hold asks",
            new() { Seed = 1497128745, Nodes = 5, MaxUnavailable = IntOrPercent.Count(2), SoakSeconds = 0, DrainMinutes = 3, OnTimeout = DrainTimeoutAction.Hold, HasRules = true, Capacity = 2, Preflight = DrainPreflight.Ignore, HasPrimaries = true, Pace = new() { Waves = 3, Threshold = 50 }, Faults = [new("deleted", 32, 6, 8)] }),
        ("nodes that go back for others wait for a node of the control plane that a person cordoned",
            new() { Seed = 1200130221, Nodes = 5, MaxUnavailable = IntOrPercent.Percent(50), StageAhead = IntOrPercent.Percent(25), SoakSeconds = 120, DrainMinutes = 3, OnTimeout = DrainTimeoutAction.Release, Automatic = true, MaxFailures = 0, Scope = RollbackScope.Wave, MinAvailable = null, HasRules = false, Capacity = null, Preflight = DrainPreflight.Respect, HasPrimaries = false, Checks = [], Pace = new() { Waves = 2, Threshold = 100, WaveSoakMinutes = 0, WindowMinutes = 0, Domains = 0, ControlPlane = 2 }, Faults = [new("boot", 19, 4, 18), new("cordon", 20, 0, 12)] }),
        ("the last node of a policy cannot go back, as the control plane is short of one",
            new() { Seed = 1716937608, Nodes = 2, MaxUnavailable = IntOrPercent.Count(2), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 30, DrainMinutes = 10, OnTimeout = DrainTimeoutAction.Release, Automatic = true, MaxFailures = 0, Scope = RollbackScope.Policy, MinAvailable = null, HasRules = false, Capacity = null, Preflight = DrainPreflight.Ignore, HasPrimaries = false, Checks = [], Pace = new() { Waves = 0, Threshold = 50, WaveSoakMinutes = 0, WindowMinutes = 0, Domains = 0, ControlPlane = 3 }, Faults = [new("pause", 39, 0, 19), new("boot", 27, 0, 0), new("selector", 32, 6, 20), new("staging fails", 21, 4, 8)] }),
        ("the horizon comes in the middle of one of the tries that a budget will never let through",
            new() { Seed = 61966419, Nodes = 2, MaxUnavailable = IntOrPercent.Count(3), StageAhead = IntOrPercent.Percent(25), SoakSeconds = 120, DrainMinutes = 3, OnTimeout = DrainTimeoutAction.Release, Automatic = true, MaxFailures = 1, HasRules = true, Capacity = 2, Preflight = DrainPreflight.Ignore, HasPrimaries = true, Faults = [new("deleted", 23, 3, 0)] }),
        ("a node whose agent is silent after its reboot is not put into service because a user retries",
            new() { Seed = 591637407, Nodes = 1, MaxUnavailable = IntOrPercent.Percent(50), StageAhead = IntOrPercent.Count(0), SoakSeconds = 120, DrainMinutes = 10, OnTimeout = DrainTimeoutAction.Hold, Automatic = false, MaxFailures = 1, Scope = RollbackScope.Node, MinAvailable = null, HasRules = true, Capacity = null, Preflight = DrainPreflight.Ignore, HasPrimaries = false, HasVolumes = false, Softly = false, Checks = [], Pace = new() { Waves = 0, Threshold = 100, WaveSoakMinutes = 7, WindowMinutes = 38, Domains = 0, ControlPlane = 0 }, Faults = [new("retry", 28, 0, 15), new("agent", 22, 2, 7), new("uncordon", 12, 6, 8), new("controller", 30, 3, 11), new("agent away", 10, 4, 17)] }),
        ("a person cordons a node that still carries the mark of Ostler, whose cordon another took away",
            new() { Seed = 1702624402, Nodes = 2, MaxUnavailable = IntOrPercent.Percent(50), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 30, DrainMinutes = 10, OnTimeout = DrainTimeoutAction.Release, Automatic = true, MaxFailures = 1, Scope = RollbackScope.Node, MinAvailable = null, HasRules = true, Capacity = null, Preflight = DrainPreflight.Respect, HasPrimaries = true, HasVolumes = true, Softly = false, Checks = [], Pace = new() { Waves = 0, Threshold = 100, WaveSoakMinutes = 0, WindowMinutes = 24, Domains = 0, ControlPlane = 0 }, Faults = [new("joins", 37, 1, 5), new("cordon", 19, 3, 11), new("joins", 28, 4, 15), new("uncordon", 16, 3, 14), new("api away", 10, 6, 11), new("agent away", 16, 5, 6), new("volumes", 15, 5, 1)] }),
        ("policy and NodeOS are deleted while an agent is silent after its reboot",
            new() { Seed = 1900318499, Nodes = 3, MaxUnavailable = IntOrPercent.Count(3), StageAhead = IntOrPercent.Count(0), SoakSeconds = 0, DrainMinutes = 3, OnTimeout = DrainTimeoutAction.Release, Automatic = false, MaxFailures = 1, Scope = RollbackScope.Node, MinAvailable = null, HasRules = false, Capacity = null, Preflight = DrainPreflight.Respect, HasPrimaries = true, HasVolumes = false, Softly = false, Checks = [], Pace = new() { Waves = 1, Threshold = 100, WaveSoakMinutes = 7, WindowMinutes = 0, Domains = 0, ControlPlane = 0 }, Faults = [new("target", 15, 2, 10), new("nodeos deleted", 40, 2, 11), new("policy deleted", 38, 4, 19), new("agent away", 29, 5, 4)] }),
        ("a canary that is held after a failure, which a user has asked to retry, keeps its place",
            new()
            {
                Seed = 1632069375, Nodes = 2, MaxUnavailable = IntOrPercent.Count(2), SoakSeconds = 120, OnTimeout = DrainTimeoutAction.Force,
                Automatic = false, MaxFailures = 1, Preflight = DrainPreflight.Ignore, Pace = new() { Waves = 3 },
                Faults = [new("bad tree", 43, 2, 4), new("retry", 19, 2, 5)],
            }),
        ("a node that is released before its reboot, and waits for its workloads, is not called updated",
            new()
            {
                Seed = 294753439, Nodes = 6, MaxUnavailable = IntOrPercent.Count(3), StageAhead = IntOrPercent.Count(0), SoakSeconds = 120,
                DrainMinutes = 3, OnTimeout = DrainTimeoutAction.Hold, MinAvailable = 6, Capacity = 3, HasPrimaries = true,
                MinAgeMinutes = 40, Checks = [1, 2], Pace = new() { Waves = 1, ControlPlane = 3 },
                Faults = [new("deleted", 33, 4, 17), new("reboot", 36, 6, 7)],
            }),
        ("a node that was to go back for others is released on the target, and waits for what its drain displaced",
            new() { Seed = 1191981302, Nodes = 6, MaxUnavailable = IntOrPercent.Count(2), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 0, DrainMinutes = 10, OnTimeout = DrainTimeoutAction.Force, Automatic = true, MaxFailures = 0, Scope = RollbackScope.Policy, MinAvailable = 8, HasRules = false, Capacity = null, Preflight = DrainPreflight.Respect, HasPrimaries = true, HasVolumes = false, Softly = false, Checks = [], Pace = new() { Waves = 0, Threshold = 100, WaveSoakMinutes = 7, WindowMinutes = 0, Domains = 0, ControlPlane = 0 }, Faults = [new("retry", 38, 3, 18), new("boot", 42, 5, 15)] }),
        ("a NodeOS is deleted while its node is held after a failure and the target has changed",
            new() { Seed = 487409878, Nodes = 1, MaxUnavailable = IntOrPercent.Count(3), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 0, DrainMinutes = 3, OnTimeout = DrainTimeoutAction.Release, Automatic = false, MaxFailures = 3, Scope = RollbackScope.Node, MinAvailable = null, HasRules = false, Capacity = null, Preflight = DrainPreflight.Respect, HasPrimaries = false, HasVolumes = false, Softly = false, MinAgeMinutes = 0, Checks = [], Pace = new() { Waves = 0, Threshold = 100, WaveSoakMinutes = 0, WindowMinutes = 0, Domains = 0, ControlPlane = 0 }, Gates = [], Faults = [new("nodeos deleted", 24, 0, 1), new("boot", 20, 0, 4), new("target", 15, 0, 14)] }),
        ("a gate at the start of a wave closes while the wave goes on with a node that was released",
            new() { Seed = 687976523, Nodes = 3, MaxUnavailable = IntOrPercent.Count(3), StageAhead = IntOrPercent.Percent(100), SoakSeconds = 0, DrainMinutes = 30, OnTimeout = DrainTimeoutAction.Release, Automatic = true, MaxFailures = 0, Scope = RollbackScope.Node, MinAvailable = 7, HasRules = false, Capacity = null, Preflight = DrainPreflight.Ignore, HasPrimaries = false, HasVolumes = false, Softly = false, MinAgeMinutes = 0, Checks = [], Pace = new() { Waves = 2, Threshold = 50, WaveSoakMinutes = 0, WindowMinutes = 0, Domains = 0, ControlPlane = 0 }, Gates = [new() { At = GatePoint.Wave, OfNodes = false, ForSeconds = 0, OnError = GateErrorHandling.Close, Says = CheckOutcome.Error, From = 18, Minutes = 40, Times = 3 }], Faults = [new("selector", 26, 1, 14)] }),
        ("a dead machine and one that falls back share a budget of two",
            new() { Seed = 7, Nodes = 4, MaxUnavailable = IntOrPercent.Count(2), MaxFailures = 1, Faults = [new("boot", 0, 0, 0), new("boot", 0, 1, 1), new("controller", 9, 0, 3)] }),
        ("two primaries crosswise, with a slot for each",
            new() { Seed = 11, Nodes = 3, MaxUnavailable = IntOrPercent.Count(2), HasPrimaries = true, Preflight = DrainPreflight.Ignore, Faults = [new("controller", 4, 0, 1)] }),
        ("two primaries crosswise, each on a node of another policy",
            new() { Seed = 17, Nodes = 2, HasPrimaries = true, Preflight = DrainPreflight.Ignore, Faults = [new("selector", 0, 0, 0), new("second policy", 0, 0, 0)] }),
        ("the target changes while a wave soaks",
            new() { Seed = 13, Nodes = 5, Pace = new() { Waves = 2, WaveSoakMinutes = 7 }, Faults = [new("target", 11, 0, 2)] }),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(c => c.What)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_case_that_mattered_keeps_the_invariants_and_ends(string what)
    {
        var run = CaseRun.Of(Cases.Single(c => c.What == what).Case);

        Assert.True(run.Complaints.Count == 0, run.Describe());
    }
}
