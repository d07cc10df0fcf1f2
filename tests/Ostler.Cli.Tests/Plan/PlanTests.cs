using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Cli.Hosting;
using Ostler.Cli.Plan;
using Ostler.Simulation;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Plan;

public class PlanTests
{
    private const string Policy = """
        apiVersion: ostler.dev/v1alpha1
        kind: UpgradePolicy
        metadata: {name: edge}
        spec:
          imageRef: {name: edge-os}
          nodeSelector: {matchLabels: {role: edge}}
          rollout:
            maxUnavailable: 2
            waves: [{name: canary, nodes: 1, soak: 30m}]
          windows: [{schedule: "0 22 * * *", duration: 4h}]
        """;

    private const string Image = """
        apiVersion: ostler.dev/v1alpha1
        kind: OSImage
        metadata: {name: edge-os}
        spec:
          version: "42.2"
          ostree: {remote: acme, ref: acme/edge, commit: 42424242424242424242424242424242424242424242424242424242deadbeef}
        """;

    private static readonly string[] Fleet = ["plan", "-f", "-", "--nodes", "6", "--zones", "a,b"];

    [Fact]
    public async Task A_plan_over_a_described_fleet_tells_when_which_node_goes()
    {
        var result = await CommandLine.RunAsync([.. Fleet, "--duration", "reboot=3m..5m", "--duration", "staging=1m", "--fail", "falls-back=0"], input: $"{Policy}\n---\n{Image}");

        Assert.Equal((0, ""), (result.Code, result.Error));
        Golden.Verify(result.Out, "plan.txt");
    }

