namespace Ostler.Kubernetes.Core;

/// <summary>The part of a core/v1 Secret that is read. Never cached, never logged.</summary>
public sealed record Secret
{
    public NamespacedMeta Metadata { get; set; } = new();

    public string? Type { get; init; }

    /// <summary>In base64.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>Not what is in it.</summary>
    public override string ToString() => $"Secret {Metadata.Namespace}/{Metadata.Name}";
}
