namespace Ostler.Kubernetes.Core;

/// <summary>The part of a core/v1 Secret that is read. Never cached, never logged.</summary>
public sealed record Secret
{
    public PodMeta Metadata { get; set; } = new();

    /// <summary>In base64.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }
}
