using System.Text.Json.Serialization;

namespace Ostler.Controller.Console.Views;

/// <summary>The part of a core/v1 Event that is shown.</summary>
public sealed record NodeEvent
{
    public EventMeta Metadata { get; set; } = new();
    public string? Type { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public int? Count { get; init; }
    public DateTimeOffset? FirstTimestamp { get; init; }
    public DateTimeOffset? LastTimestamp { get; init; }
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>When it happened last; those of newer clients have eventTime alone.</summary>
    [JsonIgnore]
    public DateTimeOffset? At => LastTimestamp ?? EventTime ?? FirstTimestamp ?? Metadata.CreationTimestamp;
}
