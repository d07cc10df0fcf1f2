using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ostler.Testing.Olm;

/// <summary>
/// A bundle for the Operator Lifecycle Manager (registry+v1), made from what the chart renders, so that both install the same. OLM makes no
/// DaemonSets: the agent's is in a file of its own beside the bundle, and the description says how to apply it.
/// </summary>
public static class OlmBundle
{
    /// <summary>
    /// What OLM does not install: the agent's DaemonSet, its SecurityContextConstraints, and its admission policy (Kubernetes 1.30).
    /// </summary>
    public const string AgentFile = "agent.yaml";

    private const string Controller = "ostler-controller";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] BesideTheBundle =
        ["DaemonSet", "SecurityContextConstraints", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];

    /// <param name="rendered">All that the chart renders.</param>
    /// <param name="chart">Chart.yaml.</param>
    /// <param name="samples">Objects to begin with.</param>
    /// <param name="iconSvg">The icon.</param>
    /// <returns>Files by path. They hold JSON, which is YAML as well.</returns>
    public static IReadOnlyDictionary<string, string> From(IReadOnlyList<JsonObject> rendered, JsonObject chart, IReadOnlyList<JsonObject> samples, byte[] iconSvg)
    {
        // What a hook makes is no part of an installation.
        var objects = rendered.Where(o => o["metadata"]!["annotations"]?["helm.sh/hook"] is null).Select(o => o.DeepClone().AsObject()).ToArray();
        foreach (var installed in objects)
        {
            Forget(installed);
        }

        var version = (string)chart["version"]!;
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["metadata/annotations.yaml"] = Text(Annotations()),
            ["manifests/ostler.clusterserviceversion.yaml"] = Text(ServiceVersion(objects, chart, version, samples, iconSvg)),
            [AgentFile] = string.Join("---\n", objects.Where(o => BesideTheBundle.Contains(KindOf(o))).Select(Text)),
        };
        foreach (var installed in objects.Where(IsOfTheBundle))
        {
            files[$"manifests/{KindOf(installed).ToLowerInvariant()}-{NameOf(installed)}.yaml"] = Text(installed);
        }

        return files;
    }

    // The Deployment, its account and its roles are in the ClusterServiceVersion; OLM makes them from there.
    private static bool IsOfTheBundle(JsonObject installed) => KindOf(installed) switch
    {
        "Deployment" => false,
        "ServiceAccount" => NameOf(installed) != Controller,
        "Role" or "RoleBinding" => false,
        "ClusterRole" or "ClusterRoleBinding" => NameOf(installed) != Controller,
        var kind => !BesideTheBundle.Contains(kind),
    };

    private static JsonObject ServiceVersion(JsonObject[] objects, JsonObject chart, string version, IReadOnlyList<JsonObject> samples, byte[] iconSvg)
    {
        var deployment = objects.Single(o => KindOf(o) == "Deployment");
        var image = (string)deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!;
        var agent = (string)objects.Single(o => KindOf(o) == "DaemonSet")["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!;
        return new()
        {
            ["apiVersion"] = "operators.coreos.com/v1alpha1",
            ["kind"] = "ClusterServiceVersion",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"ostler.v{version}",
                ["namespace"] = "placeholder",
                ["annotations"] = new JsonObject
                {
                    ["alm-examples"] = new JsonArray([.. samples.Select(s => (JsonNode)s.DeepClone())]).ToJsonString(Indented),
                    ["capabilities"] = "Deep Insights",
                    ["categories"] = "Cloud Provider",
                    ["containerImage"] = image,
                    ["description"] = (string?)chart["description"],
                },
            },
            ["spec"] = new JsonObject
            {
                ["displayName"] = "Ostler",
                ["description"] = $"{chart["description"]}\n\nThe agents run as a DaemonSet, which OLM does not create. After the installation run `kubectl apply -n ostler-system -f {AgentFile}` "
                    + "with the file that belongs to this bundle.",
                ["version"] = version,
                ["minKubeVersion"] = "1.23.0",
                ["maturity"] = "alpha",
                ["provider"] = new JsonObject { ["name"] = (string?)chart["maintainers"]![0]!["name"] },
                ["maintainers"] = chart["maintainers"]!.DeepClone() is JsonArray maintainers ? new JsonArray([.. maintainers.Select(m => (JsonNode)new JsonObject { ["name"] = (string?)m!["name"] })]) : null,
                ["keywords"] = chart["keywords"]!.DeepClone(),
                ["links"] = new JsonArray(new JsonObject { ["name"] = "Ostler", ["url"] = (string?)chart["home"] }),
                ["icon"] = new JsonArray(new JsonObject { ["base64data"] = Convert.ToBase64String(iconSvg), ["mediatype"] = "image/svg+xml" }),
                ["installModes"] = new JsonArray([.. ((string[])["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"])
                    .Select(mode => (JsonNode)new JsonObject { ["type"] = mode, ["supported"] = mode == "AllNamespaces" })]),
                ["customresourcedefinitions"] = new JsonObject { ["owned"] = new JsonArray([.. objects.Where(o => KindOf(o) == "CustomResourceDefinition").Select(Owned)]) },
                ["relatedImages"] = new JsonArray(new JsonObject { ["name"] = "controller", ["image"] = image }, new JsonObject { ["name"] = "agent", ["image"] = agent }),
                ["install"] = new JsonObject
                {
                    ["strategy"] = "deployment",
                    ["spec"] = new JsonObject
                    {
                        ["clusterPermissions"] = Permissions(Rules(objects, cluster: true)),
                        ["permissions"] = Permissions(Rules(objects, cluster: false)),
                        ["deployments"] = new JsonArray(new JsonObject { ["name"] = NameOf(deployment), ["spec"] = deployment["spec"]!.DeepClone() }),
                    },
                },
            },
        };
    }

    /// <summary>
    /// The rules of the roles that are bound to the controller. Those of a role in another namespace (Events of nodes are in default)
    /// become rules of the cluster: OLM puts every role of a bundle into the namespace of the installation.
    /// </summary>
    private static IEnumerable<JsonNode> Rules(JsonObject[] objects, bool cluster)
    {
        var bound = objects.Where(o => KindOf(o) is "RoleBinding" or "ClusterRoleBinding" && o["subjects"]!.AsArray().Any(s => (string?)s!["name"] == Controller));
        return
            from binding in bound
            let role = objects.Single(o => KindOf(o) == (string?)binding["roleRef"]!["kind"] && NameOf(o) == (string?)binding["roleRef"]!["name"])
            where role["aggregationRule"] is null
            let isOfCluster = KindOf(role) == "ClusterRole" || (string?)role["metadata"]!["namespace"] == "default"
            where isOfCluster == cluster
            from rule in role["rules"]!.AsArray()
            select rule.DeepClone();
    }

    private static JsonArray Permissions(IEnumerable<JsonNode> rules) =>
        new(new JsonObject { ["serviceAccountName"] = Controller, ["rules"] = new JsonArray([.. rules]) });

    private static JsonNode Owned(JsonObject crd) => new JsonObject
    {
        ["name"] = NameOf(crd),
        ["kind"] = (string?)crd["spec"]!["names"]!["kind"],
        ["version"] = (string?)crd["spec"]!["versions"]![0]!["name"],
        ["displayName"] = (string?)crd["spec"]!["names"]!["kind"],
        ["description"] = (string?)crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["description"],
    };

    private static JsonObject Annotations() => new()
    {
        ["annotations"] = new JsonObject
        {
            ["operators.operatorframework.io.bundle.mediatype.v1"] = "registry+v1",
            ["operators.operatorframework.io.bundle.manifests.v1"] = "manifests/",
            ["operators.operatorframework.io.bundle.metadata.v1"] = "metadata/",
            ["operators.operatorframework.io.bundle.package.v1"] = "ostler",
            ["operators.operatorframework.io.bundle.channels.v1"] = "alpha",
            ["operators.operatorframework.io.bundle.channel.default.v1"] = "alpha",
        },
    };

    // Names of the namespace are OLM's to choose, and Helm manages nothing here.
    private static void Forget(JsonObject installed)
    {
        var metadata = installed["metadata"]!.AsObject();
        if ((string?)metadata["namespace"] is not "default")
        {
            metadata.Remove("namespace");
        }

        foreach (var label in (string[])["app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/chart"])
        {
            metadata["labels"]?.AsObject().Remove(label);
        }

        metadata["annotations"]?.AsObject().Remove("helm.sh/resource-policy");
    }

    private static string KindOf(JsonObject installed) => (string)installed["kind"]!;

    private static string NameOf(JsonObject installed) => (string)installed["metadata"]!["name"]!;

    private static string Text(JsonObject document) => document.ToJsonString(Indented) + "\n";
}
