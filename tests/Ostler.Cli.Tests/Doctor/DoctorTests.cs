using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Doctor;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Core;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Doctor;

/// <summary>What doctor finds, and that a healthy cluster passes.</summary>
public class DoctorTests
{
    private static readonly IReadOnlyDictionary<string, JsonObject> Shipped = DefinitionCheck.Shipped();

    private static ClusterFacts Healthy => new()
    {
        Now = Given.Now,
        Definitions = Shipped,
        Nodes = [Given.Node("node-1"), Given.Node("node-2")],
        Systems = [Given.System("node-1"), Given.System("node-2")],
        Policies = [Given.Policy(status: Given.Status(Reasons.UpToDate, ConditionStatus.True))],
        Images = [ReadyImage],
        Lease = LeaseOf(secondsAgo: 4),
    };

    private static OSImage ReadyImage => Image(ConditionStatus.True, Reasons.Resolved, "acme:acme/edge is 42.2.");

    private static OSImage Image(ConditionStatus ready, string reason, string message, string name = "edge-os") => Given.Image() with
    {
        Metadata = new() { Name = name },
        Status = new() { Conditions = [Given.Condition(ConditionTypes.Ready, ready, reason, message)] },
    };

    private static OSImage Quarantined(OSImage image) => image with
    {
        Status = image.Status! with
        {
            Quarantined = [.. new[] { '1', '4' }.Select(digit => new QuarantinedDigest
            {
                Digest = new(digit, 64), Reason = Reasons.HealthCheckFailed, Policy = "edge", Since = DateTimeOffset.UnixEpoch,
            })],
        },
    };

    private static NodeOS Drifted(string name, string? reason) => Given.System(name) with
    {
        Status = Given.System(name).Status! with
        {
            Drift = reason is null ? null : new() { Reason = reason, Findings = [new() { Reason = reason, Message = $"The host differs ({reason})." }] },
            Conditions = [Given.Condition(ConditionTypes.Drifted, reason is null ? ConditionStatus.False : ConditionStatus.True, reason ?? Reasons.NoDrift)],
        },
    };

    private static Lease LeaseOf(double secondsAgo, string? holder = "controller-a") =>
        new() { Spec = new() { HolderIdentity = holder, LeaseDurationSeconds = 15, RenewTime = Given.Now.AddSeconds(-secondsAgo) } };

    [Fact]
    public void A_healthy_cluster_has_nothing_to_do()
    {
        var findings = DoctorRun.Look(Healthy, Shipped);

        Assert.All(findings, f => Assert.Equal(Severity.Fine, f.Severity));
        Assert.Equal(6, findings.Count);
        Assert.Equal(0, FindingText.ExitCodeOf(findings));
    }

    public static TheoryData<string> Troubles => [.. Sick.Keys];

