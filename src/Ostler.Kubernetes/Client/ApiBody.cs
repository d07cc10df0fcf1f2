using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ostler.Kubernetes.Client;

/// <summary>Request bodies that are too small to have types.</summary>
internal static class ApiBody
{
    public static byte[] Bytes(JsonNode body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            body.WriteTo(writer);
        }
        return buffer.WrittenSpan.ToArray();
    }

    public static JsonObject Metadata(JsonObject body)
    {
        if (body["metadata"] is JsonObject present)
        {
            return present;
        }
        var metadata = new JsonObject();
        body["metadata"] = metadata;
        return metadata;
    }

    public static JsonObject DeleteOptions(string? uid, string? resourceVersion, int? gracePeriodSeconds, bool dryRun)
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        if (gracePeriodSeconds is { } grace)
        {
            options["gracePeriodSeconds"] = grace;
        }
        var preconditions = new JsonObject();
        if (!string.IsNullOrEmpty(uid))
        {
            preconditions["uid"] = uid;
        }
        if (!string.IsNullOrEmpty(resourceVersion))
        {
            preconditions["resourceVersion"] = resourceVersion;
        }
        if (preconditions.Count > 0)
        {
            options["preconditions"] = preconditions;
        }
        if (dryRun)
        {
            options["dryRun"] = new JsonArray("All");
        }
        return options;
    }

    public static JsonObject Eviction(string apiVersion, NamespacedName pod, JsonObject deleteOptions)
    {
        // Inside an eviction the options carry no type of their own: policy/v1beta1 of old servers refuses a foreign one.
        deleteOptions.Remove("apiVersion");
        deleteOptions.Remove("kind");
        return new JsonObject
        {
            ["apiVersion"] = apiVersion,
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace },
            ["deleteOptions"] = deleteOptions,
        };
    }
}
