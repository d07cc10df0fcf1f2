using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Json;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Fleet;

/// <summary>Applies YAML as <c>kubectl apply --server-side</c> does, for the kinds that Ostler's configuration and tests use.</summary>
public static class Manifests
{
    private static readonly JsonTypeInfo<JsonObject> Json = (JsonTypeInfo<JsonObject>)JsonSerializerOptions.Default.GetTypeInfo(typeof(JsonObject));

    private static readonly Dictionary<string, (string Plural, bool Namespaced)> Kinds = new()
    {
        ["Namespace"] = ("namespaces", false),
        ["ServiceAccount"] = ("serviceaccounts", true),
        ["Secret"] = ("secrets", true),
        ["ConfigMap"] = ("configmaps", true),
        ["ClusterRole"] = ("clusterroles", false),
        ["ClusterRoleBinding"] = ("clusterrolebindings", false),
        ["Role"] = ("roles", true),
        ["RoleBinding"] = ("rolebindings", true),
        ["Deployment"] = ("deployments", true),
        ["PodDisruptionBudget"] = ("poddisruptionbudgets", true),
        ["Pod"] = ("pods", true),
        ["StatefulSet"] = ("statefulsets", true),
        ["ReplicationController"] = ("replicationcontrollers", true),
        ["PersistentVolumeClaim"] = ("persistentvolumeclaims", true),
        ["VolumeAttachment"] = ("volumeattachments", false),
        ["OSImage"] = ("osimages", false),
        ["UpgradePolicy"] = ("upgradepolicies", false),
    };

    /// <summary>Applies every document of a file but kustomizations.</summary>
    public static async Task ApplyFileAsync(ApiClient api, string file, CancellationToken cancellationToken)
    {
        foreach (var document in YamlDocuments.Read(await File.ReadAllTextAsync(file, cancellationToken)).Where(d => (string?)d["kind"] != "Kustomization"))
        {
            await ApplyAsync(api, document, cancellationToken);
        }
    }

    /// <summary>Applies one object; it wins over other field managers, as a person who insists.</summary>
    public static async Task<JsonObject> ApplyAsync(ApiClient api, JsonObject manifest, CancellationToken cancellationToken)
    {
        var (group, version) = ((string)manifest["apiVersion"]!).Split('/') is [var g, var v] ? (g, v) : ("", (string)manifest["apiVersion"]!);
        var kind = (string)manifest["kind"]!;
        var (plural, namespaced) = Kinds[kind];
        var type = new ResourceType<JsonObject>(group, version, plural, kind, namespaced, Json, MetaOf);
        var name = new NamespacedName(namespaced ? (string?)manifest["metadata"]!["namespace"] ?? "default" : "", (string)manifest["metadata"]!["name"]!);
        return await api.PatchAsync(type, name, Patch.Apply(manifest.DeepClone(), force: true).By("kubectl"), cancellationToken);
    }

    /// <summary>A resource of Ostler's as a manifest.</summary>
    public static JsonObject Of(UpgradePolicy policy) => JsonSerializer.SerializeToNode(policy, OstlerJson.Default.UpgradePolicy)!.AsObject();

    /// <summary>A resource of Ostler's as a manifest.</summary>
    public static JsonObject Of(OSImage image) => JsonSerializer.SerializeToNode(image, OstlerJson.Default.OSImage)!.AsObject();

    private static ResourceMeta MetaOf(JsonObject obj) => new(
        (string?)obj["metadata"]?["namespace"] ?? "",
        (string?)obj["metadata"]?["name"] ?? "",
        (string?)obj["metadata"]?["uid"] ?? "",
        (string?)obj["metadata"]?["resourceVersion"] ?? "",
        (long?)obj["metadata"]?["generation"] ?? 0,
        null,
        null,
        null);
}
