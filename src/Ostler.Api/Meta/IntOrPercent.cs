using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>A count, or a percentage of the selected nodes: <c>3</c> or <c>"25%"</c>.</summary>
[JsonConverter(typeof(IntOrPercentJsonConverter))]
public readonly record struct IntOrPercent
{
    /// <summary>What the CRDs allow where a string is written.</summary>
    public const string Pattern = "^((100|[0-9]{1,2})%|[0-9]{1,9})$";

    /// <summary>The same where zero makes no sense.</summary>
    public const string PositivePattern = "^((100|[1-9][0-9]?|0[1-9])%|0*[1-9][0-9]{0,8})$";

    /// <summary>The same as a CEL rule, for its message.</summary>
    public const string IsPositive = "type(self) == int ? self > 0 : self != '0' && self != '0%'";

    private IntOrPercent(int value, bool isPercent) => (Value, IsPercent) = (value, isPercent);

    /// <summary>The count, or the percentage from 0 to 100.</summary>
    public int Value { get; }

    public bool IsPercent { get; }

    public static IntOrPercent Count(int count) => new(count, false);

    public static IntOrPercent Percent(int percent) => new(percent, true);

    /// <summary>The number of nodes of <paramref name="total"/> that this stands for, a percentage rounded down.</summary>
    /// <example>25% of 10 is 2; 5% of 10 is 0 (callers that must move on take at least one).</example>
    public int Of(int total) => IsPercent ? (int)((long)total * Value / 100) : Value;

    /// <summary>Reads <c>3</c> or <c>25%</c>; false for anything else, negative numbers and more than 100% included.</summary>
    public static bool TryParse(string? text, out IntOrPercent value)
    {
        value = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var isPercent = text.EndsWith('%');
        if (!int.TryParse(isPercent ? text.AsSpan(0, text.Length - 1) : text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || (isPercent && number > 100))
        {
            return false;
        }

        value = new(number, isPercent);
        return true;
    }

    public override string ToString() => IsPercent
        ? string.Create(CultureInfo.InvariantCulture, $"{Value}%")
        : Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Reads a JSON number or a string such as <c>"25%"</c>, as Kubernetes' IntOrString does.</summary>
public sealed class IntOrPercentJsonConverter : JsonConverter<IntOrPercent>
{
    public override IntOrPercent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt32(out var number) && number >= 0 => IntOrPercent.Count(number),
        JsonTokenType.String when IntOrPercent.TryParse(reader.GetString(), out var value) => value,
        _ => throw new JsonException("Write a count such as 3, or a percentage such as \"25%\"."),
    };

    public override void Write(Utf8JsonWriter writer, IntOrPercent value, JsonSerializerOptions options)
    {
        if (value.IsPercent)
        {
            writer.WriteStringValue(value.ToString());
        }
        else
        {
            writer.WriteNumberValue(value.Value);
        }
    }
}
