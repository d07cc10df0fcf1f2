using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Resources;

/// <summary>The resources that the controller reads and writes, with their names in the API.</summary>
internal static class ControllerResources
{
    public static ResourceType<Node> Nodes { get; } =
        new("", "v1", "nodes", "Node", namespaced: false, ControllerJson.Default.Node, static n => MetaOf(n.Metadata));

    public static ResourceType<Pod> Pods { get; } =
        new("", "v1", "pods", "Pod", namespaced: true, ControllerJson.Default.Pod, static p => MetaOf(p.Metadata));

    public static ResourceType<PodDisruptionBudget> Budgets { get; } = BudgetsOf("v1");

    /// <summary>Until Kubernetes 1.21 there is nothing else.</summary>
    public static ResourceType<PodDisruptionBudget> BudgetsV1Beta1 { get; } = BudgetsOf("v1beta1");

    public static ResourceType<Namespace> Namespaces { get; } =
        new("", "v1", "namespaces", "Namespace", namespaced: false, ControllerJson.Default.Namespace, static n => MetaOf(n.Metadata));

    public static ResourceType<Workload> Deployments { get; } = WorkloadsOf("apps", "deployments", "Deployment");

    public static ResourceType<Workload> StatefulSets { get; } = WorkloadsOf("apps", "statefulsets", "StatefulSet");

    public static ResourceType<Workload> ReplicaSets { get; } = WorkloadsOf("apps", "replicasets", "ReplicaSet");

    public static ResourceType<Workload> ReplicationControllers { get; } = WorkloadsOf("", "replicationcontrollers", "ReplicationController");

    public static ResourceType<VolumeAttachment> VolumeAttachments { get; } =
        new("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", namespaced: false,
            ControllerJson.Default.VolumeAttachment, static a => MetaOf(a.Metadata));

    public static ResourceType<PersistentVolumeClaim> Claims { get; } =
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", namespaced: true,
            ControllerJson.Default.PersistentVolumeClaim, static c => MetaOf(c.Metadata));

    public static ResourceType<NodeOS> NodeOSes { get; } =
        Ours("nodeoses", nameof(NodeOS), OstlerJson.Default.NodeOS);

    public static ResourceType<OSImage> OSImages { get; } =
        Ours("osimages", nameof(OSImage), OstlerJson.Default.OSImage);

    public static ResourceType<UpgradePolicy> UpgradePolicies { get; } =
        Ours("upgradepolicies", nameof(UpgradePolicy), OstlerJson.Default.UpgradePolicy);

    /// <summary>Live migrations of KubeVirt; not there without it.</summary>
    public static ResourceType<Migration> Migrations { get; } =
        new("kubevirt.io", "v1", "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration", namespaced: true,
            ControllerJson.Default.Migration, static m => MetaOf(m.Metadata));

    public static ResourceType<Secret> Secrets { get; } =
        new("", "v1", "secrets", "Secret", namespaced: true, ControllerJson.Default.Secret, static s => MetaOf(s.Metadata));

    /// <summary>Objects of a kind that only the API server knows, to be read one by one.</summary>
    public static ResourceType<JsonDocument> Any(string group, string version, string plural, string kind, bool namespaced) =>
        new(group, version, plural, kind, namespaced, ControllerJson.Default.JsonDocument, static _ => new("", "", "", "", 0, null, null, null));

    private static ResourceType<T> Ours<T>(string plural, string kind, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> json)
        where T : class, IOstlerResource =>
        new(OstlerApi.Group, OstlerApi.Version, plural, kind, namespaced: false, json, static r => MetaOf(r.Metadata));

    private static ResourceType<PodDisruptionBudget> BudgetsOf(string version) =>
        new("policy", version, "poddisruptionbudgets", "PodDisruptionBudget", namespaced: true,
            ControllerJson.Default.PodDisruptionBudget, static b => MetaOf(b.Metadata));

    private static ResourceType<Workload> WorkloadsOf(string group, string plural, string kind) =>
        new(group, "v1", plural, kind, namespaced: true, ControllerJson.Default.Workload, static w => MetaOf(w.Metadata));

    private static ResourceMeta MetaOf(ObjectMeta meta) =>
        new("", meta.Name, meta.Uid ?? "", meta.ResourceVersion ?? "", meta.Generation, meta.DeletionTimestamp, meta.Labels, meta.Annotations);

    private static ResourceMeta MetaOf(PodMeta meta) =>
        new(meta.Namespace, meta.Name, meta.Uid, meta.ResourceVersion ?? "", 0, meta.DeletionTimestamp, meta.Labels, meta.Annotations);
}

/// <summary>Reads the objects of Kubernetes itself without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(PodDisruptionBudget))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Workload))]
[JsonSerializable(typeof(VolumeAttachment))]
[JsonSerializable(typeof(PersistentVolumeClaim))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(Migration))]
[JsonSerializable(typeof(JsonDocument))]
internal sealed partial class ControllerJson : JsonSerializerContext;
