using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace Ostler.Kubernetes.Client;

/// <summary>The built-in resources, with the models of KubernetesClient. Their managedFields are dropped while reading.</summary>
/// <remarks>
/// Apart from <see cref="ApiClient"/>: a program that touches this class links the models. Who caches tens of thousands of objects does
/// better with a <see cref="ResourceType{T}"/> of a type with the few fields that it reads.
/// </remarks>
public static class KnownResources
{
    public static ResourceType<V1Node> Nodes { get; } = Of<V1Node>("", "v1", "nodes", "Node", namespaced: false);
    public static ResourceType<V1Namespace> Namespaces { get; } = Of<V1Namespace>("", "v1", "namespaces", "Namespace", namespaced: false);
    public static ResourceType<V1Pod> Pods { get; } = Of<V1Pod>("", "v1", "pods", "Pod", namespaced: true);
    public static ResourceType<V1Secret> Secrets { get; } = Of<V1Secret>("", "v1", "secrets", "Secret", namespaced: true);
    public static ResourceType<V1ConfigMap> ConfigMaps { get; } = Of<V1ConfigMap>("", "v1", "configmaps", "ConfigMap", namespaced: true);
    public static ResourceType<V1ServiceAccount> ServiceAccounts { get; } =
        Of<V1ServiceAccount>("", "v1", "serviceaccounts", "ServiceAccount", namespaced: true);
    public static ResourceType<V1PersistentVolumeClaim> PersistentVolumeClaims { get; } =
        Of<V1PersistentVolumeClaim>("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", namespaced: true);
    public static ResourceType<V1ReplicationController> ReplicationControllers { get; } =
        Of<V1ReplicationController>("", "v1", "replicationcontrollers", "ReplicationController", namespaced: true);
    public static ResourceType<Corev1Event> Events { get; } = Of<Corev1Event>("", "v1", "events", "Event", namespaced: true);
    public static ResourceType<V1Deployment> Deployments { get; } = Of<V1Deployment>("apps", "v1", "deployments", "Deployment", namespaced: true);
    public static ResourceType<V1ReplicaSet> ReplicaSets { get; } = Of<V1ReplicaSet>("apps", "v1", "replicasets", "ReplicaSet", namespaced: true);
    public static ResourceType<V1StatefulSet> StatefulSets { get; } =
        Of<V1StatefulSet>("apps", "v1", "statefulsets", "StatefulSet", namespaced: true);
    public static ResourceType<V1DaemonSet> DaemonSets { get; } = Of<V1DaemonSet>("apps", "v1", "daemonsets", "DaemonSet", namespaced: true);
    public static ResourceType<V1Job> Jobs { get; } = Of<V1Job>("batch", "v1", "jobs", "Job", namespaced: true);
    public static ResourceType<V1Lease> Leases { get; } = Of<V1Lease>("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true);
    public static ResourceType<V1PodDisruptionBudget> PodDisruptionBudgets { get; } =
        Of<V1PodDisruptionBudget>("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", namespaced: true);

    /// <summary>For servers before 1.21. The fields that are read of it are the same.</summary>
    public static ResourceType<V1PodDisruptionBudget> PodDisruptionBudgetsV1Beta1 { get; } =
        Of<V1PodDisruptionBudget>("policy", "v1beta1", "poddisruptionbudgets", "PodDisruptionBudget", namespaced: true);

    public static ResourceType<V1VolumeAttachment> VolumeAttachments { get; } =
        Of<V1VolumeAttachment>("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", namespaced: false);
    public static ResourceType<V1CustomResourceDefinition> CustomResourceDefinitions { get; } =
        Of<V1CustomResourceDefinition>("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false);

    /// <summary>The same resource with its managedFields, for the few who look at ownership of fields.</summary>
    public static ResourceType<T> WithManagedFields<T>(ResourceType<T> type) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(type);
        return Of<T>(type.Group, type.Version, type.Plural, type.Kind, type.Namespaced, managedFields: true);
    }

    /// <summary>A built-in resource that is not in the list above.</summary>
    /// <typeparam name="T">A model of KubernetesClient.</typeparam>
    public static ResourceType<T> Of<T>(string group, string version, string plural, string kind, bool namespaced, bool managedFields = false)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var json = managedFields ? ModelJson.WithManagedFields : ModelJson.WithoutManagedFields;
        return new ResourceType<T>(group, version, plural, kind, namespaced, (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T)), MetaOf);
    }

    private static ResourceMeta MetaOf<T>(T obj) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var meta = obj.Metadata ?? throw new JsonException($"a {typeof(T).Name} without metadata");
        return new ResourceMeta(
            meta.NamespaceProperty ?? "",
            meta.Name ?? "",
            meta.Uid ?? "",
            meta.ResourceVersion ?? "",
            meta.Generation ?? 0,
            meta.DeletionTimestamp is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null,
            meta.Labels as IReadOnlyDictionary<string, string>,
            meta.Annotations as IReadOnlyDictionary<string, string>);
    }

    /// <summary>The JSON rules of KubernetesClient, whose own options are not public.</summary>
    private static class ModelJson
    {
        public static readonly JsonSerializerOptions WithManagedFields = Create(SourceGenerationContext.Default);

        // managedFields are often half of an object, and nobody here reads them: never built, they need not be collected either.
        public static readonly JsonSerializerOptions WithoutManagedFields = Create(
            SourceGenerationContext.Default.WithAddedModifier(static info =>
            {
                if (info.Type == typeof(V1ObjectMeta) && info.Properties.FirstOrDefault(p => p.Name == "managedFields") is { } managed)
                {
                    info.Properties.Remove(managed);
                }
            }));

        private static JsonSerializerOptions Create(IJsonTypeInfoResolver resolver)
        {
            var options = new JsonSerializerOptions
            {
                TypeInfoResolver = resolver,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            };
            options.Converters.Add(new KubernetesJson.Iso8601TimeSpanConverter());
            options.Converters.Add(new KubernetesJson.KubernetesDateTimeConverter());
            options.Converters.Add(new KubernetesJson.KubernetesDateTimeOffsetConverter());
            return options;
        }
    }
}
