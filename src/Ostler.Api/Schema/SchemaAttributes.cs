namespace Ostler.Api.Schema;

/// <summary>The value that the API server fills in when the field is absent, as JSON text.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DefaultAttribute(string json) : Attribute
{
    public string Json => json;
}

/// <summary>The least number allowed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MinimumAttribute(long value) : Attribute
{
    public long Value => value;
}

/// <summary>The greatest number allowed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MaximumAttribute(long value) : Attribute
{
    public long Value => value;
}

/// <summary>The least number of characters.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MinLengthAttribute(int value) : Attribute
{
    public int Value => value;
}

/// <summary>The greatest number of characters.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MaxLengthAttribute(int value) : Attribute
{
    public int Value => value;
}

/// <summary>The greatest number of items. CEL rules inside lists need it for their cost estimate.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MaxItemsAttribute(int value) : Attribute
{
    public int Value => value;
}

/// <summary>The least number of items.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MinItemsAttribute(int value) : Attribute
{
    public int Value => value;
}

/// <summary>A regular expression (RE2) that a string, or each string of a list, must match.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PatternAttribute(string value) : Attribute
{
    public string Value => value;
}

/// <summary>The list is a map by these fields: server-side apply merges it entry by entry.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListMapAttribute(params string[] keys) : Attribute
{
    public string[] Keys => keys;
}

/// <summary>A CEL rule on the value, checked by API servers from 1.25 on; older ones ignore it and the controller checks again.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
public sealed class CelAttribute(string rule, string message) : Attribute
{
    public string Rule => rule;

    /// <summary>What is wrong and what to write instead.</summary>
    public string Message => message;
}

/// <summary>
/// Further value validation, as JSON of the schema (minProperties, anyOf, …). Every API server checks it, those without CEL as well, and
/// after pruning: an object in which no field was understood is empty by then.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
public sealed class ConstraintAttribute(string json) : Attribute
{
    public string Json => json;
}

/// <summary>Server-side apply takes an object of this type for one value, and not field by field.</summary>
/// <remarks>
/// For what a single program writes. Applied field by field, an object that the next apply leaves out is not removed: API servers put null
/// in its place (Kubernetes 1.20 and older) or an empty object (1.36.0), and then refuse the whole write as invalid. For the same reason
/// lists that may become empty have no <see cref="ListMapAttribute"/>.
/// </remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AtomicAttribute : Attribute;

/// <summary>How the resource is named, and that it is one of ours.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ResourceAttribute(string plural, string singular, params string[] shortNames) : Attribute
{
    public string Plural => plural;

    public string Singular => singular;

    public string[] ShortNames => shortNames;
}

/// <summary>A column of <c>kubectl get</c>, in the order of appearance.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class PrintColumnAttribute(string name, string type, string jsonPath) : Attribute
{
    public string Name => name;

    public string Type => type;

    public string JsonPath => jsonPath;

    /// <summary>0 is always shown, 1 only with <c>-o wide</c>.</summary>
    public int Priority { get; init; }

    public string? Description { get; init; }
}
