using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Client;

namespace Ostler.Cli.Resources;

/// <summary>The resources that the commands read and edit.</summary>
internal static class ClusterResources
{
    public static ResourceType<Node> Nodes { get; } = new("", "v1", "nodes", "Node", namespaced: false, CliJson.Default.Node, static n => MetaOf(n.Metadata));

    public static ResourceType<UpgradePolicy> UpgradePolicies { get; } =
        new(OstlerApi.Group, OstlerApi.Version, "upgradepolicies", nameof(UpgradePolicy), namespaced: false, OstlerJson.Default.UpgradePolicy, static p => MetaOf(p.Metadata));

    public static ResourceType<OSImage> OSImages { get; } =
        new(OstlerApi.Group, OstlerApi.Version, "osimages", nameof(OSImage), namespaced: false, OstlerJson.Default.OSImage, static i => MetaOf(i.Metadata));

    public static ResourceType<NodeOS> NodeOSes { get; } =
        new(OstlerApi.Group, OstlerApi.Version, "nodeoses", nameof(NodeOS), namespaced: false, OstlerJson.Default.NodeOS, static n => MetaOf(n.Metadata));

    public static ResourceType<Budget> Budgets { get; } = BudgetsOf("v1");

    /// <summary>Until Kubernetes 1.21 there is nothing else.</summary>
    public static ResourceType<Budget> BudgetsV1Beta1 { get; } = BudgetsOf("v1beta1");

    public static ResourceType<Pod> Pods { get; } =
        new("", "v1", "pods", "Pod", namespaced: true, CliJson.Default.Pod, static p => MetaOf(p.Metadata) with { Namespace = p.Metadata.Namespace });

    public static ResourceType<Namespace> Namespaces { get; } = new("", "v1", "namespaces", "Namespace", namespaced: false, CliJson.Default.Namespace, static n => MetaOf(n.Metadata));

    public static ResourceType<Lease> Leases { get; } =
        new("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true, CliJson.Default.Lease, static l => MetaOf(l.Metadata) with { Namespace = l.Metadata.Namespace });

    public static ResourceType<JsonObject> Definitions { get; } =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false, CliJson.Default.JsonObject, MetaOf);

    /// <summary>A resource as the server has it, fields that this version does not know included: what -o json and -o yaml print.</summary>
    public static ResourceType<JsonObject> Whole<T>(ResourceType<T> type) where T : class =>
        new(type.Group, type.Version, type.Plural, type.Kind, type.Namespaced, CliJson.Default.JsonObject, MetaOf);

    private static ResourceType<Budget> BudgetsOf(string version) =>
        new("policy", version, "poddisruptionbudgets", "PodDisruptionBudget", namespaced: true, CliJson.Default.Budget, static b => MetaOf(b.Metadata) with { Namespace = b.Metadata.Namespace });

    private static ResourceMeta MetaOf(ObjectMeta meta) =>
        new("", meta.Name, meta.Uid ?? "", meta.ResourceVersion ?? "", meta.Generation, meta.DeletionTimestamp, meta.Labels, meta.Annotations);

    private static ResourceMeta MetaOf(NamespacedMeta meta) => new(meta.Namespace, meta.Name, "", meta.ResourceVersion ?? "");

    private static ResourceMeta MetaOf(JsonObject obj) =>
        new("", (string?)obj["metadata"]?["name"] ?? "", (string?)obj["metadata"]?["uid"] ?? "", (string?)obj["metadata"]?["resourceVersion"] ?? "");
}

/// <summary>Reads what is not Ostler's own without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Budget))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class CliJson : JsonSerializerContext;
