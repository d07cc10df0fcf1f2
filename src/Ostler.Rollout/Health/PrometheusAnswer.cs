using System.Globalization;
using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Health;

/// <summary>What the answer of a Prometheus server (or of one that speaks like it) to an instant query says.</summary>
public static class PrometheusAnswer
{
    private const int Named = 3;

    /// <param name="code">The HTTP status.</param>
    /// <param name="body">The body, whole.</param>
    /// <param name="want">What each sample must be; null: other than 0.</param>
    public static CheckFinding Judge(int code, ReadOnlyMemory<byte> body, SampleComparison? want)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? Judge(code, json.RootElement, want) : NotPrometheus(code, body.Span);
        }
        catch (JsonException)
        {
            return NotPrometheus(code, body.Span);
        }
    }

    private static CheckFinding Judge(int code, JsonElement root, SampleComparison? want)
    {
        if (Text(root, "status") == "error")
        {
            return CheckFinding.Error($"{Text(root, "errorType") ?? "error"}: {HttpFinding.Trim(Text(root, "error") ?? "the server gives no reason")}");
        }

        if (code is < 200 or >= 300 || Text(root, "status") != "success" || Member(root, "data") is not { ValueKind: JsonValueKind.Object } data)
        {
            return NotPrometheus(code, default);
        }

        // An aggregate over half of the stores looks like any other number: with a reservation, neither yes nor no is known.
        if (Reservation(root) is { } reservation)
        {
            return CheckFinding.Error($"{reservation}. A partial answer decides nothing: fix what it names, or narrow the query to complete data");
        }

        var result = Member(data, "result");
        return Text(data, "resultType") switch
        {
            "vector" when result is { ValueKind: JsonValueKind.Array } samples => Judge([.. samples.EnumerateArray().Select(Read)], want),
            "scalar" when result is { ValueKind: JsonValueKind.Array } scalar => Judge([new("", Value(scalar))], want),
            "matrix" => CheckFinding.Error("the query returns a range of samples instead of one: remove the [range], or use a function such as last_over_time"),
            var type => CheckFinding.Error($"the query returns a {type ?? "result without a type"}, which has no samples to compare"),
        };
    }

    /// <summary>What the server itself says against its answer; null when it vouches for all of it.</summary>
    /// <remarks>
    /// <c>warnings</c> is Prometheus's own (a remote read failed) and Thanos's (a store is down); <c>isPartial</c> is VictoriaMetrics's.
    /// <c>infos</c> are hints about the expression and say nothing of the data. A field of an unexpected type counts as a reservation: what
    /// is not understood must not pass.
    /// </remarks>
    private static string? Reservation(JsonElement root)
    {
        string[] warnings = Member(root, "warnings") switch
        {
            null or { ValueKind: JsonValueKind.Null } => [],
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(FieldCondition.TextOf)],
            { } other => [FieldCondition.TextOf(other)],
        };
        var isPartial = Member(root, "isPartial") is { ValueKind: not (JsonValueKind.Null or JsonValueKind.False) };
        return warnings.Length > 0
            ? $"the server {(isPartial ? "calls its answer partial" : "answers with a reservation")}: {MessageText.List([.. warnings.Select(HttpFinding.Trim)], Named)}"
            : isPartial ? "the server calls its answer partial (isPartial)" : null;
    }

    private static CheckFinding Judge(IReadOnlyList<Sample> samples, SampleComparison? want)
    {
        if (samples.Count == 0)
        {
            return CheckFinding.Missing("the query returns no sample: check the metric's name, and whether the target is scraped");
        }

        if (samples.FirstOrDefault(s => s.Text is null || !TryParse(s.Text, out _)) is { } odd)
        {
            return CheckFinding.Error($"{odd.Name} has no value to compare");
        }

        if (samples.FirstOrDefault(s => double.IsNaN(Parse(s))) is { } nan)
        {
            return CheckFinding.Missing($"{nan.Name} is NaN, as after a division of zero by zero");
        }

        var wrong = samples.Where(s => !Holds(Parse(s), want)).Select(s => $"{s.Name} is {s.Text}").ToArray();
        var wanted = want is null ? "other than 0" : $"{want.Operator} {want.Value}";
        return wrong.Length > 0
            ? CheckFinding.No($"{MessageText.List(wrong, Named)}; wanted: {wanted}")
            : CheckFinding.Pass($"{MessageText.Count(samples.Count, "sample")}, wanted: {wanted}");
    }

    private static bool Holds(double value, SampleComparison? want) => want is null
        ? value != 0
        : TryParse(want.Value, out var number) && want.Operator switch
        {
            SampleOperator.Equal => value == number,
            SampleOperator.NotEqual => value != number,
            SampleOperator.Less => value < number,
            SampleOperator.LessOrEqual => value <= number,
            SampleOperator.Greater => value > number,
            SampleOperator.GreaterOrEqual => value >= number,
            _ => false,
        };

    private static Sample Read(JsonElement item)
    {
        var labels = Member(item, "metric") is { ValueKind: JsonValueKind.Object } metric
            ? string.Join(",", metric.EnumerateObject().Where(l => l.Name != "__name__").Take(4).Select(l => $"{l.Name}=\"{l.Value}\""))
            : "";
        var name = Member(item, "metric") is { ValueKind: JsonValueKind.Object } named ? Text(named, "__name__") ?? "" : "";
        return new(HttpFinding.Trim(labels.Length > 0 ? $"{name}{{{labels}}}" : name), Member(item, "value") is { } value ? Value(value) : null);
    }

    // A pair of time and value, the latter as text so that infinities and NaN survive JSON.
    private static string? Value(JsonElement pair) =>
        pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair[1].ValueKind == JsonValueKind.String ? pair[1].GetString() : null;

    private static double Parse(Sample sample) => TryParse(sample.Text!, out var value) ? value : double.NaN;

    private static bool TryParse(string text, out double value)
    {
        value = text switch
        {
            "+Inf" or "Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => 0,
        };
        return value != 0 || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static CheckFinding NotPrometheus(int code, ReadOnlySpan<byte> body)
    {
        var words = HttpFinding.Trim(System.Text.Encoding.UTF8.GetString(body[..Math.Min(body.Length, 1024)]));
        var answer = string.Create(CultureInfo.InvariantCulture, $"answers {code}{(words.Length > 0 ? $": \"{words}\"" : "")}");
        return CheckFinding.Error(code switch
        {
            401 or 403 => $"{answer}; see bearerTokenSecretRef",
            >= 300 and < 400 => $"{answer}; redirects are not followed: name the server that answers",
            404 => $"{answer}; check that the URL is that of a Prometheus, without /api/v1",
            >= 200 and < 300 => $"{answer}; this is not an answer of a Prometheus",
            _ => answer,
        });
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private sealed record Sample(string Label, string? Text)
    {
        public string Name => Label.Length > 0 ? Label : "the sample";
    }
}
