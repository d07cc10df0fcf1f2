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
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using k8s;
using k8s.Models;

namespace Ostler.Cli.Tests.Cluster;

// The objects of the tests, and how a command is run.
public sealed partial class CommandTests
{
    private static string Spec(UpgradePolicy policy) =>
        JsonSerializer.SerializeToNode(policy, OstlerJson.Default.UpgradePolicy)!["spec"]!.ToJsonString();

    private Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private Task<CommandResult> RunAsync(string[] arguments, string input) =>
        CommandLine.RunAsync([.. arguments, "--kubeconfig", fixture.Cluster.KubeconfigPath], input: input);

    private async Task<UpgradePolicy> ReadAsync(ApiClient api) =>
        (await api.GetAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(_name), Cancel))!;

    /// <summary>An image and a policy of this test's name, which selects this test's nodes.</summary>
    private async Task<UpgradePolicy> PolicyAsync(ApiClient api, UpgradePolicyStatus status, Func<UpgradePolicySpec,
        UpgradePolicySpec>? spec = null)
    {
        await api.CreateAsync(OstlerResources.OSImages, Given.Image() with { Metadata = new() { Name = _name } }, Cancel);
        var policy = Given.Policy(_name, spec: s =>
            (spec ?? (x => x))(s with
            {
                ImageRef = new() { Name = _name },
                NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["test"] = _name } }
            }));
        await api.CreateAsync(OstlerResources.UpgradePolicies, policy with { Metadata = new() { Name = _name } }, Cancel);
        await StatusAsync(api, status);
        return await ReadAsync(api);
    }

    private async Task StatusAsync(ApiClient api, UpgradePolicyStatus status)
    {
        var body = JsonSerializer.SerializeToNode(Given.Policy(_name, status), OstlerJson.Default.UpgradePolicy)!["status"]!.DeepClone();
        // Whole: a merge would leave in flight what was in flight.
        var patch = Patch.Json(new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/status", ["value"] = body }));
        await api.PatchAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(_name), patch, Cancel, "status");
    }

    private async Task ImageStatusAsync(ApiClient api)
    {
        var image = Given.Image(status: new() { Resolved = Given.Resolved(Given.New, "42.2") });
        var body = JsonSerializer.SerializeToNode(image, OstlerJson.Default.OSImage)!["status"]!.DeepClone();
        await api.PatchAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(_name),
            Patch.Merge(new JsonObject { ["status"] = body }), Cancel, "status");
    }

    private async Task<OSImage> ImageAsync(ApiClient api) =>
        (await api.GetAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(_name), Cancel))!;

    /// <summary>Writes down that a node of this test was moved to the new tree.</summary>
    private static async Task UpgradedAsync(ApiClient api, string name)
    {
        var spec = new NodeOSSpec
        {
            Image = new() { Ostree = new() { Remote = "acme", Ref = "acme/edge" }, Digest = Given.New, Version = "42.2" },
            LastUpgrade = new() { CompletedAt = Given.Now, Previous = new() { Digest = Given.Old, Version = "42.1" } },
        };
        var body = JsonSerializer.SerializeToNode(Given.System(name, spec: spec), OstlerJson.Default.NodeOS)!["spec"]!.DeepClone();
        await api.PatchAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(name), Patch.Merge(new JsonObject { ["spec"] = body }),
            Cancel);
    }

    /// <summary>A node of this test, Ready, whose agent reports what it has booted; null: it does not report.</summary>
    private async Task NodeAsync(ApiClient api, string suffix, string? booted)
    {
        var name = $"{_name}-{suffix}";
        await fixture.Cluster.Admin.CoreV1.CreateNodeAsync(new V1Node
        {
            Metadata =
            new() { Name = name, Labels = new Dictionary<string, string> { ["test"] = _name } }
        }, cancellationToken: Cancel);
        var ready = new V1Patch("""{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", V1Patch.PatchType.StrategicMergePatch);
        await fixture.Cluster.Admin.CoreV1.PatchNodeStatusAsync(ready, name, cancellationToken: Cancel);
        await api.CreateAsync(OstlerResources.NodeOSes, Given.System(name, booted: null), Cancel);
        if (booted is not null)
        {
            var body = JsonSerializer.SerializeToNode(Given.System(name, booted), OstlerJson.Default.NodeOS)!["status"]!.DeepClone();
            await api.PatchAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(name),
                Patch.Merge(new JsonObject { ["status"] = body }), Cancel, "status");
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
