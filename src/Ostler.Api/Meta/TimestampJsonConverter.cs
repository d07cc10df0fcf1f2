using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>RFC 3339 in UTC with whole seconds, as metav1.Time.</summary>
public sealed class TimestampJsonConverter : JsonConverter<DateTimeOffset>
{
    /// <summary>
    /// What the CRDs allow beside the format date-time. That format alone also admits lower-case letters, any offset and the year 0,
    /// which .NET refuses to read: one such object would stop every informer that lists it.
    /// </summary>
    public const string Pattern =
        "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Timestamp.Format(value));
}
