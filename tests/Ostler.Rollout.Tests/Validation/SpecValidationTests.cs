using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Validation;

namespace Ostler.Rollout.Tests.Validation;

public class SpecValidationTests
{
    public static TheoryData<string, string, Func<UpgradePolicySpec, UpgradePolicySpec>> Policies => new()
    {
        { "spec.imageRef.name", Reasons.Invalid, s => s with { ImageRef = new() { Name = "" } } },
        { "spec.nodeSelector.matchExpressions[0].values", Reasons.Invalid, s => s with { NodeSelector = Select(LabelOperator.In) } },
        { "spec.nodeSelector.matchExpressions[0].values", Reasons.Invalid, s => s with { NodeSelector = Select(LabelOperator.NotIn) } },
        { "spec.nodeSelector.matchExpressions[0].values", Reasons.Invalid, s => s with { NodeSelector = Select(LabelOperator.Exists, "a") } },
        { "spec.nodeSelector.matchExpressions[0].values", Reasons.Invalid, s => s with { NodeSelector = Select(LabelOperator.DoesNotExist, "a") } },
        {
            "spec.nodeSelector.matchExpressions[0].key", Reasons.Invalid,
            s => s with { NodeSelector = new() { MatchExpressions = [new() { Key = "", Operator = LabelOperator.Exists }] } }
        },
        { "spec.nodeSelector", Reasons.Invalid, s => s with { NodeSelector = new() } },
        { "spec.nodeSelector", Reasons.Invalid, s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string>(), MatchExpressions = [] } } },
        { "spec.rollout.waves[0].nodeSelector", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "c", NodeSelector = new() }) },
        { "spec.rollout.waves[0].nodes", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "c", Nodes = IntOrPercent.Count(0) }) },
        { "spec.rollout.waves[0].nodes", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "c", Nodes = IntOrPercent.Percent(0) }) },
        { "spec.rollout.maxUnavailable", Reasons.Invalid, s => s with { Rollout = new() { MaxUnavailable = IntOrPercent.Count(0) } } },
        { "spec.rollout.maxUnavailable", Reasons.Invalid, s => s with { Rollout = new() { MaxUnavailable = IntOrPercent.Percent(0) } } },
        { "spec.drain.rules[0]", Reasons.Invalid, s => s with { Drain = new() { Rules = [new() { Behavior = DrainBehavior.Skip }] } } },
        { "spec.drain.rules[0].podSelector", Reasons.Invalid, s => s with { Drain = new() { Rules = [new() { PodSelector = new() }] } } },
        {
            "spec.drain.rules[0].namespaceSelector", Reasons.Invalid,
            s => s with { Drain = new() { Rules = [new() { PodSelector = Trees.AllNodes, NamespaceSelector = new() }] } }
        },
        { "spec.health.checks[0].pods.selector", Reasons.Invalid, s => Check(s, new() { Name = "pods", Pods = new() { Selector = new() } }) },
        { "spec.drain.timeout", Reasons.Invalid, s => s with { Drain = new() { Timeout = Duration.Zero } } },
        { "spec.reboot.timeout", Reasons.Invalid, s => s with { Reboot = new() { Timeout = Duration.Zero } } },
        { "spec.health.timeout", Reasons.Invalid, s => s with { Health = new() { Timeout = Duration.Zero } } },
        { "spec.rollout.retryFailuresBefore", Reasons.Invalid, s => s with { Rollout = new() { RetryFailuresBefore = Given.In(6) } } },
        { "spec.health.checks[0]", Reasons.Invalid, s => Check(s, new() { Name = "none" }) },
        { "spec.health.checks[0]", Reasons.Invalid, s => Check(s, new() { Name = "two", Systemd = new() { NoneFailed = true }, Exec = new() { Command = ["/bin/true"] } }) },
        { "spec.health.checks[0].systemd", Reasons.Invalid, s => Check(s, new() { Name = "empty", Systemd = new() }) },
        { "spec.health.checks[0].exec.command", Reasons.Invalid, s => Check(s, new() { Name = "rel", Exec = new() { Command = ["true"] } }) },
        { "spec.health.checks[0].exec.command", Reasons.Invalid, s => Check(s, new() { Name = "rel", Exec = new() { Command = [] } }) },
        { "spec.health.checks[0].exec.command", Reasons.Invalid, s => Check(s, new() { Name = "rel", Exec = new() { Command = [""] } }) },
        {
            "spec.health.checks[1].name", Reasons.Invalid,
            s => s with
            {
                Health = new() { Checks = [new() { Name = "a", Systemd = new() { NoneFailed = true } }, new() { Name = "a", Systemd = new() { Active = ["x.service"] } }] },
            }
        },
        {
            "spec.drain.rules[1].podSelector.matchExpressions[0].values", Reasons.Invalid,
            s => s with { Drain = new() { Rules = [new() { PodSelector = Trees.AllNodes }, new() { PodSelector = Select(LabelOperator.In) }] } }
        },
        {
            "spec.drain.rules[0].namespaceSelector.matchExpressions[0].values", Reasons.Invalid,
            s => s with { Drain = new() { Rules = [new() { NamespaceSelector = Select(LabelOperator.Exists, "a") }] } }
        },
        { "spec.drain.rules[0].order", Reasons.Invalid, s => s with { Drain = new() { Rules = [new() { PodSelector = Trees.AllNodes, Order = 1001 }] } } },
        { "spec.rollout.waves[0]", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "canary" }) },
        { "spec.rollout.waves[0]", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "canary", Nodes = IntOrPercent.Count(1), NodeSelector = Trees.AllNodes }) },
        {
            "spec.rollout.waves[1].name", Reasons.Invalid,
            s => Waves(s, new() { Name = "canary", Nodes = IntOrPercent.Count(1) }, new() { Name = "canary", Nodes = IntOrPercent.Count(2) })
        },
        { "spec.rollout.waves[0].name", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "rest", Nodes = IntOrPercent.Count(1) }) },
        { "spec.rollout.waves[0].nodeSelector.matchExpressions[0].values", Reasons.Invalid, s => Waves(s, new WaveSpec { Name = "c", NodeSelector = Select(LabelOperator.In) }) },
        {
            "spec.rollout.waves[0].successThreshold", Reasons.Invalid,
            s => Waves(s, new WaveSpec { Name = "c", Nodes = IntOrPercent.Count(9), SuccessThreshold = IntOrPercent.Count(8) })
        },
        {
            "spec.rollout.approvals[1].wave", Reasons.Invalid,
            s => s with { Rollout = new() { Approvals = [new() { Wave = "c", Digest = Trees.Old }, new() { Wave = "c", Digest = Trees.New }] } }
        },
        { "spec.rollout.approvals[0].digest", Reasons.Invalid, s => s with { Rollout = new() { Approvals = [new() { Wave = "c", Digest = "42" }] } } },
        { "spec.rollout.topology.key", Reasons.Invalid, s => s with { Rollout = new() { Topology = new() { Key = "" } } } },
        { "spec.rollout.stagingAttempts", Reasons.Invalid, s => s with { Rollout = new() { StagingAttempts = 0 } } },
        { "spec.rollout.topology.maxDomainsAtOnce", Reasons.Invalid, s => s with { Rollout = new() { Topology = new() { MaxDomainsAtOnce = 0 } } } },
        { "spec.rollout.ignoreFreezes", Reasons.Invalid, s => s with { Rollout = new() { IgnoreFreezes = true } } },
        { "spec.rollout.nodeDuration", Reasons.Invalid, s => s with { Rollout = new() { NodeDuration = Duration.Zero } } },
        { "spec.windows[0].schedule", Reasons.Invalid, s => Window(s, "every day") },
        { "spec.windows[0].schedule", Reasons.Invalid, s => Window(s, "0 0 1 * * 6") },
        { "spec.windows[0].schedule", Reasons.Invalid, s => Window(s, "@daily") },
        { "spec.windows[0].schedule", Reasons.Invalid, s => Window(s, "0 25 * * *") },
        { "spec.windows[0].schedule", Reasons.Invalid, s => Window(s, "0 0 30 2 *") },
        { "spec.windows[0].timeZone", Reasons.Invalid, s => Window(s, "0 1 * * *", "Europe/Atlantis") },
        { "spec.windows[0].timeZone", Reasons.Invalid, s => Window(s, "0 1 * * *", "") },
        { "spec.windows[0].duration", Reasons.Invalid, s => Window(s, "0 1 * * *", minutes: 0) },
        { "spec.freezes[0].to", Reasons.Invalid, s => s with { Freezes = [new() { From = Given.Now, To = Given.Now }] } },
        { "spec.rollback.watchdog", Reasons.Invalid, s => s with { Rollback = new() { Watchdog = Duration.FromMinutes(-1) } } },
        { "spec.rollback.watchdog", Reasons.Invalid, s => s with { Rollback = new() { Watchdog = Duration.FromMinutes(15) } } },
        { "spec.rollback.watchdog", Reasons.Invalid, s => s with { Reboot = new() { Timeout = Duration.FromMinutes(3000) }, Rollback = new() { Watchdog = Duration.FromMinutes(1441) } } },
    };

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_policy_is_refused_for(string field, string reason, Func<UpgradePolicySpec, UpgradePolicySpec> change)
    {
        var problem = Assert.Single(SpecValidation.Validate(Trees.Policy(change), Given.Now));

        Assert.Equal((field, reason), (problem.Field, problem.Reason));
        Assert.NotEmpty(problem.Message);

        // And nothing is touched on its behalf.
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1").Label("zone", "a"), Given.Staged("n2").Label("zone", "a")).With(change));
        Assert.Empty(plan.Granted());
        Assert.Empty(plan.StagedNow());
    }

    [Fact]
    public void Every_problem_is_named()
    {
        var spec = Trees.Policy(s => s with
        {
            Windows = [new() { Schedule = "0 1 * * 6", Duration = Duration.Zero }],
            Drain = new() { Timeout = Duration.Zero },
        });

        Assert.Equal(["spec.drain.timeout", "spec.windows[0].duration"], SpecValidation.Validate(spec, Given.Now).Select(p => p.Field));
    }

    [Fact]
    public void A_policy_of_defaults_and_one_of_every_supported_field_are_accepted()
    {
        Assert.Empty(SpecValidation.Validate(Trees.Policy(), Given.Now));
        Assert.Empty(SpecValidation.Validate(
            Trees.Policy(s => s with
            {
                NodeSelector = Select(LabelOperator.In, "a"),
                Paused = true,
                DependsOn = ["control-plane"],
                Windows = [new() { Schedule = "0 1 * * 6", Duration = Duration.FromMinutes(240), TimeZone = "Europe/Berlin" }],
                Freezes = [new() { From = Given.Now, To = Given.In(5) }],
                Rollout = new()
                {
                    MaxUnavailable = IntOrPercent.Count(1),
                    Soak = Duration.Zero,
                    RetryFailuresBefore = Given.In(4),
                    Topology = new() { Key = "rack", MaxDomainsAtOnce = 2 },
                    Waves = [new() { Name = "canary", Nodes = IntOrPercent.Percent(5), Approval = WaveApproval.Manual }, new() { Name = "west", NodeSelector = Trees.AllNodes }],
                    // What is approved of waves that are gone, or that need none, does no harm.
                    Approvals = [new() { Wave = "canary", Digest = "sha256:" + Trees.Old }, new() { Wave = "gone", Digest = Trees.Old }],
                    JoinTaint = true,
                },
                Drain = new()
                {
                    OnTimeout = DrainTimeoutAction.Force,
                    GracePeriod = Duration.Zero,
                    Preflight = DrainPreflight.Ignore,
                    Rules =
                    [
                        new() { PodSelector = Select(LabelOperator.In, "a"), NamespaceSelector = Trees.AllNodes, Behavior = DrainBehavior.WaitCompleted, Order = -1000 },
                        new() { NamespaceSelector = Select(LabelOperator.In, "a"), Behavior = DrainBehavior.Skip },
                    ],
                    VolumeDetachTimeout = Duration.FromMinutes(2),
                    WorkloadTimeout = Duration.Zero,
                },
                Reboot = new() { Method = RebootMethod.Reboot },
                Health = new() { Checks = [new() { Name = "a", Systemd = new() { Active = ["x.service"] } }, new() { Name = "b", Exec = new() { Command = ["/bin/true"] } }, new() { Name = "c", Workloads = new() }] },
                Rollback = new() { Automatic = false, MaxFailures = IntOrPercent.Percent(10) },
            }),
            Given.Now));
    }

    public static TheoryData<string, string, OSImageSpec> Images => new()
    {
        { "spec", Reasons.Invalid, new() },
        { "spec", Reasons.Invalid, Trees.ImageSpec with { Container = new() { Image = "x" } } },
        { "spec.container.image", Reasons.Invalid, Of(new() { Image = "quay.io/Acme/edge" }) },
        { "spec.container", Reasons.Invalid, Of(new() { Image = "x", CaBundle = "pem", CaSecretRef = new() { Namespace = "a", Name = "b" } }) },
        { "spec.container.mirrors[1].location", Reasons.Invalid, Of(new() { Image = "x", Mirrors = [new() { Location = "mirror.example:5000/hub" }, new() { Location = "https://mirror.example" }] }) },
        { "spec.container.mirrors[0].location", Reasons.Invalid, Of(new() { Image = "x", Mirrors = [new() { Location = "hub/acme" }] }) },
        { "spec.container.verification", Reasons.Invalid, Of(new() { Image = "x", Verification = new() }) },
        { "spec.container.verification.cosign", Reasons.Invalid, Of(new() { Image = "x", Verification = new() { Cosign = new() } }) },
        { "spec.container.verification.cosign.publicKey", Reasons.Invalid, Of(new() { Image = "x", Verification = new() { Cosign = new() { PublicKey = "PEM" } } }) },
        {
            "spec.container.verification.cosign.signedRepositories[0]", Reasons.Invalid,
            Of(new() { Image = "x", Verification = new() { Cosign = new() { PublicKeySecretRef = new() { Namespace = "a", Name = "b" }, SignedRepositories = ["quay.io/acme/edge:1"] } } })
        },
        { "spec.ostree.url", Reasons.Invalid, Trees.ImageSpec with { Ostree = Trees.ImageSpec.Ostree! with { Url = null } } },
        { "spec.ostree.commit", Reasons.Invalid, Trees.ImageSpec with { Ostree = Trees.ImageSpec.Ostree! with { Commit = "ABC" } } },
        { "spec.quarantine.deny[1]", Reasons.Invalid, Trees.ImageSpec with { Quarantine = new() { Deny = [Trees.New, "sha256:xyz"] } } },
        { "spec.quarantine.allow[0]", Reasons.Invalid, Trees.ImageSpec with { Quarantine = new() { Allow = ["latest"] } } },
    };

    private static OSImageSpec Of(ContainerSource container) => new() { Container = container };

    [Fact]
    public void A_container_image_is_accepted_with_all_that_can_be_said_of_it() => Assert.Empty(SpecValidation.Validate(Of(new()
    {
        Image = "edge",
        PullSecretRef = new() { Namespace = "a", Name = "b" },
        CaSecretRef = new() { Namespace = "a", Name = "b" },
        PlainHttp = true,
        Mirrors = [new() { Location = "localhost/x/y" }, new() { Location = "mirror.acme.example:5000", PlainHttp = true }],
        Verification = new() { Cosign = new() { PublicKeySecretRef = new() { Namespace = "a", Name = "b" }, SignedRepositories = ["quay.io/acme/edge"] } },
    })));

    [Theory]
    [MemberData(nameof(Images))]
    public void An_image_is_refused_for(string field, string reason, OSImageSpec spec)
    {
        var problem = Assert.Single(SpecValidation.Validate(spec));

        Assert.Equal((field, reason), (problem.Field, problem.Reason));
    }

    [Fact]
    public void An_image_that_follows_a_ref_and_one_that_is_pinned_are_accepted()
    {
        Assert.Empty(SpecValidation.Validate(Trees.ImageSpec));
        Assert.Empty(SpecValidation.Validate(new OSImageSpec
        {
            Ostree = new() { Remote = "acme", Ref = "edge", Commit = Trees.New },
            Quarantine = new() { Deny = ["sha256:" + Trees.Old], Allow = [Trees.Newer] },
        }));
    }

    private static UpgradePolicySpec Check(UpgradePolicySpec spec, HealthCheck check) => spec with { Health = new() { Checks = [check] } };

    private static UpgradePolicySpec Waves(UpgradePolicySpec spec, params WaveSpec[] waves) => spec with { Rollout = spec.Rollout with { Waves = waves } };

    private static UpgradePolicySpec Window(UpgradePolicySpec spec, string schedule, string zone = "UTC", double minutes = 60) =>
        spec with { Windows = [new() { Schedule = schedule, Duration = Duration.FromMinutes(minutes), TimeZone = zone }] };

    private static LabelSelector Select(LabelOperator how, params string[] values) =>
        new() { MatchExpressions = [new() { Key = "zone", Operator = how, Values = values }] };
}
