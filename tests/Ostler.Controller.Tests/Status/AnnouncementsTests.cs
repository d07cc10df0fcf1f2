using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Status;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Plan;

namespace Ostler.Controller.Tests.Status;

public sealed class AnnouncementsTests
{
    private readonly List<string> _published = [];
    private readonly Announcements _announcements;

    public AnnouncementsTests() =>
        _announcements = new((regarding, type, reason, message, action) => _published.Add($"{regarding.Kind}/{regarding.Name} {type} {reason}: {message} [{action}]"));

    [Fact]
    public void A_node_is_told_of_at_each_step_that_the_controller_takes_with_it()
    {
        _announcements.Applied(Apply(Goal.Stage, Reasons.Staging));
        _announcements.Applied(new NodeAction.Cordon("n", "u", "edge", Given.Now, Reasons.SlotGranted, "m") { Grants = true });
        _announcements.Applied(Apply(Goal.Boot, Reasons.DrainCompleted));
        _announcements.Applied(Apply(Goal.Boot, Reasons.Soaking));
        _announcements.Applied(new NodeAction.Uncordon("n", "u", "edge", Reasons.Updated, "m"));
        _announcements.Applied(Apply(Goal.Observe, Reasons.Updated));

        Assert.Equal(
            [
                "Node/n Normal SlotGranted: m [Cordon]", "Node/n Normal DrainCompleted: m [Boot]", "Node/n Normal Soaking: m [Boot]",
                    "Node/n Normal Updated: m [Observe]",
            ],
            _published);
    }

    [Fact]
    public void What_went_wrong_is_a_warning_whatever_the_action()
    {
        _announcements.Applied(Apply(Goal.Rollback, Reasons.HealthTimedOut) with { IsWarning = true });

        Assert.Equal(["Node/n Warning HealthTimedOut: m [Rollback]"], _published);
    }

    [Fact]
    public void A_gate_is_told_of_when_it_closes_breaks_and_opens_again()
    {
        string?[] turns = [null, Reasons.WaitingForGate, Reasons.GateOpen, Reasons.GateClosed, Reasons.GateClosed, Reasons.GateError,
            Reasons.WaitingForGate, Reasons.GateMissing, Reasons.GateOpen];
        for (var i = 1; i < turns.Length; i++)
        {
            _announcements.Changed(Gated(turns[i - 1]), Gated(turns[i]));
        }

        Assert.Equal(
            [
                "UpgradePolicy/edge Normal GateClosed: m [Report]", "UpgradePolicy/edge Warning GateError: m [Report]",
                "UpgradePolicy/edge Warning GateMissing: m [Report]", "UpgradePolicy/edge Normal GateOpen: m [Report]",
            ],
            _published);

        static UpgradePolicy Gated(string? reason) => Given.Policy("edge") with
        {
            Status = new() { Gates = reason is null ? null : [new() { Name = "ceph", Reason = reason, Message = "m" }] },
        };
    }

    /// <summary>
    /// Whoever reads an Event finds its reason in a condition of the object, and a program may look for the one or the other.
    /// </summary>
    [Fact]
    public void An_Event_on_a_policy_has_the_reason_of_the_condition_that_changed()
    {
        string[] types = [.. typeof(ConditionTypes).GetFields().Select(f => (string)f.GetValue(null)!)];
        foreach (var type in types)
        {
            foreach (var status in (ConditionStatus[])[ConditionStatus.True, ConditionStatus.False])
            {
                _announcements.Changed(Report(type, status == ConditionStatus.True ? ConditionStatus.False : ConditionStatus.True, "Before"), Report(type, status, $"{type}Is{status}"));
            }
        }

        Assert.All(_published, e => Assert.Matches("^UpgradePolicy/edge (Normal|Warning) [A-Za-z]+Is(True|False): m ", e));
        Assert.Contains(_published, e => e.Contains("Warning NotifiedIsFalse", StringComparison.Ordinal));
        Assert.Contains(_published, e => e.Contains("Warning HaltedIsTrue", StringComparison.Ordinal));
        Assert.True(_published.Count >= 8, string.Join('\n', _published));

        static UpgradePolicy Report(string type, ConditionStatus status, string reason) =>
            Given.Policy("edge", status: new() { Conditions = [new() { Type = type, Status = status, Reason = reason, Message = "m" }] });
    }

