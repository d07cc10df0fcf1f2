using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Names a piece of content, as manifests do.</summary>
internal sealed record OciDescriptor
{
    public string MediaType { get; set; } = "";

    public string Digest { get; set; } = "";

    public long Size { get; init; }

    public string? ArtifactType { get; init; }

    public OciPlatform? Platform { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>What an entry of an index runs on.</summary>
internal sealed record OciPlatform
{
    public string Os { get; set; } = "";

    public string Architecture { get; set; } = "";

    public string? Variant { get; init; }
}

/// <summary>A manifest or an index, of OCI or of Docker's second schema, which differ in their names only.</summary>
internal sealed record OciManifest
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciImage = "application/vnd.oci.image.manifest.v1+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerImage = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>What a registry is asked for. Some give an old schema to whom does not say.</summary>
    public static IReadOnlyList<string> MediaTypes { get; } = [OciIndex, DockerList, OciImage, DockerImage];

    public int SchemaVersion { get; init; }

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public OciDescriptor? Config { get; init; }

    public IReadOnlyList<OciDescriptor>? Layers { get; init; }

    public IReadOnlyList<OciDescriptor>? Manifests { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Whether it names other manifests rather than layers.</summary>
    [JsonIgnore]
    public bool IsIndex => Manifests is not null;

    /// <param name="body">What a registry sent.</param>
    /// <param name="contentType">What it called that; null: nothing.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="problem">Why it is none.</param>
    public static bool TryRead(ReadOnlySpan<byte> body, string? contentType, [NotNullWhen(true)] out OciManifest? manifest, [NotNullWhen(false)] out string? problem)
    {
        manifest = null;
        try
        {
            JsonBounds.Check(body);
            manifest = JsonSerializer.Deserialize(body, OciJson.Default.OciManifest);
        }
        catch (JsonException e)
        {
            problem = $"it is not a manifest: {e.Message}";
            return false;
        }

        problem = Refuse(manifest, contentType);
        manifest = problem is null ? manifest : null;
        return problem is null;
    }

    private static string? Refuse(OciManifest? manifest, string? contentType) => manifest switch
    {
        null => "it is null, not a manifest",
        { SchemaVersion: not 2 } => $"its schemaVersion is {manifest.SchemaVersion}; only 2 is supported: push the image again with a current tool",
        // Read as one by the verifier and as the other by the host, it would be two images under one digest.
        { Manifests: not null } and ({ Layers: not null } or { Config: not null }) => "it claims to be an index and an image at once",
        { Manifests: null, Config: null } => "it has neither a config nor manifests",
        // Registries send OCI's images as Docker's and the other way round; the two differ in nothing that matters here.
        { MediaType: { Length: > 0 } own } when contentType is not null && IsKnown(contentType) && IsKnown(own) && IsIndexType(own) != IsIndexType(contentType) =>
            $"it was sent as {contentType} and calls itself {own}",
        { MediaType: OciIndex or DockerList, Manifests: null } or { MediaType: OciImage or DockerImage, Manifests: not null } => $"it calls itself {manifest.MediaType}, but is not",
        _ => null,
    };

    private static bool IsIndexType(string mediaType) => mediaType is OciIndex or DockerList;

    private static bool IsKnown(string mediaType) => mediaType is OciIndex or OciImage or DockerList or DockerImage;
}

/// <summary>The part of an image's config that is read.</summary>
internal sealed record OciConfig
{
    public const string OciType = "application/vnd.oci.image.config.v1+json";
    public const string DockerType = "application/vnd.docker.container.image.v1+json";

    /// <summary>The config of what is no image, such as a signature.</summary>
    public const string EmptyType = "application/vnd.oci.empty.v1+json";

    public string? Os { get; init; }

    public string? Architecture { get; init; }

    public string? Variant { get; init; }

    /// <summary>When the image was made, as RFC 3339.</summary>
    public string? Created { get; init; }

    public OciRuntimeConfig? Config { get; init; }

    /// <exception cref="JsonException">It is none.</exception>
    public static OciConfig Read(ReadOnlySpan<byte> body)
    {
        JsonBounds.Check(body);
        return JsonSerializer.Deserialize(body, OciJson.Default.OciConfig) ?? throw new JsonException("it is null");
    }
}

/// <summary>What a container of the image would be started with.</summary>
internal sealed record OciRuntimeConfig
{
    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Reads what registries and cosign send without reflection.</summary>
// What is written twice could be read in two ways, by Ostler in one and by the host in the other.
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciConfig))]
[JsonSerializable(typeof(SimpleSigning))]
[JsonSerializable(typeof(BundleDocument))]
[JsonSerializable(typeof(InTotoStatement))]
internal sealed partial class OciJson : JsonSerializerContext;
