namespace Ostler.Controller.Console.Views;

internal sealed record EventMeta
{
    public string Name { get; set; } = "";
    public string Namespace { get; set; } = "";
    public DateTimeOffset? CreationTimestamp { get; init; }
}
