using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.ControlPlane;
using k8s;
using k8s.Models;

[assembly: AssemblyFixture(typeof(Ostler.Cli.Tests.Cluster.CliCluster))]

namespace Ostler.Cli.Tests.Cluster;

/// <summary>Every command against a real API server.</summary>
public sealed partial class CommandTests(CliCluster fixture)
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
        // As kubectl does: only when it is asked for.
        Assert.Null(JsonNode.Parse(json.Out)!["metadata"]!["managedFields"]);
        Assert.NotNull(JsonNode.Parse((await RunAsync("status", _name, "-o", "json",
            "--show-managed-fields")).Out)!["metadata"]!["managedFields"]);
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
        Assert.Equal(_name, YamlReader.Read(yaml.Out).Single().Deserialize(OstlerJson.Default.UpgradePolicy)!.Metadata.Name);
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
    public async Task Retry_of_an_image_that_is_denied_changes_nothing_and_ends_with_1()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.Halted with { ObservedGeneration = 1 });
        await RunAsync("quarantine", "add", _name, Given.New);

        var result = await RunAsync("retry", _name);

        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.Contains($"kubectl ostler quarantine remove {_name} 424242424242", result.Error, StringComparison.Ordinal);
        Assert.Null((await ReadAsync(api)).Spec.Rollout.RetryFailuresBefore);
    }

    [Fact]
    public async Task A_refresh_is_requested_by_an_annotation()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.RollingOut);

        var result = await RunAsync("refresh", _name);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal("2026-12-01T12:00:00.000Z", (await ImageAsync(api)).Metadata.Annotations![OSImageAnnotations.RefreshRequestedAt]);
    }

    [Fact]
    public async Task The_version_of_the_cluster_is_that_of_its_controller_its_agents_and_its_server()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await NodeAsync(api, "a", Given.Old);
        await using var space = await fixture.Cluster.CreateNamespaceAsync("version", Cancel);

        var none = await RunAsync("version", "-n", space.Name);
        var elected = new Ostler.Kubernetes.LeaderElection.LeaderElector(
            api, new()
            {
                LeaseName = "ostler-controller",
                Namespace = space.Name,
                Identity = "me",
                Annotations = new Dictionary<string,
                string>
                { [LeaseAnnotations.Version] = "1.2.3" }
            });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var led = new TaskCompletionSource();
        var running = elected.RunAsync((_, _) => { led.TrySetResult(); return Task.CompletedTask; }, stop.Token);
        await led.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        var json = await RunAsync("version", "-n", space.Name, "-o", "json");
        await stop.CancelAsync();
        await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal((0, ""), (none.Code, none.Error));
        Assert.Contains($"Controller Version: none found in namespace {space.Name}", none.Out, StringComparison.Ordinal);
        Assert.Contains("Agent Version: 0.1.0 (", none.Out, StringComparison.Ordinal);
        Assert.Matches(@"Kubernetes Version: v1\.\d+\.\d+", none.Out);
        Assert.Equal("1.2.3", (string?)JsonNode.Parse(json.Out)!["controllerVersion"]);
    }

    [Fact]
    public async Task Quarantine_goes_in_and_out()
    {
        using var api = fixture.Cluster.CreateApiClient();
        await PolicyAsync(api, Given.RollingOut);

        var added = await RunAsync("quarantine", "add", _name, Given.New);
        var denied = (await api.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(_name), Cancel))!.Spec.Quarantine;
        var removed = await RunAsync("quarantine", "remove", _name, Given.New[..12]);
        var lifted = (await api.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(_name), Cancel))!.Spec.Quarantine;

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
        Assert.Equal(Given.Old, (string)YamlReader.Read(node.Out).Single()["entries"]![0]!["from"]!["digest"]!);
        Assert.Contains($$$$"""kubectl patch osimage {{{{_name}}}} --type=merge -p '{"spec":{"ostree":{"commit":"{{{{Given.Old}}}}"}}}'""", dry.Out, StringComparison.Ordinal);
        Assert.Null(untouched);
        Assert.Equal(Given.Old, (await ImageAsync(api)).Spec.Ostree!.Commit);
        // No controller runs here that would resolve the new spec.
        Assert.StartsWith($"error: {_name} is not resolved", again.Error, StringComparison.Ordinal);
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
        Assert.StartsWith($"error: No node of {_name} runs 42.2 (424242424242) yet", rollback.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: NodeOS no-such does not exist. Existing: ", history.Error, StringComparison.Ordinal);
        Assert.Equal($"error: NodeOS no-such of a node that {_name} selects does not exist. Existing: {_name}-a.", diff.Error.TrimEnd());
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
        Assert.StartsWith("error: UpgradePolicy no-such does not exist. Existing: ", policy.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: OSImage no-such does not exist. Existing: ", image.Error, StringComparison.Ordinal);
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
}
