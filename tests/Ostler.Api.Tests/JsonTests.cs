using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Api.Tests;

/// <summary>What is on the wire. Read and written by the generated code that the programs use.</summary>
public class JsonTests
{
    [Fact]
    public void A_policy_with_nothing_but_what_is_required_has_every_default()
    {
        var policy = Read("""{"metadata":{"name":"edge"},"spec":{"imageRef":{"name":"edge-os"},"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}}}}""", OstlerJson.Default.UpgradePolicy);

        Assert.Equal(("ostler.dev/v1alpha1", "UpgradePolicy", "edge"), (policy.ApiVersion, policy.Kind, policy.Metadata.Name));
        AssertDefaults(policy.Spec);
    }

    [Fact]
    public void A_policy_with_empty_sections_has_every_default() => AssertDefaults(Read(
        """{"metadata":{},"spec":{"imageRef":{"name":"edge-os"},"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}},"rollout":{},"drain":{},"reboot":{},"health":{},"rollback":{}}}""",
        OstlerJson.Default.UpgradePolicy).Spec);

    [Fact]
    public void Defaults_of_nested_lists_are_there_too()
    {
        var spec = Read(
            """
            {"metadata":{},"spec":{"imageRef":{"name":"x"},"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}},
             "rollout":{"topology":{},"waves":[{"name":"canary","nodes":1}]},
             "windows":[{"schedule":"0 1 * * 6","duration":"4h"}],
             "health":{"checks":[{"name":"a","exec":{"command":["/bin/true"]}},{"name":"b","http":{"url":"http://x"}},{"name":"c","workloads":{}}]}}}
            """,
            OstlerJson.Default.UpgradePolicy).Spec;

        Assert.Equal(("topology.kubernetes.io/zone", 1), (spec.Rollout.Topology!.Key, spec.Rollout.Topology.MaxDomainsAtOnce));
        Assert.Equal((IntOrPercent.Percent(100), WaveApproval.Automatic), (spec.Rollout.Waves![0].SuccessThreshold, spec.Rollout.Waves[0].Approval));
        Assert.Equal("UTC", spec.Windows![0].TimeZone);
        Assert.Equal(Duration.FromSeconds(10), spec.Health.Checks![0].Timeout);
        Assert.Equal((Duration.FromSeconds(10), 1, HttpCheckOrigin.Host), (spec.Health.Checks[1].Interval, spec.Health.Checks[1].Successes, spec.Health.Checks[1].Http!.From));
        Assert.Equal(Duration.FromMinutes(10), spec.Health.Checks[2].Workloads!.Timeout);
    }

    [Fact]
    public void An_image_has_its_defaults()
    {
        var image = Read("""{"metadata":{"name":"x"},"spec":{"ostree":{"remote":"acme","ref":"edge"}}}""", OstlerJson.Default.OSImage);

        Assert.Equal((Duration.FromMinutes(10), true), (image.Spec.PollInterval, image.Spec.Ostree!.GpgVerify));
        Assert.Null(image.Status);
    }

    [Fact]
    public void The_agents_own_reader_and_writer_of_a_NodeOS_are_the_same_as_everybodys()
    {
        const string Text = """
            {"apiVersion":"ostler.dev/v1alpha1","kind":"NodeOS","metadata":{"name":"n1","uid":"u","generation":3},
             "spec":{"goal":"Boot","attempt":2,"rebootMethod":"Auto","watchdog":"12m","grantedAt":"2026-11-24T12:00:00Z",
               "image":{"ostree":{"remote":"a","ref":"b"},"digest":"bb"},"previous":{"digest":"aa","bootID":"x","softReboots":2},
               "hostChecks":[{"name":"c","systemd":{"active":["a.service"]}},{"name":"d","http":{"url":"http://x"}}]},
             "status":{"step":"Verifying","bootID":"x","softReboots":3,"reboot":{"method":"SoftReboot"},"booted":{"digest":"bb","serial":1},
               "conditions":[{"type":"Ready","status":"False","reason":"R","message":"m","lastTransitionTime":"2026-11-24T12:00:00Z"}],
               "drift":{"reason":"EtcChanged","etcChanges":1,"etcFiles":["M a"]},"lastError":{"reason":"X","at":"2026-11-24T12:00:00Z"}}}
            """;
        var (agents, everybodys) = (Read(Text, NodeOSJson.Default.NodeOS), Read(Text, OstlerJson.Default.NodeOS));

        Assert.Equal(JsonSerializer.Serialize(everybodys, OstlerJson.Default.NodeOS), JsonSerializer.Serialize(agents, NodeOSJson.Default.NodeOS));
        Assert.Equal((true, 1, 10.0), (agents.Spec.Image!.Ostree!.GpgVerify, agents.Status!.LastError!.Count, agents.Spec.HostChecks![1].Interval.Value.TotalSeconds));
        Assert.Equal((RebootMethod.Auto, 2, RebootKind.SoftReboot), (agents.Spec.RebootMethod, agents.Spec.Previous!.SoftReboots, agents.Status.Reboot!.Method));
    }