    [Fact]
    public void A_check_that_cannot_be_made_is_told_of_once_for_each_node()
    {
        BlockedNode one = new() { Node = "n1", Reason = Reasons.HealthCheckError, Message = "refused" };
        BlockedNode other = new() { Node = "n2", Reason = Reasons.HealthCheckMissing, Message = "no sample" };
        BlockedNode drained = new() { Node = "n3", Reason = Reasons.DrainBlocked, Message = "a budget" };
        UpgradePolicy[] reports = [Blocked(), Blocked(one, drained), Blocked(one with { Message = "timed out" }, drained), Blocked(one, other), Blocked(other), Blocked(one, other)];

        foreach (var (before, after) in reports.Zip(reports.Skip(1)))
        {
            _announcements.Changed(before, after);
        }

        Assert.Equal(
            [
                "Node/n1 Warning HealthCheckError: refused [Verify]",
                "Node/n2 Warning HealthCheckMissing: no sample [Verify]",
                "Node/n1 Warning HealthCheckError: refused [Verify]",
            ],
            _published);

        static UpgradePolicy Blocked(params BlockedNode[] nodes) => Given.Policy("edge", status: new() { Blocked = nodes });
    }

    [Fact]
    public void A_node_is_told_of_at_each_step_that_its_agent_reports_and_only_while_a_policy_wants_something_of_it()
    {
        NodeStep[] steps = [NodeStep.Idle, NodeStep.Staging, NodeStep.Staged, NodeStep.Staged, NodeStep.Rebooting, NodeStep.Verifying,
            NodeStep.Updated];
        foreach (var policy in (string?[])["edge", null])
        {
            foreach (var (before, after) in steps.Zip(steps.Skip(1)))
            {
                _announcements.Stepped(new(InformerEventType.Updated, Of(policy, before), Of(policy, after)));
            }
        }

        Assert.Equal(
            [
                "Node/n Normal Staged: 42 (000000000000) is staged. It is not used before the node is drained. [Boot]",
                "Node/n Normal Rebooting: The node reboots into 42 (000000000000). [Boot]",
                "Node/n Normal Verifying: The node runs 42 (000000000000). Health checks are in progress. [Boot]",
            ],
            _published.Select(e => e.Replace(Given.Digest[..12], "000000000000", StringComparison.Ordinal)));

        static NodeOS Of(string? policy, NodeStep step) => new()
        {
            Metadata = new() { Name = "n" },
            Spec = new() { Policy = policy, Goal = Goal.Boot, Image = new() { Digest = Given.Digest, Version = "42" } },
            Status = new() { Step = step },
        };
    }

    [Fact]
    public void A_policy_is_told_of_when_a_user_pauses_resumes_and_approves()
    {
        var going = Given.Policy("edge");
        var paused = Next(going, s => s with { Paused = true });
        var resumed = Next(paused, s => s with { Paused = false });
        var approved = Next(resumed, s =>
            s with { Rollout = s.Rollout with { Approvals = [new() { Wave = "canary", Digest = Given.Digest }] } });
        UpgradePolicy[] versions = [going, paused, paused with { Status = new() }, resumed, approved, Next(approved, s => s)];
        foreach (var (before, after) in versions.Zip(versions.Skip(1)))
        {
            _announcements.Edited(new(InformerEventType.Updated, before, after));
        }

        Assert.Equal(["Paused", "Resumed", "WaveApproved"], _published.Select(e => e.Split(' ', ':')[2]));
        Assert.All(_published, e => Assert.StartsWith("UpgradePolicy/edge Normal ", e, StringComparison.Ordinal));

        static UpgradePolicy Next(UpgradePolicy policy, Func<UpgradePolicySpec, UpgradePolicySpec> edit) =>
            policy with { Metadata = policy.Metadata with { Generation = policy.Metadata.Generation + 1 }, Spec = edit(policy.Spec) };
    }

    [Fact]
    public void A_policy_is_told_of_when_its_rollout_starts_when_windows_turn_and_at_each_wave()
    {
        UpgradePolicyStatus[] reports =
        [
            Report(null, Of(ConditionTypes.WindowOpen, ConditionStatus.True, "Open")),
            Report("a", Of(ConditionTypes.WindowOpen, ConditionStatus.True, "Open"), Wave("a", Reasons.WaitingForApproval),
                Wave("b", Reasons.WaitingForWave)),
            Report("a", Of(ConditionTypes.WindowOpen, ConditionStatus.True, "Open"), Wave("a", Reasons.RollingOut),
                Wave("b", Reasons.WaitingForWave)),
            Report("a", Of(ConditionTypes.WindowOpen, ConditionStatus.False, "OutsideWindow"), Wave("a", Reasons.RollingOut),
                Wave("b", Reasons.WaitingForWave)),
            Report("a", Of(ConditionTypes.WindowOpen, ConditionStatus.True, "Open"), Wave("a", Reasons.WaveSoaking, 3),
                Wave("b", Reasons.WaitingForWave)),
            Report("b", Of(ConditionTypes.WindowOpen, ConditionStatus.True, "Open"), Wave("a", Reasons.Succeeded, 3),
                Wave("b", Reasons.RollingOut)),
        ];
        foreach (var (before, after) in reports.Zip(reports.Skip(1)))
        {
            _announcements.Changed(Given.Policy("edge", status: before), Given.Policy("edge", status: after));
        }

        Assert.Equal(
            ["RollingOut", "WaitingForApproval", "WaveStarted", "OutsideWindow", "Open", "WaveCompleted", "WaveStarted"],
            _published.Select(e => e.Split(' ', ':')[2]));
        Assert.All(_published, e => Assert.StartsWith("UpgradePolicy/edge Normal ", e, StringComparison.Ordinal));

        static WaveStatus Wave(string name, string reason, int updated = 0) =>
            new() { Name = name, Total = 3, Updated = updated, CompletedAt = updated == 3 ? Given.Now : null, Reason = reason };

        static UpgradePolicyStatus Report(string? wave, Condition window, params WaveStatus[] waves) => new()
        {
            Target = new() { Digest = Given.Digest, Version = "42" },
            StartedAt = wave is null ? null : Given.Now,
            Nodes = new() { Total = 6 },
            Wave = wave,
            Waves = waves,
            Conditions = [window],
        };
    }

