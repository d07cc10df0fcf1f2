using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using k8s;
using k8s.Models;

[assembly: AssemblyFixture(typeof(Ostler.Cli.Tests.Cluster.CliCluster))]

namespace Ostler.Cli.Tests.Cluster;

/// <summary>Every command against a real API server.</summary>
public sealed class CommandTests(CliCluster fixture)
{
    private readonly string _name = fixture.Cluster.UniqueName("edge");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Status_and_nodes_tell_of_policies_and_their_nodes_and_how_they_stand()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await NodeAsync(api, "a", Given.Old);
        await NodeAsync(api, "b", null);
        await PolicyAsync(api, Given.RollingOut with { ObservedGeneration = 1 });

        var (one, all, json, nodes, wide) = (
            await RunAsync("status", _name), await RunAsync("status"), await RunAsync("status", _name, "-o", "json"), await RunAsync("nodes", _name), await RunAsync("nodes", _name, "-o", "wide"));

        Assert.Equal((3, 3, 3, 0), (one.Code, all.Code, json.Code, nodes.Code));
        Assert.StartsWith($"{_name}: RollingOut, image {_name}, to 42.2 (424242424242)", one.Out, StringComparison.Ordinal);
        Assert.Contains("40%  4 of 10 updated, 2 updating", one.Out, StringComparison.Ordinal);
        Assert.Contains(all.Out.Split('\n'), l => l.StartsWith(_name, StringComparison.Ordinal) && l.Contains("4/10", StringComparison.Ordinal));
        // Fields that this version does not model are printed too.
        Assert.NotNull(JsonNode.Parse(json.Out)!["metadata"]!["managedFields"]);
        Assert.Equal(3, nodes.Out.TrimEnd().Split('\n').Length);
        Assert.Contains("The agent has not reported", nodes.Out, StringComparison.Ordinal);
        Assert.Contains(Given.Old, wide.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_of_a_policy_that_is_ready_ends_with_0_and_yaml_reads_back()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.Status(Reasons.UpToDate, ConditionStatus.True) with { ObservedGeneration = 1 });

        var yaml = await RunAsync("status", _name, "-o", "yaml");

