using Google.Protobuf;

namespace Ostler.Testing.Telemetry;

/// <summary>A span as it was received.</summary>
public sealed record ReceivedSpan
{
    public string TraceId { get; init; } = "";
    public string SpanId { get; init; } = "";

    /// <summary>Empty for a root.</summary>
    public string ParentSpanId { get; init; } = "";

    public string Name { get; init; } = "";
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset EndedAt { get; init; }

    /// <summary>0: unset, 1: ok, 2: error.</summary>
    public int StatusCode { get; init; }

    public string StatusMessage { get; init; } = "";
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Resource { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<(string TraceId, string SpanId)> Links { get; init; } = [];
}

/// <summary>
/// Reads an ExportTraceServiceRequest: what the tests look at of it, by the field numbers of opentelemetry-proto (trace/v1/trace.proto,
/// common/v1/common.proto).
/// </summary>
internal static class OtlpSpans
{
    public static IReadOnlyList<ReceivedSpan> Read(byte[] request)
    {
        var spans = new List<ReceivedSpan>();
        foreach (var resourceSpans in Messages(request, 1))
        {
            var resource = Messages(resourceSpans, 1).SelectMany(r => Messages(r, 1)).Select(Attribute).ToDictionary();
            spans.AddRange(from scope in Messages(resourceSpans, 2) from span in Messages(scope, 2) select Span(span) with { Resource = resource });
        }

        return spans;
    }

    private static ReceivedSpan Span(byte[] bytes)
    {
        var fields = Fields(bytes);
        var status = One(15) is { } s ? Fields(s) : [];
        return new()
        {
            TraceId = Hex(One(1)),
            SpanId = Hex(One(2)),
            ParentSpanId = Hex(One(4)),
            Name = Text(One(5)),
            StartedAt = Time(7),
            EndedAt = Time(8),
            Attributes = fields.Where(f => f.Number == 9).Select(f => Attribute(f.Bytes)).ToDictionary(),
            Links = [.. fields.Where(f => f.Number == 13).Select(f => (Hex(Messages(f.Bytes, 1).Single()), Hex(Messages(f.Bytes, 2).Single())))],
            StatusMessage = Text(status.FirstOrDefault(f => f.Number == 2).Bytes),
            StatusCode = (int)status.FirstOrDefault(f => f.Number == 3).Value,
        };

        byte[]? One(int number) => fields.FirstOrDefault(f => f.Number == number).Bytes;

        DateTimeOffset Time(int number) => DateTimeOffset.UnixEpoch.AddTicks((long)(fields.Single(f => f.Number == number).Value / 100));
    }

    private static KeyValuePair<string, string> Attribute(byte[] bytes)
    {
        var value = Fields(Messages(bytes, 2).Single()).Single();
        return new(Text(Messages(bytes, 1).Single()), value.Number == 1 ? Text(value.Bytes) : value.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static IEnumerable<byte[]> Messages(byte[] bytes, int number) => Fields(bytes).Where(f => f.Number == number).Select(f => f.Bytes);

    private static List<(int Number, byte[] Bytes, ulong Value)> Fields(byte[] bytes)
    {
        var fields = new List<(int, byte[], ulong)>();
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is var tag && tag != 0)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.LengthDelimited:
                    fields.Add((number, input.ReadBytes().ToByteArray(), 0));
                    break;
                case WireFormat.WireType.Varint:
                    fields.Add((number, [], input.ReadUInt64()));
                    break;
                case WireFormat.WireType.Fixed64:
                    fields.Add((number, [], input.ReadFixed64()));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return fields;
    }

    private static string Text(byte[]? bytes) => bytes is null ? "" : System.Text.Encoding.UTF8.GetString(bytes);

    private static string Hex(byte[]? bytes) => bytes is null ? "" : Convert.ToHexStringLower(bytes);
}
