using System.Diagnostics.Metrics;

namespace Ostler.Kubernetes.Telemetry;

/// <summary>
/// The names of an instrument's labels, told by the instrument itself: the documented table is made of them, and a test holds what is
/// served against them. They are a tag of the instrument, which exporters do not put on its series.
/// </summary>
public static class MetricLabels
{
    private const string Tag = "ostler.labels";

    /// <summary>The tags of an instrument whose measurements carry these labels.</summary>
    public static KeyValuePair<string, object?>[] Of(params string[] names) => [new(Tag, names)];

    /// <summary>The labels that an instrument declared, in its order; none when it declared nothing.</summary>
    public static IReadOnlyList<string> Of(Instrument instrument) =>
        instrument.Tags?.FirstOrDefault(tag => tag.Key == Tag).Value as string[] ?? [];
}
