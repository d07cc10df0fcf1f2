using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.OSImages.Registry;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.OSImages;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Registries;
using Ostler.Testing.Waiting;

namespace Ostler.IntegrationTests.Cluster;

/// <content>Container images, from a real registry.</content>
public sealed partial class RolloutTests
{
    [Fact]
    public async Task A_signed_image_takes_nodes_of_each_architecture_to_their_own_manifest_and_leaves_the_others_alone()
    {
        await using var registry = await RegistryAsync();
        using var signer = new CosignSigner();
        var amd64 = await registry.Images.PushAsync("acme/edge", "amd64", "42", "amd64", Cancel);
        var arm64 = await registry.Images.PushAsync("acme/edge", "arm64", "42", "arm64", Cancel);
        var index = await registry.Content.PushIndexAsync("acme/edge", "stable", new Dictionary<string, string> { ["amd64"] = amd64, ["arm64"] = arm64 }, Cancel);
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("mixed"));
        var nodes = await fleet.StartAsync(4, Cancel, i => i switch { 2 => "arm64", 4 => "s390x", _ => "amd64" });
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");
        await ApplyImageAsync(
            client, fleet,
            new()
            {
                Container = new() { Image = $"{registry.Host}/acme/edge:stable", PlainHttp = true, Verification = new() { Cosign = new() { PublicKey = signer.PublicKey } } },
                PollInterval = Duration.FromSeconds(1),
            });

        // Not signed yet: nothing is staged anywhere.
        var unsigned = await client.WaitForAsync(
            OstlerResources.OSImages, NamespacedName.ClusterScoped(fleet.Name), i => i?.Status?.Conditions.Find(ConditionTypes.Verified)?.Reason == Reasons.NotSigned, Cancel, Patience);
        Assert.Null(unsigned!.Status!.Resolved);
        Assert.All(nodes, n => Assert.Null(fleet.Host(n).Staged));

        await signer.SignAsync(registry, "acme/edge", index, Cancel);
        var policy = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name), p => p?.Status?.Nodes is { Updated: 3, Unavailable: 0 }, Cancel, Patience);

        Assert.Equal(new TargetImage { Digest = index, Version = "42" }, policy!.Status!.Target);
        Assert.Equal([amd64, arm64, amd64, Fleet.OldDigest], nodes.Select(n => fleet.Host(n).Booted.Digest));
        var blocked = Assert.Single(policy.Status.Blocked!);
        Assert.Equal((nodes[3], Reasons.PlatformNotFound), (blocked.Node, blocked.Reason));
        var os = await client.GetAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(nodes[1]), Cancel);
        Assert.Equal(($"{registry.Host}/acme/edge", arm64), (os!.Spec.Image!.Container!.Repository, os.Spec.Image.Digest));
    }

    /// <summary>With the rights of config/rbac, and not one more.</summary>
    [Fact]
    public async Task Secrets_of_images_are_read_in_the_own_namespace_and_elsewhere_once_an_admin_has_granted_it()
    {
        await using var registry = await RegistryAsync(password: true);
        var digest = await registry.Images.PushAsync("acme/edge", "stable", "42", cancellationToken: Cancel);
        using var admin = Cluster.CreateApiClient();
        await EnsureOwnNamespaceAsync(admin);
        await Manifests.ApplyFileAsync(admin, Path.Combine(Repository.Config, "rbac", "controller.yaml"), Cancel);
        await using var elsewhere = await Cluster.CreateNamespaceAsync("registry-team", Cancel);
        foreach (var ns in (string[])["ostler-system", elsewhere.Name])
        {
            await Manifests.ApplyAsync(admin, PullSecret(ns, registry.Host), Cancel);
        }

        using var client = Cluster.CreateApiClient(await Cluster.UserKubeconfigAsync("system:serviceaccount:ostler-system:ostler-controller", ["system:serviceaccounts", "system:authenticated"], Cancel));
        var quick = new RegistryOptions { Random = () => 0.5, RetryDelay = TimeSpan.FromMilliseconds(1) };
        var images = new ContainerImages(client, ContainerImages.CreateHttpClient(), new(), quick);
        OSImage In(string ns) => new()
        {
            Metadata = new() { Name = "edge" },
            Spec = new() { Container = new() { Image = $"{registry.Host}/acme/edge:stable", PlainHttp = true, PullSecretRef = new() { Namespace = ns, Name = "pull" } } },
        };

        Assert.Equal(digest, (await images.ResolveAsync(In("ostler-system"), Cancel)).Image?.Digest);
        var refused = await images.ResolveAsync(In(elsewhere.Name), Cancel);
        Assert.Equal((null, Reasons.SecretNotReadable), (refused.Image, refused.Reason));
        Assert.Contains($"The controller may not read the Secret {elsewhere.Name}/pull", refused.Message, StringComparison.OrdinalIgnoreCase);

        foreach (var granted in Granting(elsewhere.Name, "pull"))
        {
            await Manifests.ApplyAsync(admin, granted, Cancel);
        }

        // The authorizer of the API server reads roles from a watch.
        await Polling.UntilAsync(
            $"{elsewhere.Name}/pull is readable", async () => await images.ResolveAsync(In(elsewhere.Name), Cancel),
            found => found.Image?.Digest == digest, found => $"{found.Reason}: {found.Message}", Cancel);
    }

    private static async Task<RegistryServer> RegistryAsync(bool password = false)
    {
        var (server, whyNot) = await RegistryServer.StartAsync(password, Cancel);
        Assert.SkipWhen(server is null, whyNot);
        return server!;
    }

    private static JsonObject PullSecret(string ns, string host) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = "pull", ["namespace"] = ns, ["labels"] = new JsonObject { ["ostler.dev/use"] = "pull" } },
        ["type"] = "kubernetes.io/dockerconfigjson",
        ["stringData"] = new JsonObject
        {
            [".dockerconfigjson"] = new JsonObject
            {
                ["auths"] = new JsonObject { [host] = new JsonObject { ["username"] = RegistryServer.User, ["password"] = RegistryServer.Password } },
            }.ToJsonString(),
        },
    };

    // As the comment in config/rbac/controller.yaml says.
    private static IEnumerable<JsonObject> Granting(string ns, string secret) =>
    [
        new()
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = "Role",
            ["metadata"] = new JsonObject { ["name"] = "ostler-image-secrets", ["namespace"] = ns },
            ["rules"] = new JsonArray(new JsonObject
            {
                ["apiGroups"] = new JsonArray(""),
                ["resources"] = new JsonArray("secrets"),
                ["resourceNames"] = new JsonArray(secret),
                ["verbs"] = new JsonArray("get"),
            }),
        },
        new()
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = "RoleBinding",
            ["metadata"] = new JsonObject { ["name"] = "ostler-image-secrets", ["namespace"] = ns },
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = "ostler-image-secrets" },
            ["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = "ostler-controller", ["namespace"] = "ostler-system" }),
        },
    ];
}
