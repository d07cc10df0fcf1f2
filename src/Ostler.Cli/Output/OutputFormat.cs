using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ostler.Cli.Output;

/// <summary>How a command prints what it has read.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>For people, with more columns.</summary>
    Wide,

    Json,
    Yaml,
}

/// <summary>Prints objects as the API server has them.</summary>
internal static class ObjectText
{
    // Messages have quotation marks and umlauts; nobody puts this output into a web page.
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object by itself, several as a List.</summary>
    /// <param name="objects">As the API server has them.</param>
    /// <param name="format">JSON or YAML.</param>
    /// <param name="list">Whether they are a List.</param>
    /// <param name="managedFields">Whether metadata.managedFields is printed, which kubectl leaves out as well.</param>
    public static string Of(IReadOnlyList<JsonObject> objects, OutputFormat format, bool list, bool managedFields)
    {
        JsonNode[] printed = [.. objects.Select(o => o.DeepClone())];
        foreach (var metadata in printed.Select(o => o["metadata"]).OfType<JsonObject>().Where(_ => !managedFields))
        {
            metadata.Remove("managedFields");
        }

        return Of(list ? new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray(printed) }
            : printed[0].AsObject(), format);
    }

    public static string Of(JsonObject document, OutputFormat format)
    {
        if (format == OutputFormat.Yaml)
        {
            return YamlWriter.Write(document);
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            document.WriteTo(writer);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
