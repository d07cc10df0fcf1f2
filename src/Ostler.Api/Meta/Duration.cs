using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>
/// A span of time as Kubernetes writes it: <c>30s</c>, <c>10m</c>, <c>1h30m</c>, <c>250ms</c>; <c>0s</c> and <c>0</c> are zero.
/// </summary>
/// <remarks>System.Text.Json would write ISO 8601 (<c>PT5M</c>), which no Kubernetes user expects. Negative values are refused.</remarks>
[JsonConverter(typeof(DurationJsonConverter))]
public readonly record struct Duration(TimeSpan Value) : IComparable<Duration>
{
    /// <summary>
    /// What the CRDs allow. Narrower than <see cref="TryParse"/>, so that whatever the API server stores can be read, and at most some
    /// 450 years, so that no sum of a time and a few durations leaves the calendar.
    /// </summary>
    public const string Pattern = "^(0|([0-9]{1,6}(\\.[0-9]{1,9})?(ms|s|m|h)){1,4})$";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    public static Duration Zero { get; }

    public static implicit operator TimeSpan(Duration duration) => duration.Value;

    public static implicit operator Duration(TimeSpan value) => new(value);

    public static Duration FromSeconds(double seconds) => new(TimeSpan.FromSeconds(seconds));

    public static Duration FromMinutes(double minutes) => new(TimeSpan.FromMinutes(minutes));

    public int CompareTo(Duration other) => Value.CompareTo(other.Value);

    public static bool operator <(Duration left, Duration right) => left.Value < right.Value;

    public static bool operator >(Duration left, Duration right) => left.Value > right.Value;

    public static bool operator <=(Duration left, Duration right) => left.Value <= right.Value;

    public static bool operator >=(Duration left, Duration right) => left.Value >= right.Value;

    /// <summary>Reads a duration. False for anything that is not one, an empty string and an overflow included.</summary>
    public static bool TryParse(string? text, out Duration duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (text == "0")
        {
            return true;
        }

        // In decimal: sums of binary fractions would not give back the ticks that they were written from.
        var total = 0m;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var (unit, length) = rest switch
            {
                ['m', 's', ..] => (TimeSpan.TicksPerMillisecond, 2),
                ['s', ..] => (TimeSpan.TicksPerSecond, 1),
                ['m', ..] => (TimeSpan.TicksPerMinute, 1),
                ['h', ..] => (TimeSpan.TicksPerHour, 1),
                _ => (0L, 0),
            };
            if (length == 0 || number > long.MaxValue / unit)
            {
                return false;
            }

            total += number * unit;
            rest = rest[length..];
        }

        if (total >= TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)total);
        return true;
    }

    /// <summary>The shortest Kubernetes form: <c>1h30m</c>, <c>45s</c>, <c>0s</c>.</summary>
    public override string ToString()
    {
        if (Value == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder();
        var hours = (long)Value.TotalHours;
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (Value.Minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Value.Minutes}m");
        }

        if (Value.Seconds > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Value.Seconds}s");
        }

        if (Value.Milliseconds > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Value.Milliseconds}ms");
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }
}

/// <summary>Reads and writes <see cref="Duration"/> as a JSON string.</summary>
public sealed class DurationJsonConverter : JsonConverter<Duration>
{
    public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Duration.TryParse(reader.GetString(), out var duration)
            ? duration
            : throw new JsonException("A duration is written as in 30s, 10m or 1h30m.");

    public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