        Assert.Equal((0, 0), (yaml.Code, (await RunAsync("status", _name)).Code));
        Assert.Equal(_name, YamlText.Read(yaml.Out).Single().Deserialize(OstlerJson.Default.UpgradePolicy)!.Metadata.Name);
    }

    [Fact]
    public async Task Watch_tells_each_change_in_a_line_and_ends_when_the_policy_is_ready()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.RollingOut with { ObservedGeneration = 1 });
        var output = new LineSignal($"{_name} RollingOut");
        var watching = CommandLine.RunAsync(["status", _name, "--watch", "--kubeconfig", fixture.Cluster.KubeconfigPath], TimeProvider.System, output: output);
        await output.Seen.WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        await StatusAsync(api, Given.Status(Reasons.UpToDate, ConditionStatus.True) with { ObservedGeneration = 1, Nodes = new() { Total = 10, Updated = 10 } });
        var result = await watching.WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        Assert.Equal((0, ""), (result.Code, result.Error));
        var lines = result.Out.TrimEnd().Split('\n');
        Assert.EndsWith($"{_name} RollingOut: 4/10 updated; 2 blocked; node-05 Cordoned, node-06 Rebooting", lines[0], StringComparison.Ordinal);
        Assert.EndsWith($"{_name} UpToDate: 10/10 updated", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edits_change_their_field_alone_and_a_dry_run_nothing()
    {
        using var api = fixture.Cluster.CreateApiClient();
        var before = await PolicyAsync(api, Given.WaitsForApproval("canary") with { ObservedGeneration = 1 }, s => Given.Manual(s, "canary"));

        var dry = await RunAsync("pause", _name, "--dry-run");
        Assert.Equal(before.Metadata.Generation, (await ReadAsync(api)).Metadata.Generation);
        Assert.Contains($$$"""kubectl patch upgradepolicy {{{_name}}} --type=merge -p '{"spec":{"paused":true}}'""", dry.Out, StringComparison.Ordinal);

        foreach (var command in (string[])["pause", "approve", "retry"])
        {
            var result = await RunAsync(command, _name);
            Assert.Equal((0, ""), (result.Code, result.Error));
        }

        var edited = await ReadAsync(api);
        var expected = before.Spec with
        {
            Paused = true,
            Rollout = before.Spec.Rollout with { Approvals = [new() { Wave = "canary", Digest = Given.New }], RetryFailuresBefore = Given.Now },
        };
        Assert.Equal(Spec(before with { Spec = expected }), Spec(edited));
        Assert.Equal(0, (await RunAsync("resume", _name)).Code);
        Assert.False((await ReadAsync(api)).Spec.Paused);
    }

    [Fact]
    public async Task Edits_at_the_same_moment_lose_none_of_each_other()
    {
        using var api = fixture.Cluster.CreateApiClient();
        string[] waves = ["a", "b", "c", "d"];
        await PolicyAsync(api, Given.WaitsForApproval("a") with { ObservedGeneration = 1 }, s => Given.Manual(s, waves));

        // Each writes the whole list: without a precondition the last one would win.
        var results = await Task.WhenAll(waves.Select(w => RunAsync("approve", _name, "--wave", w)).Append(RunAsync("pause", _name)));

        Assert.All(results, r => Assert.Equal((0, ""), (r.Code, r.Error)));
        var edited = (await ReadAsync(api)).Spec;
        Assert.True(edited.Paused);
        Assert.Equal(waves, edited.Rollout.Approvals!.Select(g => g.Wave).Order());
    }

    [Fact]
    public async Task Quarantine_goes_in_and_out()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.RollingOut);

        var added = await RunAsync("quarantine", "add", _name, Given.New);
        var denied = (await api.GetAsync(ClusterResources.OSImages, NamespacedName.ClusterScoped(_name), Cancel))!.Spec.Quarantine;
        var removed = await RunAsync("quarantine", "remove", _name, Given.New[..12]);
        var lifted = (await api.GetAsync(ClusterResources.OSImages, NamespacedName.ClusterScoped(_name), Cancel))!.Spec.Quarantine;

        Assert.Equal((0, 0), (added.Code, removed.Code));
        Assert.Equal([Given.New], denied!.Deny!);
        Assert.Empty(lifted!.Deny!);
    }

    [Fact]
    public async Task A_rollback_pins_the_image_to_what_the_nodes_ran_before_and_history_and_diff_tell_of_it()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await NodeAsync(api, "a", Given.New);
        await NodeAsync(api, "b", Given.Old);
        await PolicyAsync(api, Given.RollingOut with { ObservedGeneration = 1 });
        await ImageStatusAsync(api);
        await UpgradedAsync(api, $"{_name}-a");

        var (diff, json, history, node) = (
            await RunAsync("diff", _name), await RunAsync("diff", "--node", $"{_name}-b", "-o", "json"), await RunAsync("history", _name), await RunAsync("history", _name, "--node", $"{_name}-a", "-o", "yaml"));
        var dry = await RunAsync("rollback", _name, "--dry-run");
        var untouched = (await ImageAsync(api)).Spec.Ostree!.Commit;
        var done = await RunAsync("rollback", _name);
        var again = await RunAsync("rollback", _name);

        Assert.Equal((0, 0, 0, 0, 0, 0, 1), (diff.Code, json.Code, history.Code, node.Code, dry.Code, done.Code, again.Code));
        Assert.Contains($"From 42.1 (111111111111) on 1 node ({_name}-b)", diff.Out, StringComparison.Ordinal);
        Assert.Equal(_name, (string)Assert.Single(JsonNode.Parse(json.Out)!["policies"]!.AsArray())!["policy"]!);
        Assert.Contains(history.Out.Split('\n'), l => l.Contains($"Node {_name}-a", StringComparison.Ordinal) && l.Contains("Updated", StringComparison.Ordinal));
        Assert.Equal(Given.Old, (string)YamlText.Read(node.Out).Single()["entries"]![0]!["from"]!["digest"]!);
        Assert.Contains($$$$"""kubectl patch osimage {{{{_name}}}} --type=merge -p '{"spec":{"ostree":{"commit":"{{{{Given.Old}}}}"}}}'""", dry.Out, StringComparison.Ordinal);
        Assert.Null(untouched);
        Assert.Equal(Given.Old, (await ImageAsync(api)).Spec.Ostree!.Commit);
        // No controller runs here that would resolve the new spec.
        Assert.StartsWith($"{_name} is not resolved", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_recorded_is_not_rolled_back_and_a_node_that_is_not_there_is_named_with_those_that_are()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await NodeAsync(api, "a", Given.Old);
        await PolicyAsync(api, Given.RollingOut);
        await ImageStatusAsync(api);

        var (rollback, history, diff) = (await RunAsync("rollback", _name), await RunAsync("history", "--node", "no-such"), await RunAsync("diff", _name, "--node", "no-such"));

        Assert.Equal((1, 1, 1), (rollback.Code, history.Code, diff.Code));
        Assert.StartsWith($"No node of {_name} runs 42.2 (424242424242) yet", rollback.Error, StringComparison.Ordinal);
        Assert.StartsWith("NodeOS no-such does not exist. Existing: ", history.Error, StringComparison.Ordinal);
        Assert.Equal($"NodeOS no-such of a node that {_name} selects does not exist. Existing: {_name}-a.", diff.Error.TrimEnd());
        Assert.Null((await ImageAsync(api)).Spec.Ostree!.Commit);
    }

    [Fact]
    public async Task A_plan_without_nodes_is_over_the_cluster_as_it_is()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await NodeAsync(api, "a", Given.Old);
        await NodeAsync(api, "b", Given.New);
        var policy = await PolicyAsync(api, Given.RollingOut);
        await ImageStatusAsync(api);

        var result = await RunAsync(["plan", "-f", "-", "-o", "json"], JsonSerializer.Serialize(policy, OstlerJson.Default.UpgradePolicy));

        Assert.Equal("", result.Error);
        var forecast = JsonNode.Parse(result.Out)!;
        Assert.Equal((Given.New, 2), ((string)forecast["target"]!["digest"]!, forecast["nodes"]!.AsArray().Count));
        // The one that runs the target is never cordoned; the other is.
        Assert.Equal([true, false], forecast["nodes"]!.AsArray().Select(n => n!["steps"]!.AsArray().Any(s => (string)s!["step"]! == "Rebooting")));
    }

    [Fact]
    public async Task What_is_not_there_is_named_with_what_is()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.RollingOut);

        var (policy, image) = (await RunAsync("status", "no-such"), await RunAsync("quarantine", "add", "no-such", Given.New));

        Assert.Equal((1, 1, "", ""), (policy.Code, image.Code, policy.Out, image.Out));
        Assert.StartsWith("UpgradePolicy no-such does not exist. Existing: ", policy.Error, StringComparison.Ordinal);
        Assert.StartsWith("OSImage no-such does not exist. Existing: ", image.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_looks_at_the_whole_cluster()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await NodeAsync(api, "mute", null);
        await PolicyAsync(api, Given.Halted with { ObservedGeneration = 1 });
        await using var space = await fixture.Cluster.CreateNamespaceAsync("shop", Cancel);

        var text = await RunAsync("doctor", "-n", space.Name);
        var json = await RunAsync("doctor", "-n", space.Name, "-o", "json");

        Assert.Equal((2, 2, ""), (text.Code, json.Code, text.Error));
        Assert.Contains("OK      CustomResourceDefinitions: all 3 have the fields of this version.", text.Out, StringComparison.Ordinal);
        Assert.Contains($"the lease {space.Name}/ostler-controller does not exist", text.Out, StringComparison.Ordinal);
        Assert.Contains($"BROKEN  UpgradePolicy {_name}: it is halted: 1 node failed on 42.2.", text.Out, StringComparison.Ordinal);
        Assert.Contains(JsonNode.Parse(json.Out)!["findings"]!.AsArray(), f => (string)f!["subject"]! == "Agents" && (string)f["severity"]! == "Broken");
    }

    [Fact]
    public async Task A_shell_is_told_the_names_that_there_are()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.RollingOut);
        await NodeAsync(api, "a", Given.Old);

        Assert.Contains(_name, await SuggestAsync($"status {_name[..^1]}"));
        Assert.Contains($"{_name}-a", await SuggestAsync($"history --node {_name}"));

        async Task<string[]> SuggestAsync(string words)
        {
            var line = $"kubectl-ostler --kubeconfig {fixture.Cluster.KubeconfigPath} {words}";
            return (await CommandLine.RunAsync([$"[suggest:{line.Length}]", line], TimeProvider.System)).Out.Split('\n', StringSplitOptions.TrimEntries);
        }
    }

    [Fact]
    public async Task On_a_terminal_the_watch_redraws_and_ends_the_same()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.Status(Reasons.UpToDate, ConditionStatus.True) with { ObservedGeneration = 1, Nodes = new() { Total = 3, Updated = 3 } });

        var result = await CommandLine.RunAsync(["status", _name, "--watch", "--kubeconfig", fixture.Cluster.KubeconfigPath], TimeProvider.System, terminal: true);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("100%  3 of 3 updated", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_is_told_which_right_is_missing()
    {
        var kubeconfig = await fixture.Cluster.UserKubeconfigAsync("guest", [], Cancel);

        var result = await CommandLine.RunAsync(["status", "--kubeconfig", kubeconfig]);

        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.Contains("\"guest\" cannot list resource \"upgradepolicies\"", result.Error, StringComparison.Ordinal);
    }

    private static string Spec(UpgradePolicy policy) => JsonSerializer.SerializeToNode(policy, OstlerJson.Default.UpgradePolicy)!["spec"]!.ToJsonString();

    private Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private Task<CommandResult> RunAsync(string[] arguments, string input) => CommandLine.RunAsync([.. arguments, "--kubeconfig", fixture.Cluster.KubeconfigPath], input: input);

    private async Task<UpgradePolicy> ReadAsync(ApiClient api) => (await api.GetAsync(ClusterResources.UpgradePolicies, NamespacedName.ClusterScoped(_name), Cancel))!;

    /// <summary>An image and a policy of this test's name, which selects this test's nodes.</summary>
    private async Task<UpgradePolicy> PolicyAsync(ApiClient api, UpgradePolicyStatus status, Func<UpgradePolicySpec, UpgradePolicySpec>? spec = null)
    {
        await api.CreateAsync(ClusterResources.OSImages, Given.Image() with { Metadata = new() { Name = _name } }, Cancel);
        var policy = Given.Policy(_name, spec: s => (spec ?? (x => x))(s with { ImageRef = new() { Name = _name }, NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["test"] = _name } } }));
        await api.CreateAsync(ClusterResources.UpgradePolicies, policy with { Metadata = new() { Name = _name } }, Cancel);
        await StatusAsync(api, status);
        return await ReadAsync(api);
    }

    private async Task StatusAsync(ApiClient api, UpgradePolicyStatus status)
    {
        var body = JsonSerializer.SerializeToNode(Given.Policy(_name, status), OstlerJson.Default.UpgradePolicy)!["status"]!.DeepClone();
        // Whole: a merge would leave in flight what was in flight.
        var patch = Patch.Json(new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/status", ["value"] = body }));
        await api.PatchAsync(ClusterResources.UpgradePolicies, NamespacedName.ClusterScoped(_name), patch, Cancel, "status");
    }

    private async Task ImageStatusAsync(ApiClient api)
    {
        var image = Given.Image(status: new() { Resolved = Given.Resolved(Given.New, "42.2") });
        var body = JsonSerializer.SerializeToNode(image, OstlerJson.Default.OSImage)!["status"]!.DeepClone();
        await api.PatchAsync(ClusterResources.OSImages, NamespacedName.ClusterScoped(_name), Patch.Merge(new JsonObject { ["status"] = body }), Cancel, "status");
    }

    private async Task<OSImage> ImageAsync(ApiClient api) => (await api.GetAsync(ClusterResources.OSImages, NamespacedName.ClusterScoped(_name), Cancel))!;

    /// <summary>Writes down that a node of this test was moved to the new tree.</summary>
    private static async Task UpgradedAsync(ApiClient api, string name)
    {
        var spec = new NodeOSSpec
        {
            Image = new() { Ostree = new() { Remote = "acme", Ref = "acme/edge" }, Digest = Given.New, Version = "42.2" },
            LastUpgrade = new() { CompletedAt = Given.Now, Previous = new() { Digest = Given.Old, Version = "42.1" } },
        };
        var body = JsonSerializer.SerializeToNode(Given.System(name, spec: spec), OstlerJson.Default.NodeOS)!["spec"]!.DeepClone();
        await api.PatchAsync(ClusterResources.NodeOSes, NamespacedName.ClusterScoped(name), Patch.Merge(new JsonObject { ["spec"] = body }), Cancel);
    }

    /// <summary>A node of this test, Ready, whose agent reports what it has booted; null: it does not report.</summary>
    private async Task NodeAsync(ApiClient api, string suffix, string? booted)
    {
        var name = $"{_name}-{suffix}";
        await fixture.Cluster.Admin.CoreV1.CreateNodeAsync(new V1Node { Metadata = new() { Name = name, Labels = new Dictionary<string, string> { ["test"] = _name } } }, cancellationToken: Cancel);
        var ready = new V1Patch("""{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", V1Patch.PatchType.StrategicMergePatch);
        await fixture.Cluster.Admin.CoreV1.PatchNodeStatusAsync(ready, name, cancellationToken: Cancel);
        await api.CreateAsync(ClusterResources.NodeOSes, Given.System(name, booted: null), Cancel);
        if (booted is not null)
        {
            var body = JsonSerializer.SerializeToNode(Given.System(name, booted), OstlerJson.Default.NodeOS)!["status"]!.DeepClone();
            await api.PatchAsync(ClusterResources.NodeOSes, NamespacedName.ClusterScoped(name), Patch.Merge(new JsonObject { ["status"] = body }), Cancel, "status");
        }
    }

    /// <summary>Output that tells when a text has come.</summary>
    private sealed class LineSignal(string wanted) : StringWriter
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(wanted, StringComparison.Ordinal) == true)
            {
                _seen.TrySetResult();
            }
        }
    }
}
