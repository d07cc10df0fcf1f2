namespace Ostler.Controller.OSImages.Registry;

/// <summary>What cosign signs: a statement on a digest and on the name under which it was signed.</summary>
public sealed record SimpleSigning
{
    public SimpleSigningCritical? Critical { get; init; }
}

/// <summary>The part that counts.</summary>
public sealed record SimpleSigningCritical
{
    public SimpleSigningIdentity? Identity { get; init; }

    public SimpleSigningImage? Image { get; init; }

    public string? Type { get; init; }
}

/// <summary>Under which name.</summary>
public sealed record SimpleSigningIdentity
{
    [System.Text.Json.Serialization.JsonPropertyName("docker-reference")]
    public string? DockerReference { get; init; }
}

/// <summary>Which content.</summary>
public sealed record SimpleSigningImage
{
    [System.Text.Json.Serialization.JsonPropertyName("docker-manifest-digest")]
    public string? DockerManifestDigest { get; init; }
}
