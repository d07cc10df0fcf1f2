using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Documentation;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>
/// The newcomer's way, with the real helm and kubectl against a real API server: the commands and the manifests of the documentation as
/// they stand there.
/// </summary>
[Collection(nameof(ClusterGroup))]
public sealed partial class DocumentedClusterCommandsTests(ClusterFixture fixture) : IDisposable
{
    private const string PolicyFile = "policy.yaml";
    private const string Node = "node-3";

    /// <summary>What a command reads from the folder in which people stand, and what is in it.</summary>
    private static readonly Dictionary<string, Func<string>> Files = new(StringComparer.Ordinal)
    {
        [PolicyFile] = () => Documents.BlocksOf("README.md", "yaml").First(),
        ["pilot.yaml"] = () => Documents.BlocksOf("config/docs/tutorial.md", "yaml").First(),
        ["cosign.pub"] = () => "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    };

    /// <summary>Resources of other projects, whose CRDs are not installed: only what they say of Ostler's resources is checked.</summary>
    private static readonly string[] Foreign = ["kustomize.toolkit.fluxcd.io/v1", "argoproj.io/v1alpha1"];

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("ostler-documentation-");
    private string _kubectl = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Delete(recursive: true);

    [Fact]
    public async Task Installed_as_the_README_says_a_cluster_takes_every_command()
    {
        await using var cluster = await StartAsync();
        await WithArgoCdAsync(cluster);
        var commands = CommandChecks.All(CommandCheck.Cluster).OrderBy(TurnOf).ToArray();
        Assert.Equal(["helm install", "kubectl apply"], commands.Take(2).Select(c => string.Join(' ', c.Words.Take(2))));
        try
        {
            foreach (var command in commands)
            {
                if (command.Text.StartsWith("kubectl wait ", StringComparison.Ordinal))
                {
                    // What the controller would say in the end: none runs here.
                    (await KubectlAsync(
                        "patch", "upgradepolicy", "edge", "--subresource=status", "--type=merge", "-p",
                        """{"status":{"conditions":[{"type":"Ready","status":"True","reason":"UpToDate","message":"1 of 1 nodes run 2.0.","lastTransitionTime":"2026-12-01T12:00:00Z"}]}}""")).EnsureSuccess();
                }

                if (command.Text.StartsWith("kubectl explain ", StringComparison.Ordinal))
                {
                    await UntilDescribedAsync(cluster);
                }

                var result = command.Words[0] == "helm" ? await cluster.Helm.TryAsync(Cancel, Arguments(command)) : await KubectlAsync(ForThisServer(Arguments(command)));

                Assert.True(result.ExitCode == 0, $"{command}\n{result.Stdout}{result.Stderr}");
                if (command.Output is [var header, ..])
                {
                    Assert.Equal(Columns(header), Columns(result.Stdout.Split('\n')[0]));
                }

                if (command.Text == $"kubectl apply -f {PolicyFile}")
                {
                    await cluster.CreateAsync("apis/ostler.dev/v1alpha1/nodeoses", ForNode("NodeOS", "ostler.dev/v1alpha1", []));
                    await cluster.CreateAsync("api/v1/nodes", ForNode("Node", "v1", new() { ["unschedulable"] = true }));
                }
            }
        }
        finally
        {
            // What other tests of this cluster would find.
            await KubectlAsync("delete", "--ignore-not-found", $"node/{Node}", "clusterrolebinding/on-call-sees-ostler");
            await KubectlAsync("delete", "--ignore-not-found", "-n", Rendered.Namespace, "secret/edge-os-cosign");
            await KubectlAsync("delete", "--ignore-not-found", "-n", "argocd", "configmap/argocd-cm");
            await KubectlAsync("label", "namespace", Rendered.Namespace, "pod-security.kubernetes.io/enforce-");
        }
    }

    [Fact]
    public async Task Every_manifest_and_every_part_of_a_policy_is_valid()
    {
        await using var cluster = await StartAsync();
        await cluster.InstallAsync(Repository.Chart);
        var blocks = Documents.All.SelectMany(document => Documents.BlocksOf(document, "yaml").Select(block => (document, block))).ToArray();
        Assert.InRange(blocks.Length, 2, 50);

        foreach (var (document, block) in blocks)
        {
            if (YamlDocuments.Read(block) is [var only] && Foreign.Contains((string?)only["apiVersion"]))
            {
                await KnowsOurResourcesAsync(cluster, document, only);
                continue;
            }

            var file = Path.Combine(_scratch.FullName, "block.yaml");
            const string Spec = "spec:\n";
            var text = block.StartsWith("apiVersion:", StringComparison.Ordinal) ? block
                : PolicyWith(block.StartsWith(Spec, StringComparison.Ordinal) ? block[Spec.Length..] : block);
            await File.WriteAllTextAsync(file, text, Cancel);

            var result = await KubectlAsync("apply", "--dry-run=server", "--output=json", "-f", file);

            Assert.True(result.ExitCode == 0, $"{document}: {result.Stderr}\n{block}");
            var answer = JsonNode.Parse(result.Stdout)!;
            var stored = answer["items"]?.AsArray() ?? [answer.DeepClone()];
            Assert.Equal([], YamlDocuments.Read(text).SelectMany((written, i) => Dropped(written, stored[i], document)));
        }
    }

    /// <summary>A health check of Flux waits forever for a resource that is not served.</summary>
    private static async Task KnowsOurResourcesAsync(Installed cluster, string document, JsonObject manifest)
    {
        foreach (var check in manifest["spec"]!["healthChecks"]?.AsArray() ?? [])
        {
            var group = await cluster.UntilAsync($"apis/{check!["apiVersion"]}", answer => answer is not null);
            var served = group!["resources"]!.AsArray().Select(resource => (string?)resource!["kind"]);
            Assert.True(served.Contains((string?)check["kind"]), $"{document}: {check} is not served.");
        }
    }

    /// <summary>
    /// A server of before 1.25 drops fields that it does not know without a word; so none that was written may be missing afterwards.
    /// </summary>
    private static IEnumerable<string> Dropped(JsonNode? written, JsonNode? stored, string path) => (written, stored) switch
    {
        (JsonObject map, JsonObject kept) => map.SelectMany(field => Dropped(field.Value, kept[field.Key], $"{path} {field.Key}")),
        (JsonArray list, JsonArray kept) when list.Count == kept.Count => list.SelectMany((item, i) => Dropped(item, kept[i], $"{path} {i}")),
        (not null, null) or (JsonArray, _) => [path],
        _ => [],
    };

    private async Task<Installed> StartAsync()
    {
        var (kubectl, whyNot) = await KubernetesTools.FindKubectlAsync(Cancel);
        Assert.SkipWhen(kubectl is null, whyNot);
        _kubectl = kubectl!;
        foreach (var (name, text) in Files)
        {
            await File.WriteAllTextAsync(Path.Combine(_scratch.FullName, name), text(), Cancel);
        }

        return await Installed.StartAsync(fixture.Cluster);
    }

    /// <summary>What Argo CD brings along: the ConfigMap that its health checks are merged into.</summary>
    private async Task WithArgoCdAsync(Installed cluster)
    {
        var file = Path.Combine(_scratch.FullName, "argocd.yaml");
        await File.WriteAllTextAsync(
            file,
            """
            {apiVersion: v1, kind: Namespace, metadata: {name: argocd}}
            ---
            {apiVersion: v1, kind: ConfigMap, metadata: {name: argocd-cm, namespace: argocd}}
            """,
            Cancel);
        (await KubectlAsync("apply", "-f", file)).EnsureSuccess();
    }

    private Task<CommandResult> KubectlAsync(params string[] arguments) =>
        ToolCommand.RunAsync([_kubectl, "--kubeconfig", fixture.Cluster.KubeconfigPath, "--cache-dir", Path.Combine(_scratch.FullName, "cache"), .. arguments], Cancel);

    // A server takes a while to publish the descriptions of a CRD that it serves already.
    private static async Task UntilDescribedAsync(Installed cluster) =>
        await cluster.UntilAsync("openapi/v2", document => document!["definitions"]!.AsObject().Any(d => d.Key.EndsWith(".UpgradePolicy", StringComparison.Ordinal)));

    // The reader's working directory is the root of the repository, with files that the documentation asks for.
    private string[] Arguments(DocumentedCommand command) => [.. command.Words.Skip(1).Select(Located)];

    private string Located(string word)
    {
        if (Files.Keys.FirstOrDefault(file => word == file || word.EndsWith($"={file}", StringComparison.Ordinal)) is { } file)
        {
            return word[..^file.Length] + Path.Combine(_scratch.FullName, file);
        }

        var isInRepository = word == "config" || word.StartsWith("config/", StringComparison.Ordinal)
            || word.StartsWith("charts/", StringComparison.Ordinal);
        return isInRepository ? Path.Combine(Documents.Root, word) : word;
    }

    // Of what is meant for other versions than this server's, kubectl makes the manifests and no more. The rest must not stay beside the
    // chart's.
    private string[] ForThisServer(string[] arguments)
    {
        if (arguments is not ["apply", "-k", var folder])
        {
            return arguments;
        }

        var version = fixture.Cluster.Capabilities.Version;
        var isFor = Path.GetFileName(folder) switch
        {
            "kubernetes-1.20" => !version.IsAtLeast(1, 23),
            "admission" => version.IsAtLeast(1, 30),
            _ => version.IsAtLeast(1, 23),
        };
        return isFor ? [.. arguments, "--dry-run=server"] : ["kustomize", folder];
    }

    // Installed first, then given something to look at; what takes it away comes last.
    private static int TurnOf(DocumentedCommand command) => command.Text switch
    {
        var text when text.StartsWith("helm install ", StringComparison.Ordinal) => 0,
        $"kubectl apply -f {PolicyFile}" => 1,
        var text when text.StartsWith("kubectl delete upgradepolicy ", StringComparison.Ordinal) => 3,
        var text when text.StartsWith("helm uninstall ", StringComparison.Ordinal) => 4,
        var text when text.StartsWith("kubectl delete ", StringComparison.Ordinal) => 5,
        _ => 2,
    };

    // A block that begins in the middle shows fields of a policy's spec, with their indentation.
    private static string PolicyWith(string fields) => $$"""
        apiVersion: ostler.dev/v1alpha1
        kind: UpgradePolicy
        metadata: {name: example}
        spec:
          imageRef: {name: edge-os}
          nodeSelector:
            matchLabels:
              kubernetes.io/os: linux
        {{fields}}
        """;

    private static JsonObject ForNode(string kind, string version, JsonObject spec) =>
        new() { ["apiVersion"] = version, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = Node }, ["spec"] = spec };

    private static string[] Columns(string header) => Gap().Split(header.TrimEnd());

    [GeneratedRegex(" {2,}")]
    private static partial Regex Gap();
}
