namespace Ostler.Api.Shared;

/// <summary>What a node runs on.</summary>
public static class NodePlatform
{
    /// <summary>As in <c>linux/arm64</c>, from what the kubelet reports or labels; null: not known.</summary>
    public static string? Of(string? os, string? architecture) =>
        architecture is { Length: > 0 } ? $"{(os is { Length: > 0 } ? os : "linux")}/{architecture}" : null;
}
