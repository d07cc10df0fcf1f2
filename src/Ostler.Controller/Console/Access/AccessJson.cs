using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Controller.Console.Access;

/// <summary>The refusal that goes to the browser.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(TimestampJsonConverter)])]
[JsonSerializable(typeof(Refusal))]
internal sealed partial class AccessJson : JsonSerializerContext;
