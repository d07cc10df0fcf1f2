using System.Text.Json.Nodes;

namespace Ostler.CrdGenerator.Schema;

/// <summary>Writes a shape as a structural schema of apiextensions.k8s.io/v1: no references, one type each.</summary>
internal static class OpenApiSchema
{
    // An API server reads a greater number as a float and stores it; a program that asks for an integer cannot read it back.
    private const long GreatestExactInteger = 9007199254740991;

    public static JsonObject Of(ValueSchema value) => Of(value, inList: false);

    /// <param name="value">The shape.</param>
    /// <param name="inList">
    /// Whether it lies within the items of a list. Defaults there are left to the programs: kubectl apply and GitOps tools compare a list
    /// of a custom resource as a whole, so one that the API server completes differs from the applied file forever.
    /// </param>
    private static JsonObject Of(ValueSchema value, bool inList)
    {
        var schema = new JsonObject();
        var fallback = inList && value.Default is not null ? $" Default: {DefaultText(value.Default)}." : "";
        if (value.Description.Length > 0 || value.Members.Count > 0)
        {
            schema["description"] = DescriptionOf(value, SaysDefault(value) ? "" : fallback);
        }

        WriteType(schema, value);
        WriteBounds(schema, value);
        if (value.Default is not null && !inList)
        {
            schema["default"] = value.Default.DeepClone();
        }

        if (value.ListMapKeys.Count > 0)
        {
            schema["x-kubernetes-list-type"] = "map";
            schema["x-kubernetes-list-map-keys"] = Strings(value.ListMapKeys);
        }

        if (value.IsAtomic)
        {
            schema["x-kubernetes-map-type"] = "atomic";
        }

        if (value.Rules.Count > 0)
        {
            schema["x-kubernetes-validations"] = new JsonArray(
                [.. value.Rules.Select(rule => new JsonObject { ["rule"] = rule.Rule, ["message"] = rule.Message })]);
        }

        foreach (var (name, constraint) in value.Constraint ?? [])
        {
            schema[name] = constraint!.DeepClone();
        }

        WriteChildren(schema, value, inList);
        return schema;
    }

    // kubectl explain folds lines but keeps empty ones between paragraphs and lines that start a list.
    private static string DescriptionOf(ValueSchema value, string fallback) => value.Members.Count == 0
        ? value.Description + fallback
        : $"{value.Description}{fallback}\n\n{string.Join('\n', value.Members.Select(member => $"- {member.Name}: {member.Description}"))}".TrimStart();

    private static bool SaysDefault(ValueSchema value) => value.Description.Contains("Default:", StringComparison.Ordinal);

    private static string DefaultText(JsonNode value) => value is JsonValue scalar && scalar.TryGetValue<string>(out var text) ? text : value.ToJsonString();

    private static void WriteType(JsonObject schema, ValueSchema value)
    {
        switch (value.Kind)
        {
            case ValueKind.Object or ValueKind.Map or ValueKind.Metadata:
                schema["type"] = "object";
                break;
            case ValueKind.List:
                schema["type"] = "array";
                break;
            case ValueKind.String or ValueKind.Duration:
                schema["type"] = "string";
                break;
            case ValueKind.Enum:
                schema["type"] = "string";
                schema["enum"] = Strings(value.Members.Select(member => member.Name));
                break;
            case ValueKind.Boolean:
                schema["type"] = "boolean";
                break;
            case ValueKind.Integer:
                schema["type"] = "integer";
                schema["format"] = value.Type == typeof(int) ? "int32" : "int64";
                break;
            case ValueKind.Timestamp:
                schema["type"] = "string";
                schema["format"] = "date-time";
                break;
            case ValueKind.IntOrPercent:
                schema["x-kubernetes-int-or-string"] = true;
                schema["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
                break;
            default:
                throw new InvalidOperationException($"No OpenAPI type for {value.Kind}.");
        }
    }

    private static void WriteBounds(JsonObject schema, ValueSchema value)
    {
        Set("pattern", value.Pattern);
        Set("minLength", value.MinLength);
        Set("maxLength", value.MaxLength);
        Set("minItems", value.MinItems);
        Set("maxItems", value.MaxItems);
        if (value.Kind is ValueKind.Integer or ValueKind.IntOrPercent)
        {
            var greatest = value.Type == typeof(long) ? GreatestExactInteger : int.MaxValue;
            Set("minimum", value.Minimum ?? -greatest);
            Set("maximum", value.Maximum ?? greatest);
        }

        void Set(string name, JsonNode? bound)
        {
            if (bound is not null)
            {
                schema[name] = bound;
            }
        }
    }

    private static void WriteChildren(JsonObject schema, ValueSchema value, bool inList)
    {
        switch (value.Kind)
        {
            case ValueKind.List:
                schema["items"] = Of(value.Items!, inList: true);
                break;
            case ValueKind.Map:
                schema["additionalProperties"] = Of(value.Items!, inList);
                break;
            case ValueKind.Object:
                if (value.Fields.Any(field => field.IsRequired))
                {
                    schema["required"] = Strings(value.Fields.Where(field => field.IsRequired).Select(field => field.Name));
                }

                var properties = new JsonObject();
                foreach (var field in value.Fields)
                {
                    // The API server refuses anything but the bare type for metadata.
                    properties[field.Name] = field.Value.Kind == ValueKind.Metadata ? new JsonObject { ["type"] = "object" } : Of(field.Value, inList);
                }

                schema["properties"] = properties;
                break;
        }
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