    [Fact]
    public void A_NodeOS_without_spec_observes_only()
    {
        var os = Read("""{"metadata":{"name":"n1","uid":"u"}}""", OstlerJson.Default.NodeOS);

        Assert.Equal((Goal.Observe, 0L, null), (os.Spec.Goal, os.Spec.Attempt, os.Spec.Image));
        Assert.Equal("NodeOS", os.Kind);
    }

    [Fact]
    public void False_and_zero_that_are_written_out_are_not_taken_for_absent()
    {
        var spec = Read(
            """
            {"metadata":{},"spec":{"imageRef":{"name":"x"},"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}},"rollout":{"maxUnavailable":0,"stageAhead":0,"soak":"0s"},
             "drain":{"deleteEmptyDirData":false},"rollback":{"automatic":false}}}
            """,
            OstlerJson.Default.UpgradePolicy).Spec;

        Assert.Equal((0, 0, TimeSpan.Zero), (spec.Rollout.MaxUnavailable.Value, spec.Rollout.StageAhead.Value, spec.Rollout.Soak.Value));
        Assert.False(spec.Drain.DeleteEmptyDirData || spec.Rollback.Automatic);
    }

    [Fact]
    public void Whole_objects_come_back_as_they_were_written()
    {
        var at = new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
        RoundTrip(
            new UpgradePolicy
            {
                Metadata = new() { Name = "edge", Uid = "u", Generation = 3, CreationTimestamp = at, Labels = new Dictionary<string, string> { ["a"] = "b" } },
                Spec = new()
                {
                    ImageRef = new() { Name = "x" },
                    NodeSelector = new() { MatchExpressions = [new() { Key = "zone", Operator = LabelOperator.In, Values = ["a"] }] },
                    Drain = new() { OnTimeout = DrainTimeoutAction.Force, GracePeriod = Duration.FromSeconds(5) },
                    Rollout = new() { RetryFailuresBefore = at, MaxUnavailable = IntOrPercent.Percent(10) },
                    Freezes = [new() { From = at, To = at.AddDays(1), Reason = "year end" }],
                },
                Status = new()
                {
                    ObservedGeneration = 3,
                    Conditions = [new() { Type = "Ready", Status = ConditionStatus.True, Reason = "UpToDate", Message = "m", LastTransitionTime = at }],
                    InFlight = [new() { Node = "n1", Step = NodeStep.Soaking, Reason = "Soaking", Since = at }],
                    FailedDigests = [new() { Digest = "d", Reason = "r", At = at }],
                },
            },
            OstlerJson.Default.UpgradePolicy);
        RoundTrip(
            new NodeOS
            {
                Metadata = new() { Name = "n1", OwnerReferences = [new() { ApiVersion = "v1", Kind = "Node", Name = "n1", Uid = "u", Controller = true }] },
                Spec = new()
                {
                    Policy = "edge",
                    Goal = Goal.Rollback,
                    Attempt = 4,
                    Image = new() { Digest = new('a', 64), Ostree = new() { Remote = "acme", Ref = "edge", GpgVerify = false } },
                    Previous = new() { Digest = new('b', 64), BootID = "boot" },
                    Deadlines = new() { Staged = at, Reboot = at, Healthy = at, Rollback = at },
                    Failure = new() { Digest = "d", Reason = "r", At = at },
                    Backoff = new() { Digest = "d", Until = at, Count = 3, Reason = "r" },
                    HostChecks = [new() { Name = "c", Systemd = new() { Active = ["x.service"] } }],
                },
                Status = new() { ObservedGeneration = 9, Step = NodeStep.RollingBack, Booted = new() { Digest = "d", Locked = true }, LastError = new() { Reason = "r", At = at } },
            },
            OstlerJson.Default.NodeOS);
        RoundTrip(
            new OSImage
            {
                Spec = new() { Ostree = new() { Remote = "acme", Ref = "edge" }, Quarantine = new() { Deny = [new('c', 64)] } },
                Status = new()
                {
                    Resolved = new() { Reference = "acme:edge", Digest = new('d', 64), ResolvedAt = at, Platforms = [new() { Platform = "linux/arm64", Digest = "sha256:" + new string('e', 64) }] },
                    Quarantined = [new() { Digest = new('c', 64), Reason = "Denied", Since = at }],
                },
            },
            OstlerJson.Default.OSImage);
    }

