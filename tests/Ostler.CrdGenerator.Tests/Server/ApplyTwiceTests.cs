using System.Text.Json.Nodes;
using Ostler.Testing;
using Ostler.Testing.Tools;

namespace Ostler.CrdGenerator.Tests.Server;

/// <summary>
/// What is in git is in sync: applied again, an unchanged manifest changes nothing. kubectl and Argo CD compare a list of a custom resource
/// as a whole, so one that the API server completes with defaults is "configured" at every apply, and OutOfSync forever.
/// </summary>
[Collection<ApiServerTests>]
public sealed class ApplyTwiceTests(ApiServerFixture server) : IDisposable
{
    /// <summary>
    /// An item of every list of a policy, with no more than it needs, and some values that are usually written in another way than they are
    /// stored.
    /// </summary>
    private const string Sparse = """
        apiVersion: ostler.dev/v1alpha1
        kind: UpgradePolicy
        metadata: {name: sparse}
        spec:
          imageRef: {name: edge-os}
          nodeSelector: {matchLabels: {nobody: "yes"}, matchExpressions: [{key: none, operator: DoesNotExist}]}
          rollout:
            soak: 1800s
            waves: [{name: canary, nodes: 1}, {name: more, nodes: "10%", approval: Manual}]
            approvals: [{wave: more, digest: "0000000000000000000000000000000000000000000000000000000000000000"}]
          windows: [{schedule: "0 1 * * 6", duration: 4h}]
          freezes: [{from: "2026-12-19T00:00:00+01:00", to: "2027-01-04T00:00:00Z"}]
          drain: {rules: [{podSelector: {matchLabels: {app: db}}, behavior: WaitCompleted}, {namespaceSelector: {matchLabels: {a: b}}}]}
          health:
            checks:
            - {name: systemd, systemd: {active: [a.service]}}
            - {name: exec, exec: {command: [/usr/bin/true]}}
            - {name: http, http: {url: "https://localhost/", tls: {}}}
            - {name: pods, pods: {selector: {matchLabels: {a: b}}}}
            - {name: prometheus, prometheus: {url: "http://localhost/", query: up, want: {operator: Less, value: "1"}}}
            - {name: condition, condition: {apiVersion: v1, kind: Node, name: n1, path: "{.spec.unschedulable}", operator: DoesNotExist}}
            - {name: workloads, workloads: {}}
          notifications: [{name: chat, url: "https://chat.example/hook"}]
        """;

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("ostler-apply-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Files
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var file in CustomResourceTests.Samples.Select(s => s.Data).Append("an item of every list"))
            {
                data.Add(file, false);
                data.Add(file, true);
            }

            return data;
        }
    }

    public void Dispose() => _scratch.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Applied_again_an_unchanged_manifest_changes_nothing(string sample, bool serverSide)
    {
        var (kubectl, whyNot) = await KubernetesTools.FindKubectlAsync(Cancel);
        Assert.SkipWhen(kubectl is null, whyNot);
        var file = Path.Combine(Repository.Config, "samples", sample);
        if (!File.Exists(file))
        {
            file = Path.Combine(_scratch.FullName, "policy.yaml");
            await File.WriteAllTextAsync(file, Sparse, Cancel);
        }

        string[] apply = serverSide ? ["apply", "--server-side", "-f", file] : ["apply", "-f", file];
        try
        {
            await KubectlAsync(kubectl!, apply);
            var before = await VersionsAsync(kubectl!, file);

            var output = await KubectlAsync(kubectl!, apply);

            Assert.NotEmpty(before);
            Assert.Equal(before, await VersionsAsync(kubectl!, file));
            Assert.All(serverSide ? [] : output.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.EndsWith(" unchanged", l, StringComparison.Ordinal));
        }
        finally
        {
            await KubectlAsync(kubectl!, "delete", "--ignore-not-found", "-f", file);
        }
    }

    private async Task<string[]> VersionsAsync(string kubectl, string file)
    {
        var answer = JsonNode.Parse(await KubectlAsync(kubectl, "get", "-o", "json", "-f", file))!;
        return [.. (answer["items"]?.AsArray() ?? [answer.DeepClone()]).Select(o => $"{o!["kind"]} {o["metadata"]!["name"]} {o["metadata"]!["generation"]}")];
    }

    private async Task<string> KubectlAsync(string kubectl, params string[] arguments) => (await ToolCommand.RunAsync(
        [kubectl, "--kubeconfig", server.Cluster.KubeconfigPath, "--cache-dir", Path.Combine(_scratch.FullName, "cache"), .. arguments], Cancel)).EnsureSuccess().Stdout;
}