    public static TheoryData<string, Condition?, Condition, string?> Transitions => new()
    {
        { "halted", null, Of(ConditionTypes.Halted, ConditionStatus.True, Reasons.TooManyFailures), "Warning TooManyFailures" },
        { "not halted to begin with", null, Of(ConditionTypes.Halted, ConditionStatus.False, Reasons.NoFailures), null },
        { "no longer halted", Of(ConditionTypes.Halted, ConditionStatus.True, "x"), Of(ConditionTypes.Halted, ConditionStatus.False, Reasons.NoFailures), "Normal NoFailures" },
        { "still halted", Of(ConditionTypes.Halted, ConditionStatus.True, "x"), Of(ConditionTypes.Halted, ConditionStatus.True, "x"), null },
        { "conflicted", Of(ConditionTypes.Conflicted, ConditionStatus.False, "x"), Of(ConditionTypes.Conflicted, ConditionStatus.True, Reasons.PolicyConflict), "Warning PolicyConflict" },
        { "complete", Of(ConditionTypes.Ready, ConditionStatus.False, "x"), Of(ConditionTypes.Ready, ConditionStatus.True, Reasons.UpToDate), "Normal UpToDate" },
        { "under way", Of(ConditionTypes.Ready, ConditionStatus.True, "x"), Of(ConditionTypes.Ready, ConditionStatus.False, Reasons.RollingOut), null },
        { "refused", null, Of(ConditionTypes.Accepted, ConditionStatus.False, Reasons.NotSupportedYet), "Warning NotSupportedYet" },
        { "waits for workloads in vain", null, Of(ConditionTypes.Stalled, ConditionStatus.True, Reasons.WorkloadsNotRecovered), "Warning WorkloadsNotRecovered" },
        {
            "still waits for them", Of(ConditionTypes.Stalled, ConditionStatus.True, Reasons.WorkloadsNotRecovered),
            Of(ConditionTypes.Stalled, ConditionStatus.True, Reasons.WorkloadsNotRecovered), null
        },
        { "at a standstill of which another condition tells", null, Of(ConditionTypes.Stalled, ConditionStatus.True, Reasons.TooManyFailures), null },
        { "accepted", null, Of(ConditionTypes.Accepted, ConditionStatus.True, Reasons.Succeeded), null },
    };

    [Theory, MemberData(nameof(Transitions))]
    public void A_policy_is_told_of_when_a_condition_turns(string label, Condition? before, Condition after, string? published)
    {
        Assert.NotEmpty(label);
        _announcements.Changed(
            Given.Policy("edge", status: new() { Conditions = before is null ? null : [before] }),
            Given.Policy("edge", status: new() { Conditions = [after] }));

        Assert.Equal(published is null ? [] : [$"UpgradePolicy/edge {published}: m [Report]"], _published);
    }

    [Fact]
    public void An_image_is_told_of_when_it_names_another_tree_and_when_it_cannot_be_resolved()
    {
        var resolved = new OSImageStatus { Resolved = new() { Reference = "acme:edge", Digest = Given.Digest, Version = "42", ResolvedAt = Given.Now } };
        var failed = resolved with { Conditions = [Of(ConditionTypes.Ready, ConditionStatus.False, Reasons.RefNotFound)] };
        _announcements.Changed(Given.Image(), Given.Image(status: resolved));
        _announcements.Changed(Given.Image(status: resolved), Given.Image(status: failed));
        _announcements.Changed(Given.Image(status: failed), Given.Image(status: failed));

        Assert.Equal([$"OSImage/edge Normal Resolved: acme:edge is {Given.Digest} (42). [Resolve]", "OSImage/edge Warning RefNotFound: m [Resolve]"], _published);
    }

    private static NodeAction.ApplySpec Apply(Goal goal, string reason) => new("n", "u", new() { Goal = goal }, reason, "m");

    private static Condition Of(string type, ConditionStatus status, string reason) => new() { Type = type, Status = status, Reason = reason, Message = "m" };
}
