using Ostler.CrdGenerator.Output;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Tests.Schema;

/// <summary>Every value of every resource by its path, items of lists as <c>path[]</c> and values of maps as <c>path{}</c>.</summary>
internal static class FieldTree
{
    public static IReadOnlyDictionary<string, ValueSchema> All { get; } = Build();

    private static Dictionary<string, ValueSchema> Build()
    {
        var all = new Dictionary<string, ValueSchema>(StringComparer.Ordinal);
        foreach (var resource in Resource.All())
        {
            Add(resource.Kind, resource.Schema);
        }

        return all;

        void Add(string path, ValueSchema value)
        {
            all.Add(path, value);
            foreach (var field in value.Fields)
            {
                Add($"{path}.{field.Name}", field.Value);
            }

            if (value.Items is not null)
            {
                Add(path + (value.Kind == ValueKind.List ? "[]" : "{}"), value.Items);
            }
        }
    }
}