    private static Dictionary<string, (ClusterFacts Facts, Severity Worst)> Sick => new()
    {
        ["crd-missing"] = (Healthy with { Definitions = Shipped.Where(d => !d.Key.StartsWith("osimages", StringComparison.Ordinal)).ToDictionary() }, Severity.Broken),
        ["crd-old"] = (Healthy with { Definitions = WithoutSoak() }, Severity.Warning),
        ["controller-never-led"] = (Healthy with { Lease = null }, Severity.Warning),
        ["controller-absent"] = (Healthy with { Lease = null, Policies = [Given.Policy()] }, Severity.Broken),
        ["controller-gone"] = (Healthy with { Lease = LeaseOf(secondsAgo: 95) }, Severity.Broken),
        ["controller-released"] = (Healthy with { Lease = LeaseOf(secondsAgo: 1, holder: "") }, Severity.Broken),
        ["agents"] = (Healthy with
        {
            Nodes = [Given.Node("node-1"), Given.Node("node-2"), Given.Node("node-3"), Given.Node("node-4")],
            Systems = [Given.System("node-1"), Given.System("node-2", booted: null), Given.System("node-3") with { Status = Given.System("x").Status! with { AgentVersion = "0.0.9" } }],
            Policies = [Given.Policy(status: Given.Status(Reasons.NodesBlocked) with { Blocked = [new() { Node = "node-1", Reason = Reasons.AgentSilent }, new() { Node = "node-2", Reason = Reasons.AgentMissing }] })],
        }, Severity.Broken),
        ["cordon-of-nobody"] = (Healthy with { Nodes = [Given.Node("node-1", cordonedBy: "gone"), Given.Node("node-2", cordoned: true)] }, Severity.Warning),
        ["drift"] = (Healthy with
        {
            Nodes = [.. Enumerable.Range(1, 4).Select(i => Given.Node($"node-{i}"))],
            Systems = [Drifted("node-1", Reasons.PackagesLayered), Drifted("node-2", Reasons.PackagesLayered), Drifted("node-3", Reasons.RemoteChanged), Drifted("node-4", null)],
        }, Severity.Warning),
        ["no-drift"] = (Healthy with { Systems = [Drifted("node-1", null), Given.System("node-2")] }, Severity.Fine),
        ["policy-refused"] = (Healthy with
        {
            Policies = [Given.Policy(status: Given.Status(Reasons.NotSupportedYet, ConditionStatus.False, Given.Condition(ConditionTypes.Accepted, ConditionStatus.False, Reasons.NotSupportedYet, "spec.reboot.method SoftReboot is not supported yet: use Auto or Reboot."), Given.Condition(ConditionTypes.Stalled, ConditionStatus.True, Reasons.NotSupportedYet)))],
        }, Severity.Broken),
        ["image-does-not-resolve"] = (Healthy with
        {
            Images = [Image(ConditionStatus.False, Reasons.RefNotFound, "acme has no branch acme/edge."),
                Quarantined(Image(ConditionStatus.False, Reasons.Quarantined, "42.2 is quarantined.", "spare"))],
        }, Severity.Broken),
        ["image-not-observed"] = (Healthy with { Images = [Given.Image()] }, Severity.Warning),
        ["image-missing"] = (Healthy with { Images = [] }, Severity.Broken),
        ["halted"] = (Healthy with { Policies = [Given.Policy(status: Given.Halted)] }, Severity.Broken),
        ["not-told"] = (Healthy with { Policies = [Given.Policy(status: Given.NotTold)] }, Severity.Warning),
        ["stalled"] = (Healthy with { Policies = [Given.Policy(status: Given.Status(Reasons.NodesBlocked, ConditionStatus.False, Given.Condition(ConditionTypes.Stalled, ConditionStatus.True, Reasons.NodesBlocked, "All nodes are blocked.")))] }, Severity.Warning),
        ["waits-and-paused"] = (Healthy with { Policies = [Given.Policy(status: Given.WaitsForApproval("canary"), spec: s => Given.Manual(s, "canary") with { Paused = true })] }, Severity.Note),
        ["gates"] = (Healthy with
        {
            Policies = [Given.Policy(status: Given.Status(Reasons.GateClosed) with
            {
                Gates =
                [
                    new() { Name = "open", Reason = Reasons.GateOpen, Since = Given.Now.AddDays(-1) },
                    new() { Name = "alerts", Reason = Reasons.GateClosed, Message = "Gate alerts is closed: 1 alert active: CephDown.",
                        Since = Given.Now.AddMinutes(-4) },
                    new() { Name = "ceph", Reason = Reasons.GateClosed, Message = "Gate ceph is closed: HEALTH_WARN.",
                        Since = Given.Now.AddHours(-3) },
                    new() { Name = "change", Reason = Reasons.GateError, Message = "Gate change cannot be evaluated: connection refused.",
                        Since = Given.Now.AddMinutes(-4) },
                    new() { Name = "backup", Reason = Reasons.GateMissing, Message = "Gate backup finds nothing to judge: no pod.",
                        Since = Given.Now.AddMinutes(-4) },
                ],
            })],
        }, Severity.Warning),
        ["no-policies"] = (Healthy with { Policies = [] }, Severity.Note),
        ["window-never"] = (Healthy with { Policies = [Windowed("0 0 * * *", "5m")] }, Severity.Broken),
        ["window-odd"] = (Healthy with { Policies = [Windowed("0 0 30 2 *", "4h")] }, Severity.Broken),
        ["window-later"] = (Healthy with { Policies = [Windowed("0 22 * * *", "4h")] }, Severity.Note),
        ["conflict"] = (Healthy with { Policies = [.. Healthy.Policies, Given.Policy("other", Given.Status(Reasons.PolicyConflict))] }, Severity.Broken),
        ["no-node-selected"] = (Healthy with { Policies = [Given.Policy(status: Given.Status(Reasons.NoNodes), spec: s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "none" } } })] }, Severity.Warning),
        ["budgets"] = (Healthy with
        {
            Budgets = [BudgetOf("never", 2, 2, 2), BudgetOf("ill", 1, 2, 3), BudgetOf("daemon", 1, 1, 1), BudgetOf("elsewhere", 1, 1, 1)],
            Pods = [PodOf("never", "node-1"), PodOf("never", "node-2"), PodOf("ill", "node-1"), PodOf("daemon", "node-1", owner: "DaemonSet"), PodOf("elsewhere", "node-9"), PodOf("never", "node-1", phase: "Succeeded")],
        }, Severity.Warning),
    };

    public static TheoryData<string> BudgetsOfDrains => [.. Drains().Keys];

    private static Dictionary<string, (PodDisruptionBudget[] Budgets, Pod[] Pods, Func<UpgradePolicySpec, UpgradePolicySpec> Spec, string? Expected)> Drains()
    {
        var open = BudgetOf("a", 2, 1, 2) with { Status = new() { CurrentHealthy = 2, DesiredHealthy = 1, ExpectedPods = 2, DisruptionsAllowed = 1 } };
        var second = open with { Metadata = new() { Namespace = "shop", Name = "second" } };
        var always = BudgetOf("a", 0, 1, 1) with { Spec = BudgetOf("a", 0, 1, 1).Spec! with { UnhealthyPodEvictionPolicy = "AlwaysAllow" } };
        Func<UpgradePolicySpec, UpgradePolicySpec> skip = s => s with
        {
            Drain = new() { Rules = [new() { PodSelector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "a" } }, Behavior = DrainBehavior.Skip }] },
        };
        var machine = PodOf("a", "node-1", owner: "VirtualMachineInstance");
        machine = machine with { Metadata = machine.Metadata with { Labels = new Dictionary<string, string> { ["app"] = "a", ["kubevirt.io"] = "virt-launcher" } } };
        var never = BudgetOf("a", 1, 1, 1);
        return new()
        {
            ["one that allows a disruption"] = ([open], [PodOf("a", "node-1")], s => s, null),
            ["of a controller without scale"] = ([BudgetOf("a", 0, 0, 0)], [PodOf("a", "node-1")], s => s, "it counts no pods (0 of 0), never allows a disruption"),
            ["two over one pod, each of which would allow it"] = ([open, second], [PodOf("a", "node-1")], s => s, "does not evict pods that several budgets select"),
            ["AlwaysAllow and a pod that is not Ready"] = ([always], [PodOf("a", "node-1", ready: false)], s => s, null),
            ["AlwaysAllow and a pod that is Ready"] = ([always], [PodOf("a", "node-1")], s => s, "it never allows a disruption (1 of 1 must stay)"),
            ["a rule that skips the pod"] = ([never], [PodOf("a", "node-1")], skip, null),
            ["a rule that skips it, of two"] = ([open, second], [PodOf("a", "node-1")], skip, null),
            ["a machine that migrates"] = ([never], [machine], s => s, null),
            ["an operator's pod with another one elsewhere"] = ([never], [PodOf("a", "node-1", owner: "Cluster"), PodOf("a", "node-2", owner: "Cluster")], s => s, null),
            ["an operator's only pod"] = ([never], [PodOf("a", "node-1", owner: "Cluster")], s => s, "it never allows a disruption"),
            ["a pod that does not run yet"] = ([never], [PodOf("a", "node-1", phase: "Pending")], s => s, null),
        };
    }

    /// <summary>What doctor says and what preflight does must be the same.</summary>
    [Theory]
    [MemberData(nameof(BudgetsOfDrains))]
    public void Budgets_are_judged_as_preflight_judges_them(string what)
    {
        var (budgets, pods, spec, expected) = Drains()[what];
        var facts = Healthy with { Budgets = budgets, Pods = pods, Policies = [Given.Policy(spec: spec)] };

        var findings = BudgetCheck.Look(facts).ToArray();

        if (expected is null)
        {
            Assert.Equal(Severity.Fine, Assert.Single(findings).Severity);
        }
        else
        {
            Assert.Contains(expected, Assert.Single(findings, f => f.Severity == Severity.Warning).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_node_that_cannot_run_an_agent_is_no_trouble()
    {
        var windows = new Node { Metadata = new() { Name = "win-1", Labels = new Dictionary<string, string> { ["kubernetes.io/os"] = "windows" } } };

        var findings = AgentCheck.Agents(Healthy with { Nodes = [.. Healthy.Nodes, windows] }).ToArray();

        Assert.DoesNotContain(findings, f => f.Severity is Severity.Broken or Severity.Warning);
        Assert.Contains(findings, f => f.Severity == Severity.Note && f.Message.Contains("win-1 (kubernetes.io/os=windows)", StringComparison.Ordinal));
    }

    [Fact]
    public void Pods_that_the_running_rollout_displaced_are_no_fault()
    {
        var system = Healthy.Systems[0];
        var displacing = system with { Spec = system.Spec with { Displaced = [new() { Kind = "StatefulSet", Namespace = "shop", Name = "a" }] } };
        var facts = Healthy with { Budgets = [BudgetOf("a", 2, 2, 3)], Pods = [PodOf("a", "node-1", owner: "StatefulSet")], Systems = [displacing] };

        var finding = Assert.Single(BudgetCheck.Look(facts));

        Assert.Equal(Severity.Note, finding.Severity);
        Assert.Contains($"displaced pods from {system.Metadata.Name}", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Troubles))]
    public void Trouble_is_found_and_said_what_to_do(string trouble)
    {
        var (facts, worst) = Sick[trouble];

        var findings = DoctorRun.Look(facts, Shipped);

        Assert.Equal(worst, findings.Max(f => f.Severity));
        Assert.Equal(worst switch { Severity.Broken => 2, Severity.Warning => 1, _ => 0 }, FindingText.ExitCodeOf(findings));
        Assert.All(findings.Where(f => f.Severity >= Severity.Warning), f => Assert.False(string.IsNullOrEmpty(f.Remedy)));
        Golden.Verify(string.Join('\n', FindingText.Lines([.. findings.Where(f => f.Severity != Severity.Fine)])), $"{trouble}.txt");
    }

    [Fact]
    public void A_definition_that_is_newer_than_this_command_is_no_trouble()
    {
        var newer = Edited("upgradepolicies.ostler.dev", spec => spec["properties"]!["brandNew"] = new JsonObject { ["type"] = "string" });

        var finding = Assert.Single(DefinitionCheck.Look(newer, Shipped), f => f.Severity != Severity.Fine);

        Assert.Equal((Severity.Note, true), (finding.Severity, finding.Message.Contains("spec.brandNew", StringComparison.Ordinal)));
    }

    private static Dictionary<string, JsonObject> WithoutSoak() => Edited("upgradepolicies.ostler.dev", spec =>
    {
        spec["properties"]!["rollout"]!["properties"]!.AsObject().Remove("soak");
        spec["properties"]!["windows"]!["items"]!["properties"]!.AsObject().Remove("timeZone");
    });

    private static Dictionary<string, JsonObject> Edited(string name, Action<JsonNode> edit)
    {
        var definitions = Shipped.ToDictionary(d => d.Key, d => d.Value.DeepClone().AsObject());
        edit(definitions[name]["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!);
        return definitions;
    }

    private static UpgradePolicy Windowed(string schedule, string duration)
    {
        Assert.True(Duration.TryParse(duration, out var open));
        return Given.Policy(status: Given.Status(Reasons.OutsideWindow), spec: s => s with { Windows = [new() { Schedule = schedule, Duration = open }] });
    }

    private static PodDisruptionBudget BudgetOf(string app, int healthy, int desired, int expected) => new()
    {
        Metadata = new() { Namespace = "shop", Name = app },
        Spec = new() { Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = app } } },
        Status = new() { CurrentHealthy = healthy, DesiredHealthy = desired, ExpectedPods = expected },
    };

    private static Pod PodOf(string app, string node, string owner = "ReplicaSet", string phase = "Running", bool ready = true) => new()
    {
        Metadata = new()
        {
            Namespace = "shop",
            Name = $"{app}-{node}",
            Uid = $"{app}-{node}-{phase}",
            Labels = new Dictionary<string, string> { ["app"] = app },
            OwnerReferences = [new() { ApiVersion = "apps/v1", Kind = owner, Name = app, Uid = "u", Controller = true }],
        },
        Spec = new() { NodeName = node },
        Status = new() { Conditions = [new() { Type = "Ready", Status = ready ? "True" : "False" }], Phase = phase },
    };
}
