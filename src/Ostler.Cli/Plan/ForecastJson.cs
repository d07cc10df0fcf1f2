using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Simulation;

namespace Ostler.Cli.Plan;

/// <summary>Writes a forecast for programs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(TimestampJsonConverter), typeof(TimeSpanJsonConverter)])]
[JsonSerializable(typeof(RolloutForecast))]
internal sealed partial class ForecastJson : JsonSerializerContext
{
    public static JsonObject Of(RolloutForecast forecast) => JsonSerializer.SerializeToNode(forecast, Default.RolloutForecast)!.AsObject();
}

/// <summary>As everywhere in Ostler's API: 1h30m.</summary>
internal sealed class TimeSpanJsonConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Duration.TryParse(reader.GetString(), out var duration) ? duration : throw new JsonException("A duration is written as in 30s, 10m or 1h30m.");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(new Duration(value).ToString());
}
