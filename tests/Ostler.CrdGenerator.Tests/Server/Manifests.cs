using System.Text.Json.Nodes;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests.Server;

internal static class Manifests
{
    /// <summary>The least that each kind needs.</summary>
    public static JsonObject Minimal(string kind, string name) => Yaml(kind switch
    {
        "OSImage" => "spec: {ostree: {remote: acme, ref: acme/stable}}",
        "UpgradePolicy" => "spec: {imageRef: {name: edge-os}, nodeSelector: {matchLabels: {kubernetes.io/os: linux}}}",
        "NodeOS" => "spec: {}",
        _ => throw new ArgumentException($"{kind} is no kind of ours."),
    }, kind, name);

    public static JsonObject Yaml(string yaml, string kind, string name)
    {
        var manifest = YamlDocuments.Read(yaml)[0];
        manifest["apiVersion"] = "ostler.dev/v1alpha1";
        manifest["kind"] = kind;
        manifest["metadata"] = new JsonObject { ["name"] = name };
        return manifest;
    }

    /// <summary>Sets a field by its path, as in <c>spec.freezes</c>, making the objects on the way.</summary>
    public static JsonObject With(this JsonObject manifest, string path, JsonNode? value)
    {
        var names = path.Split('.');
        var parent = manifest;
        foreach (var name in names[..^1])
        {
            parent = (JsonObject)(parent[name] ??= new JsonObject());
        }

        parent[names[^1]] = value;
        return manifest;
    }
}