    [Fact]
    public async Task Each_step_of_each_node_is_told_of_when_it_is_asked_for()
    {
        var result = await CommandLine.RunAsync([.. Fleet, "-o", "wide"], input: $"{Policy}\n---\n{Image}");

        Assert.Equal(0, result.Code);
        Assert.Equal(6, result.Out.Split('\n')
            .Count(l => l.StartsWith("  node-", StringComparison.Ordinal) && l.Contains("Rebooting", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Times_are_those_of_the_policys_zone()
    {
        var berlin = Policy.Replace("duration: 4h}", "duration: 4h, timeZone: Europe/Berlin}", StringComparison.Ordinal);

        var result = await CommandLine.RunAsync(Fleet, input: berlin);

        Assert.Contains("Starts 2026-12-01 13:00, complete 2026-12-01 22:", result.Out, StringComparison.Ordinal);
        Assert.Contains("(Europe/Berlin)", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fleet_of_hundreds_has_no_more_bars_than_a_screen()
    {
        var result = await CommandLine.RunAsync(["plan", "-f", "-", "--nodes", "300"],
            input: Policy.Replace("maxUnavailable: 2", "maxUnavailable: 10%", StringComparison.Ordinal));

        Assert.InRange(result.Out.Split('\n').Length, 10, 45);
        Assert.Contains("#", result.Out, StringComparison.Ordinal);
    }

    private static string Second(string selector = "role: core")
    {
        var core = Policy.Replace("name: edge}", "name: core}", StringComparison.Ordinal)
            .Replace("role: edge", selector, StringComparison.Ordinal);
        return $"{Policy}\n---\n{core}\n  dependsOn: [edge]";
    }

    private static readonly string[] TwoGroups = ["plan", "-f", "-", "--nodes", "e=3,role=edge", "--nodes", "c=2,role=core"];

    [Fact]
    public async Task Several_policies_of_a_file_are_planned_together_each_after_those_it_depends_on()
    {
        var (text, json) = (await CommandLine.RunAsync(TwoGroups, input: Second()),
            await CommandLine.RunAsync([.. TwoGroups, "-o", "json"], input: Second()));

        Assert.Equal((0, ""), (text.Code, text.Error));
        Assert.Contains("Starts once edge is complete (spec.dependsOn).", text.Out, StringComparison.Ordinal);
        var forecasts = System.Text.Json.Nodes.JsonNode.Parse(json.Out)!["forecasts"]!.AsArray();
        Assert.Equal(["edge", "core"], forecasts.Select(f => (string)f!["policy"]!));
        Assert.Equal((string)forecasts[0]!["completedAt"]!, (string)forecasts[1]!["startedAt"]!);
        Assert.Equal([3, 2], forecasts.Select(f => f!["nodes"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_policy_that_waits_for_one_that_never_completes_is_not_started()
    {
        var result = await CommandLine.RunAsync([.. TwoGroups, "--fail", "unhealthy=100%"], input: Second());

        Assert.Equal(3, result.Code);
        Assert.Contains("core: not started, since edge would not complete (spec.dependsOn).", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_of_a_file_that_select_the_same_nodes_are_refused()
    {
        var result = await CommandLine.RunAsync(["plan", "-f", "-", "--nodes", "e=3,role=edge,tier=a"], input: Second("tier: a"));

        Assert.Equal((3, ""), (result.Code, result.Out));
        Assert.Contains("UpgradePolicies edge and core both select e, so neither would act on them.", result.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_that_depend_on_each_other_cannot_start()
    {
        var circle = Second().Replace("name: edge}\nspec:", "name: edge}\nspec:\n  dependsOn: [core]", StringComparison.Ordinal);

        var result = await CommandLine.RunAsync(TwoGroups, input: circle);

        Assert.Equal(2, result.Code);
        Assert.Contains("spec.dependsOn forms a cycle: edge, core.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_would_halt_says_so_and_ends_with_3()
    {
        var result = await CommandLine.RunAsync([.. Fleet, "--fail", "unhealthy=100%"], input: Policy);

        Assert.Equal(3, result.Code);
        Assert.Contains("TooManyFailures", result.Out, StringComparison.Ordinal);
        Assert.Contains("ffffffffffff stands for its digest", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_waits_for_a_person_says_how_to_see_further()
    {
        var manual = Policy.Replace("soak: 30m", "soak: 30m, approval: Manual", StringComparison.Ordinal);

        var (waits, goes) = (await CommandLine.RunAsync(Fleet, input: manual), await CommandLine.RunAsync([.. Fleet, "--approved-after", "2h"], input: manual));

        Assert.Equal((3, 0), (waits.Code, goes.Code));
        Assert.Contains("--approved-after 1h simulates an approval.", waits.Out, StringComparison.Ordinal);
        Assert.Contains("approved after 2h: canary", goes.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_programs_it_is_json_with_durations_as_everywhere()
    {
        var result = await CommandLine.RunAsync([.. Fleet, "-o", "json"], input: Policy);

        var forecast = System.Text.Json.Nodes.JsonNode.Parse(result.Out)!;
        Assert.Equal(("edge", 6, "Updated"), ((string)forecast["policy"]!, forecast["nodes"]!.AsArray().Count, (string)forecast["nodes"]![0]!["tally"]!));
        Assert.True(Duration.TryParse((string)forecast["total"]!, out var total));
        Assert.InRange(total.Value, TimeSpan.FromHours(10), TimeSpan.FromHours(20));
    }

    [Theory]
    [InlineData("--nodes", "0", "--nodes 0: write a count")]
    [InlineData("--nodes", "3,edge", "'edge' is not a label")]
    [InlineData("--duration", "reboot", "--duration reboot: write a step and its duration")]
    [InlineData("--duration", "reboot=5", "--duration reboot=5: write a step")]
    [InlineData("--duration", "lunch=5m", "unknown step lunch. Steps: staging")]
    [InlineData("--duration", "reboot=5m..3m", "durations.reboot: least (5m) exceeds most (3m)")]
    [InlineData("--fail", "unhealthy=2", "failures.unhealthy: is a share from 0 to 1")]
    [InlineData("--fail", "luck=1", "unknown kind luck")]
    [InlineData("--start", "noon", "--start noon: write a time")]
    [InlineData("--horizon", "long", "--horizon long: write a duration")]
    [InlineData("--approved-after", "x", "--approved-after x: write a duration")]
    public async Task What_is_not_right_is_named(string option, string value, string message)
    {
        var result = await CommandLine.RunAsync([.. Fleet, option, value], input: Policy);

        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("a: [", "is not valid YAML: line 2")]
    [InlineData("a: 1\na: 2", "is not valid YAML: line 2")]
    [InlineData("{apiVersion: ostler.dev/v1alpha1, kind: UpgradePolicy, metadata: {name: a}, spec: {imageRef: {name: x}, nodeSelector: "
        + "{}, paused: soon}}", "the value must be true or false. config/docs/reference.md lists the fields.")]
    [InlineData("kind: ConfigMap", "has no UpgradePolicy of ostler.dev/v1alpha1")]
    [InlineData(Policy + "\n---\n" + Policy, "has the UpgradePolicy edge twice. Remove one of them.")]
    [InlineData("{apiVersion: ostler.dev/v1alpha1, kind: UpgradePolicy, metadata: {name: a}, spec: {imageRef: {name: x}, nodeSelector: {matchLabels: {kubernetes.io/os: linux}}, rollout: {soak: soon}}}", "UpgradePolicy a, spec.rollout.soak: A duration is written as in 30s")]
    [InlineData("{apiVersion: ostler.dev/v1alpha1, kind: UpgradePolicy, metadata: {name: a}, spec: {nodeSelector: {matchLabels: {kubernetes.io/os: linux}}}}", "imageRef")]
    public void A_file_that_cannot_be_read_says_where(string text, string message)
    {
        var failure = Assert.Throws<CommandException>(() => PolicyFile.Read(text, "policy.yaml"));

        Assert.Equal(2, failure.ExitCode);
        Assert.StartsWith("policy.yaml", failure.Message, StringComparison.Ordinal);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  nodeSelector: {disktype: ssd}", "line 6: unknown field spec.nodeSelector.disktype. A label goes below matchLabels: {matchLabels: {disktype: …}}.")]
    [InlineData("  nodeSelector: {matchLabel: {a: b}}", "line 6: unknown field spec.nodeSelector.matchLabel. Did you mean matchLabels?")]
    [InlineData("  nodeSelector: {matchLabels: {a: b}}\n  rollout:\n    maxUnavailabel: 3", "line 8: unknown field spec.rollout.maxUnavailabel. Did you mean maxUnavailable?")]
    [InlineData("  nodeSelector: {matchLabels: {a: b}}\n  window: []", "line 7: unknown field spec.window. Did you mean windows?")]
    [InlineData("  nodeselector: {matchLabels: {a: b}}", "line 6: unknown field spec.nodeselector. Did you mean nodeSelector?")]
    [InlineData("  nodeSelector: {matchLabels: {a: b}}\n  drain:\n    rules:\n    - podSelector: {app: x}", "line 9: unknown field spec.drain.rules[0].podSelector.app.")]
    [InlineData("  nodeSelector: {matchLabels: {a: b}}\n  rollout: {waves: [{name: a, nodes: 1, soaks: 1h}]}", "line 7: unknown field spec.rollout.waves[0].soaks. Did you mean soak?")]
    public void A_field_that_is_not_known_is_refused_with_its_line_and_what_was_meant(string spec, string message)
    {
        var text = $"apiVersion: ostler.dev/v1alpha1\nkind: UpgradePolicy\nmetadata: {{name: a, managedFields: []}}\nspec:\n  imageRef: {{name: x}}\n{spec}\nstatus: {{later: 1}}\n";

        var failure = Assert.Throws<CommandException>(() => PolicyFile.Read(text, "policy.yaml"));

        Assert.Equal(2, failure.ExitCode);
        Assert.Contains($"policy.yaml, {message}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("later", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apiVersion: ostler.dev/v1alpha1\nkind: UpgradePolcy", "policy.yaml, line 2: ostler.dev/v1alpha1 has no kind UpgradePolcy. Did you mean UpgradePolicy?")]
    [InlineData("apiVersion: ostler.dev/v1\nkind: UpgradePolicy", "policy.yaml, line 1: unknown apiVersion ostler.dev/v1. Use ostler.dev/v1alpha1.")]
    [InlineData("apiVersion: ostler.dev/v1alpha1\nkind: OSImage\nmetadata: {nmae: x}", "policy.yaml, line 3: unknown field metadata.nmae. Did you mean name?")]
    public void An_object_of_the_group_that_is_not_known_is_refused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<CommandException>(() => PolicyFile.Read(text, "policy.yaml")).Message);

    [Fact]
    public async Task An_empty_selector_is_refused_before_anything_is_planned()
    {
        var result = await CommandLine.RunAsync([.. Fleet], input: "{apiVersion: ostler.dev/v1alpha1, kind: UpgradePolicy, metadata: {name: a}, spec: {imageRef: {name: x}, nodeSelector: {}}}");

        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.Contains("spec.nodeSelector: is empty", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_may_be_a_list_and_have_the_image_too()
    {
        var list = $"apiVersion: v1\nkind: List\nitems:\n- {Indented(Policy)}\n- {Indented(Image)}\n";

        var file = Assert.Single(PolicyFile.Read(list, "policy.yaml", "edge"));

        Assert.Equal(("edge", "42.2"), (file.Policy.Metadata.Name, file.Image!.Spec.Version));

        static string Indented(string text) => text.ReplaceLineEndings("\n  ");
    }

    [Fact]
    public void A_group_of_nodes_has_the_labels_that_the_policy_asks_for_unless_it_says_otherwise()
    {
        var selector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["role"] = "edge" } };

        var (plain, named) = (FleetOptions.Nodes("40", selector, ["a"], 0), FleetOptions.Nodes("canary=3,role=canary,x=", selector, null, 1));

        Assert.Equal(("node", 40, "edge"), (plain.Name, plain.Count, plain.Labels!["role"]));
        Assert.Equal(("canary", 3, "canary", ""), (named.Name, named.Count, named.Labels!["role"], named.Labels["x"]));
    }

    [Fact]
    public void The_cluster_is_described_as_it_is()
    {
        var nodes = LiveFleet.Nodes(
            [Given.Node("b", ready: false), Given.Node("a", cordoned: true), Given.Node("c", cordonedBy: "edge")], [Given.System("a", "sha256:" + Given.New, "42.2"), Given.System("b", booted: null)]);

        Assert.Equal([("a", Given.New, true, true), ("b", null, false, false), ("c", null, false, true)], nodes.Select(n => (n.Name, n.Digest, n.Cordoned, n.Ready)));
    }

    [Fact]
    public void Steps_take_what_was_measured_and_what_was_not_is_guessed()
    {
        var durations = LiveFleet.Durations(new() { Reboot = Given.Measured(100, 200, 3), Staging = Given.Measured(0, 0, 0) });

        Assert.Equal(new DurationRange(Duration.FromSeconds(100), Duration.FromSeconds(200)), durations.Reboot);
        Assert.Equal(new FleetDurations().Staging, durations.Staging);
    }

    [Fact]
    public void The_target_is_what_is_pinned_else_what_the_cluster_resolved_of_the_same_ref_else_a_stand_in()
    {
        var live = Given.Image(status: new() { Resolved = Given.Resolved(Given.New, "42.2") });
        var otherRef = live with { Spec = live.Spec with { Ostree = live.Spec.Ostree! with { Ref = "acme/next" } } };

        Assert.Equal((Given.Old, null), Of(Given.Image(commit: Given.Old), live));
        Assert.Equal((Given.New, null), Of(Given.Image(), live));
        Assert.Equal((Given.New, null), Of(null, live));
        Assert.Equal(new string('f', 64), Of(otherRef, live).Digest);
        Assert.Contains("OSImage edge-os is not resolved here", Of(null, null).Note, StringComparison.Ordinal);

        static (string Digest, string? Note) Of(OSImage? written, OSImage? live) => PlannedTarget.Of("edge-os", written, live) is var p ? (p.Target.Digest, p.Note) : default;
    }
}
