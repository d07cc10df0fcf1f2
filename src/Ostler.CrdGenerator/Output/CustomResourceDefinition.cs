using System.Reflection;
using System.Text.Json.Nodes;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Output;

/// <summary>Writes one resource as a CustomResourceDefinition of apiextensions.k8s.io/v1.</summary>
internal static class CustomResourceDefinition
{
    public static JsonObject Of(Resource resource) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{resource.Names.Plural}.{OstlerApi.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = OstlerApi.Group,
            ["scope"] = "Cluster",
            ["names"] = NamesOf(resource),
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = OstlerApi.Version,
                ["served"] = true,
                ["storage"] = true,
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                ["additionalPrinterColumns"] = new JsonArray([.. resource.Columns.Select(ColumnOf)]),
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = OpenApiSchema.Of(resource.Schema) },
            }),
        },
    };

    // The category is ours alone: objects of the fleet have no place in the answer to "kubectl get all" of a namespace.
    private static JsonObject NamesOf(Resource resource) => new()
    {
        ["kind"] = resource.Kind,
        ["listKind"] = $"{resource.Kind}List",
        ["plural"] = resource.Names.Plural,
        ["singular"] = resource.Names.Singular,
        ["shortNames"] = new JsonArray([.. resource.Names.ShortNames.Select(name => JsonValue.Create(name))]),
        ["categories"] = new JsonArray("ostler"),
    };

    private static JsonObject ColumnOf(PrintColumnAttribute column)
    {
        var node = new JsonObject { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath };
        if (column.Description is not null)
        {
            node["description"] = column.Description;
        }

        if (column.Priority != 0)
        {
            node["priority"] = column.Priority;
        }

        return node;
    }
}

/// <summary>One resource of the group, with its shape.</summary>
internal sealed record Resource(string Kind, ResourceAttribute Names, IReadOnlyList<PrintColumnAttribute> Columns, ValueSchema Schema)
{
    /// <summary>Every type of the assembly that is marked as a resource, by kind.</summary>
    public static IReadOnlyList<Resource> All()
    {
        var api = typeof(OstlerApi).Assembly;
        var reader = new SchemaReader(OstlerJson.Default.Options, XmlDocumentation.Of(api));
        return
        [
            .. api.GetTypes()
                .Where(type => type.IsDefined(typeof(ResourceAttribute)))
                .OrderBy(type => type.Name, StringComparer.Ordinal)
                .Select(type => new Resource(
                    type.Name,
                    type.GetCustomAttribute<ResourceAttribute>()!,
                    [.. type.GetCustomAttributes<PrintColumnAttribute>()],
                    reader.Read(type))),
        ];
    }
}
