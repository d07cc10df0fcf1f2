using System.Globalization;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;

namespace Ostler.Playground;

/// <summary>How long a node of the demo may take to reboot, and to become healthy then.</summary>
internal sealed record SceneTimeouts(TimeSpan Reboot, TimeSpan Health);

/// <summary>
/// What the demo applies: config/samples, with the few values that a laptop needs other than a data centre, and a workload.
/// </summary>
internal static class Scene
{
    public const int Replicas = 6;
    public const int MinAvailable = 5;
    public const string Branch = "acme/stable/x86_64/edge";
    public const string Policy = "edge";
    public const string Image = "edge-os";

    /// <summary>
    /// The samples, applied as they are but for what is said on the screen and what a scenario changes in the policy's spec.
    /// </summary>
    public static async Task ApplySamplesAsync(
        ApiClient api, string config, JsonObject source, IntOrPercent maxUnavailable, string version, SceneTimeouts timeouts, Action<JsonObject> change, CancellationToken cancellationToken)
    {
        var image = Read(config, "osimage.yaml");
        var imageSpec = image["spec"]!.AsObject();
        if (source["ostree"] is JsonObject ostree)
        {
            foreach (var (field, value) in ostree)
            {
                imageSpec["ostree"]![field] = value!.DeepClone();
            }
        }
        else
        {
            imageSpec.Remove("ostree");
            imageSpec["container"] = source["container"]!.DeepClone();
        }

        imageSpec["version"] = version;
        await Manifests.ApplyAsync(api, image, cancellationToken);
        var policy = Read(config, "upgradepolicy.yaml");
        var spec = policy["spec"]!.AsObject();
        spec["rollout"]!["maxUnavailable"] = maxUnavailable.IsPercent ? maxUnavailable.ToString() : maxUnavailable.Value;
        spec["rollout"]!["soak"] = "2s";

        // No deadline of the policy may be one that a slow machine misses. By default the watchdog is shorter than that of the reboot.
        spec["health"]!["timeout"] = string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(timeouts.Health.TotalSeconds):0}s");
        spec["reboot"]!["timeout"] = string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(timeouts.Reboot.TotalSeconds):0}s");
        spec["rollback"]!.AsObject().Remove("watchdog");

        // The kubelets are simulated and serve nothing.
        var checks = spec["health"]!["checks"]!.AsArray();
        checks.Remove(checks.Single(c => c!["http"] is not null));
        change(spec);
        await Manifests.ApplyAsync(api, policy, cancellationToken);
    }

    /// <summary>One pod that can only run on one node, and that its budget never lets go.</summary>
    public static async Task ApplyPinnedAsync(ApiClient api, string node, bool hasPolicyV1, CancellationToken cancellationToken)
    {
        var yaml = $$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: licence, namespace: default}
            spec:
              replicas: 1
              selector: {matchLabels: {app: licence}}
              template:
                metadata: {labels: {app: licence}}
                spec:
                  terminationGracePeriodSeconds: 2
                  nodeSelector: {kubernetes.io/hostname: {{{node}}}}
                  containers: [{name: licence, image: registry.example/licence:1}]
            ---
            apiVersion: {{{(hasPolicyV1 ? "policy/v1" : "policy/v1beta1")}}}
            kind: PodDisruptionBudget
            metadata: {name: licence, namespace: default}
            spec:
              minAvailable: 1
              selector: {matchLabels: {app: licence}}
            """;
        foreach (var document in YamlDocuments.Read(yaml))
        {
            await Manifests.ApplyAsync(api, document, cancellationToken);
        }
    }

    /// <summary>Six replicas behind a budget that lets one of them be away.</summary>
    public static async Task ApplyWorkloadAsync(ApiClient api, bool hasPolicyV1, CancellationToken cancellationToken)
    {
        var yaml = string.Create(CultureInfo.InvariantCulture, $$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: default}
            spec:
              replicas: {{{Replicas}}}
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 2
                  tolerations: []
                  containers: [{name: web, image: registry.example/web:1}]
            ---
            apiVersion: {{{(hasPolicyV1 ? "policy/v1" : "policy/v1beta1")}}}
            kind: PodDisruptionBudget
            metadata: {name: web, namespace: default}
            spec:
              minAvailable: {{{MinAvailable}}}
              selector: {matchLabels: {app: web}}
            """);
        foreach (var document in YamlDocuments.Read(yaml))
        {
            await Manifests.ApplyAsync(api, document, cancellationToken);
        }
    }

    private static JsonObject Read(string config, string file) =>
        YamlDocuments.Read(File.ReadAllText(Path.Combine(config, "samples", file))).Single();
}