    [Fact]
    public void What_is_null_is_left_out_and_enums_are_words()
    {
        var json = JsonSerializer.Serialize(new NodeOS { Spec = new() { Goal = Goal.Stage } }, OstlerJson.Default.NodeOS);

        Assert.DoesNotContain("null", json, StringComparison.Ordinal);
        Assert.Contains("\"goal\":\"Stage\"", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-01T12:00:00Z")]
    [InlineData("2026-11-01T14:00:00+02:00")]
    [InlineData("2026-11-01T12:00:00.999Z")]
    public void Moments_are_written_in_UTC_and_whole_seconds(string text)
    {
        var os = Read($$$"""{"metadata":{"name":"n"},"spec":{"grantedAt":"{{{text}}}"}}""", OstlerJson.Default.NodeOS);

        Assert.Contains("\"grantedAt\":\"2026-11-01T12:00:00Z\"", JsonSerializer.Serialize(os, OstlerJson.Default.NodeOS), StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_a_later_version_are_ignored() =>
        Assert.Equal("edge-os", Read("""{"metadata":{},"spec":{"imageRef":{"name":"edge-os","later":1},"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}},"new":{"x":[1]}}}""", OstlerJson.Default.UpgradePolicy).Spec.ImageRef.Name);

    [Theory]
    [InlineData("""{"metadata":{},"spec":{"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}}}}""")]
    [InlineData("""{"metadata":{},"spec":{"imageRef":{},"nodeSelector":{"matchLabels":{"kubernetes.io/os":"linux"}}}}""")]
    [InlineData("""{"metadata":{}}""")]
    public void What_is_required_is_missed(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, OstlerJson.Default.UpgradePolicy));

    private static void AssertDefaults(UpgradePolicySpec spec)
    {
        Assert.False(spec.Paused);
        Assert.Equal((IntOrPercent.Count(1), IntOrPercent.Percent(25), Duration.FromSeconds(30)), (spec.Rollout.MaxUnavailable, spec.Rollout.StageAhead, spec.Rollout.Soak));
        Assert.Equal(
            (Duration.FromMinutes(30), DrainTimeoutAction.Release, true, UnmanagedPods.Block),
            (spec.Drain.Timeout, spec.Drain.OnTimeout, spec.Drain.DeleteEmptyDirData, spec.Drain.UnmanagedPods));
        Assert.Equal((RebootMethod.Reboot, Duration.FromMinutes(15)), (spec.Reboot.Method, spec.Reboot.Timeout));
        Assert.Equal(Duration.FromMinutes(10), spec.Health.Timeout);
        Assert.Equal((true, RollbackScope.Node, IntOrPercent.Count(0)), (spec.Rollback.Automatic, spec.Rollback.Scope, spec.Rollback.MaxFailures));
        Assert.Null(spec.DependsOn ?? (object?)spec.Windows ?? spec.Freezes ?? (object?)spec.Rollout.Waves ?? spec.Rollback.Watchdog);
    }

    private static void RoundTrip<T>(T value, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.Serialize(value, type);

        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, type)!, type));
        // Every branch that was set is there: a property that cannot be read back would be missing in both.
        Assert.All(typeof(T).GetProperties(), p => Assert.Contains($"\"{char.ToLowerInvariant(p.Name[0])}{p.Name[1..]}\":", json, StringComparison.Ordinal));
    }

    private static T Read<T>(string json, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(json, type)!;
}
