using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Core;

/// <summary>Resources of Kubernetes itself with the few fields of each that are read, and their names in the API.</summary>
public static class CoreResources
{
    public static ResourceType<Node> Nodes { get; } =
        new("", "v1", "nodes", "Node", namespaced: false, CoreJson.Default.Node, static n => MetaOf(n.Metadata));

    public static ResourceType<Namespace> Namespaces { get; } =
        new("", "v1", "namespaces", "Namespace", namespaced: false, CoreJson.Default.Namespace, static n => MetaOf(n.Metadata));

    public static ResourceType<Pod> Pods { get; } =
        new("", "v1", "pods", "Pod", namespaced: true, CoreJson.Default.Pod, static p => MetaOf(p.Metadata));

    public static ResourceType<Secret> Secrets { get; } =
        new("", "v1", "secrets", "Secret", namespaced: true, CoreJson.Default.Secret, static s => MetaOf(s.Metadata));

    public static ResourceType<PersistentVolumeClaim> Claims { get; } = new(
        "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", namespaced: true,
        CoreJson.Default.PersistentVolumeClaim, static c => MetaOf(c.Metadata));

    public static ResourceType<VolumeAttachment> VolumeAttachments { get; } = new(
        "storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", namespaced: false,
        CoreJson.Default.VolumeAttachment, static a => MetaOf(a.Metadata));

    public static ResourceType<PodDisruptionBudget> Budgets { get; } = BudgetsOf("v1");

    /// <summary>Until Kubernetes 1.21 there is nothing else.</summary>
    public static ResourceType<PodDisruptionBudget> BudgetsV1Beta1 { get; } = BudgetsOf("v1beta1");

    public static ResourceType<Workload> Deployments { get; } = WorkloadsOf("apps", "deployments", "Deployment");

    public static ResourceType<Workload> StatefulSets { get; } = WorkloadsOf("apps", "statefulsets", "StatefulSet");

    public static ResourceType<Workload> ReplicaSets { get; } = WorkloadsOf("apps", "replicasets", "ReplicaSet");

    public static ResourceType<Workload> ReplicationControllers { get; } =
        WorkloadsOf("", "replicationcontrollers", "ReplicationController");

    public static ResourceType<Lease> Leases { get; } =
        new("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true, CoreJson.Default.Lease, static l => MetaOf(l.Metadata));

    public static ResourceType<JsonObject> Definitions { get; } = new(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false,
        CoreJson.Default.JsonObject, MetaOf);

    /// <summary>Authenticates a token. Created, and never stored.</summary>
    public static ResourceType<TokenReview> TokenReviews { get; } = new(
        "authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced: false,
        CoreJson.Default.TokenReview, static _ => new("", "", "", ""));

    /// <summary>Authorizes a user. Created, and never stored.</summary>
    public static ResourceType<SubjectAccessReview> SubjectAccessReviews { get; } = new(
        "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced: false,
        CoreJson.Default.SubjectAccessReview, static _ => new("", "", "", ""));

    /// <summary>Objects of a kind that only the API server knows, to be read one by one.</summary>
    public static ResourceType<JsonDocument> Any(string group, string version, string plural, string kind, bool namespaced) =>
        new(group, version, plural, kind, namespaced, CoreJson.Default.JsonDocument, static _ => new("", "", "", ""));

    /// <summary>A resource as the server has it, with the fields that this version does not know.</summary>
    public static ResourceType<JsonObject> Whole<T>(ResourceType<T> type) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(type.Group, type.Version, type.Plural, type.Kind, type.Namespaced, CoreJson.Default.JsonObject, MetaOf);
    }

    private static ResourceType<PodDisruptionBudget> BudgetsOf(string version) => new(
        "policy", version, "poddisruptionbudgets", "PodDisruptionBudget", namespaced: true,
        CoreJson.Default.PodDisruptionBudget, static b => MetaOf(b.Metadata));

    private static ResourceType<Workload> WorkloadsOf(string group, string plural, string kind) =>
        new(group, "v1", plural, kind, namespaced: true, CoreJson.Default.Workload, static w => MetaOf(w.Metadata));

    internal static ResourceMeta MetaOf(ObjectMeta meta) =>
        new("", meta.Name, meta.Uid ?? "", meta.ResourceVersion ?? "", meta.Generation,
            meta.DeletionTimestamp, meta.Labels, meta.Annotations);

    private static ResourceMeta MetaOf(NamespacedMeta meta) => meta.ToResourceMeta();

    private static ResourceMeta MetaOf(JsonObject obj)
    {
        var meta = obj["metadata"];
        return new("", (string?)meta?["name"] ?? "", (string?)meta?["uid"] ?? "", (string?)meta?["resourceVersion"] ?? "");
    }
}

/// <summary>Reads the objects of Kubernetes itself without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(PersistentVolumeClaim))]
[JsonSerializable(typeof(VolumeAttachment))]
[JsonSerializable(typeof(PodDisruptionBudget))]
[JsonSerializable(typeof(Workload))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(TokenReview))]
[JsonSerializable(typeof(SubjectAccessReview))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonDocument))]
internal sealed partial class CoreJson : JsonSerializerContext;
