using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Controller.Console.Views;

/// <summary>What goes to the browser. The encoder escapes what HTML could take for markup.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(TimestampJsonConverter)])]
[JsonSerializable(typeof(ConsoleAbout))]
[JsonSerializable(typeof(NodeRow))]
[JsonSerializable(typeof(PolicyRow))]
[JsonSerializable(typeof(ImageRow))]
[JsonSerializable(typeof(NodeHistory))]
[JsonSerializable(typeof(NodeEvent))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
