using System.Text.Json.Serialization;

namespace Ostler.Controller.Console.Views;

public sealed record EventMeta
{
    public string Name { get; set; } = "";
    public string Namespace { get; set; } = "";
    public DateTimeOffset? CreationTimestamp { get; init; }
}
