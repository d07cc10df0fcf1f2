using System.Text.Json.Nodes;
using Ostler.Testing.ControlPlane;

namespace Ostler.Machine.Cluster;

/// <summary>What is applied: config/samples, with the few values that this machine needs other than a data centre. Pure.</summary>
internal static class Scene
{
    public const string Node = "edge-1";
    public const string Policy = "edge";
    public const string Image = "edge-os";
    public const string Remote = "acme";

    /// <summary>How long after its boot a release may take to be healthy.</summary>
    public static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(100);

    /// <summary>After so long the host itself goes back.</summary>
    public static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(130);

    /// <summary>One pod of a workload that can be elsewhere, as soon as there is somewhere else.</summary>
    public const string Workload = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: default}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 2
              containers: [{name: web, image: registry.example/web:1}]
        """;

    /// <summary>The image of a release: config/samples/osimage.yaml, with this repository and that release's branch.</summary>
    public static JsonObject ImageOf(string sample, string url, string version)
    {
        var image = YamlDocuments.Read(sample).Single();
        var spec = image["spec"]!.AsObject();
        spec["version"] = version;
        var ostree = spec["ostree"]!.AsObject();
        (ostree["url"], ostree["ref"], ostree["gpgVerify"]) = (url, "v" + version.Split('.')[0], false);
        return image;
    }

    /// <summary>
    /// The policy: config/samples/upgradepolicy.yaml, with the times of a machine that boots in a minute, and with a check of what the
    /// machine is there for.
    /// </summary>
    public static JsonObject PolicyOf(string sample)
    {
        var policy = YamlDocuments.Read(sample).Single();
        var spec = policy["spec"]!.AsObject();
        spec["rollout"]!["soak"] = "5s";
        spec["reboot"]!["timeout"] = "6m";
        spec["health"]!["timeout"] = $"{HealthTimeout.TotalSeconds:0}s";
        spec["rollback"]!["watchdog"] = $"{Watchdog.TotalSeconds:0}s";
        var checks = spec["health"]!["checks"]!.AsArray();

        // What stands for the kubelet here serves nothing.
        checks.Remove(checks.Single(c => c!["http"] is not null));
        checks.Add((JsonNode)new JsonObject { ["name"] = "app", ["systemd"] = new JsonObject { ["active"] = new JsonArray("edge-app.service") } });
        return policy;
    }
}
