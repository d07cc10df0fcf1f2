using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.CrdGenerator.Schema;

/// <summary>Reads the shape of the wire types.</summary>
/// <remarks>
/// Names, nesting and what is required come from the serializer's own metadata and not from the C# types, so that the schema
/// cannot promise another wire format than the one that is read and written.
/// </remarks>
internal sealed class SchemaReader(JsonSerializerOptions json, XmlDocumentation documentation)
{
    /// <summary>Wire fields of every object, which Kubernetes itself defines.</summary>
    private static readonly Dictionary<string, string> TypeMeta = new(StringComparer.Ordinal)
    {
        ["apiVersion"] = "The versioned schema of this object: ostler.dev/v1alpha1.",
        ["kind"] = "The kind of this object.",
    };

    /// <summary>The shape of a type, its fields included.</summary>
    /// <exception cref="NotSupportedException">The type has no place in a structural schema.</exception>
    public ValueSchema Read(Type type)
    {
        var underlying = Nullable.GetUnderlyingType(type) ?? type;
        var schema = new ValueSchema { Kind = KindOf(underlying), Type = underlying, Description = documentation.Of(underlying) };
        return schema.Kind switch
        {
            ValueKind.Object => schema with { Fields = FieldsOf(underlying), Rules = RulesOn(underlying), Constraint = ConstraintOn(underlying), IsAtomic = underlying.IsDefined(typeof(AtomicAttribute)) },
            ValueKind.List or ValueKind.Map => schema with { Items = Read(json.GetTypeInfo(underlying).ElementType!) },
            ValueKind.Enum => schema with { Members = MembersOf(underlying) },
            ValueKind.Duration => schema with { Pattern = Duration.Pattern },
            ValueKind.IntOrPercent => schema with { Pattern = IntOrPercent.Pattern, Minimum = 0 },
            ValueKind.Timestamp => schema with { Pattern = TimestampJsonConverter.Pattern },
            _ => schema,
        };
    }

    private ValueKind KindOf(Type type) => type switch
    {
        _ when type == typeof(string) => ValueKind.String,
        _ when type == typeof(bool) => ValueKind.Boolean,
        _ when type == typeof(int) || type == typeof(long) => ValueKind.Integer,
        _ when type == typeof(DateTimeOffset) => ValueKind.Timestamp,
        _ when type == typeof(Duration) => ValueKind.Duration,
        _ when type == typeof(IntOrPercent) => ValueKind.IntOrPercent,
        _ when type == typeof(ObjectMeta) => ValueKind.Metadata,
        { IsEnum: true } => ValueKind.Enum,
        _ => json.GetTypeInfo(type).Kind switch
        {
            JsonTypeInfoKind.Object => ValueKind.Object,
            JsonTypeInfoKind.Enumerable => ValueKind.List,
            JsonTypeInfoKind.Dictionary => ValueKind.Map,
            _ => throw new NotSupportedException($"{type} has a converter of its own that the generator does not know: teach it the wire format."),
        },
    };

    // The serializer lists what it ignores, too.
    private FieldSchema[] FieldsOf(Type type) =>
        [.. json.GetTypeInfo(type).Properties.Where(p => !p.IsExtensionData && p.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), false) != true).Select(FieldOf)];

    private FieldSchema FieldOf(JsonPropertyInfo property)
    {
        var member = (MemberInfo)property.AttributeProvider!;
        var value = Read(property.PropertyType);
        if (value.Kind == ValueKind.Metadata)
        {
            return new(property.Name, IsRequired: false, value with { Description = "Name, labels, annotations and the like, as on every Kubernetes object." });
        }

        var fallback = member.GetCustomAttribute<DefaultAttribute>() is { } attribute ? JsonNode.Parse(attribute.Json) : null;
        value = WithConstraints(value, member) with
        {
            Description = TypeMeta.TryGetValue(property.Name, out var meta) && typeof(IOstlerResource).IsAssignableFrom(member.DeclaringType)
                ? meta
                : documentation.Of(member),
            Default = fallback,
            Rules = [.. value.Rules, .. RulesOn(member)],
            Constraint = ConstraintOn(member) ?? value.Constraint,
        };
        return new(property.Name, property.IsRequired && fallback is null, value);
    }

    /// <summary>Lengths and patterns on a list or a map are meant for its items; the number of items is the list's own.</summary>
    private static ValueSchema WithConstraints(ValueSchema value, MemberInfo member)
    {
        if (value.Kind == ValueKind.List)
        {
            return value with
            {
                Items = WithScalarConstraints(value.Items!, member),
                MinItems = member.GetCustomAttribute<MinItemsAttribute>()?.Value,
                MaxItems = member.GetCustomAttribute<MaxItemsAttribute>()?.Value,
                ListMapKeys = member.GetCustomAttribute<ListMapAttribute>()?.Keys ?? [],
            };
        }

        return value.Kind == ValueKind.Map
            ? value with { Items = WithScalarConstraints(value.Items!, member) }
            : WithScalarConstraints(value, member);
    }

    private static ValueSchema WithScalarConstraints(ValueSchema value, MemberInfo member) => value with
    {
        Pattern = member.GetCustomAttribute<PatternAttribute>()?.Value ?? value.Pattern,
        Minimum = member.GetCustomAttribute<MinimumAttribute>()?.Value ?? value.Minimum,
        Maximum = member.GetCustomAttribute<MaximumAttribute>()?.Value ?? value.Maximum,
        MinLength = member.GetCustomAttribute<MinLengthAttribute>()?.Value ?? value.MinLength,
        MaxLength = member.GetCustomAttribute<MaxLengthAttribute>()?.Value ?? value.MaxLength,
    };

    private static CelRule[] RulesOn(MemberInfo member) =>
        [.. member.GetCustomAttributes<CelAttribute>().Select(rule => new CelRule(rule.Rule, rule.Message))];

    private static JsonObject? ConstraintOn(MemberInfo member) =>
        member.GetCustomAttribute<ConstraintAttribute>() is { } constraint ? (JsonObject)JsonNode.Parse(constraint.Json)! : null;

    private EnumMember[] MembersOf(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => new EnumMember(field.Name, documentation.Of(field)))];
}
