using System.Text.Json.Nodes;

namespace Ostler.Kubernetes.Client;

/// <summary>How the API server is to read a patch.</summary>
public enum PatchKind
{
    /// <summary>RFC 7386. Lists are replaced whole.</summary>
    Merge,

    /// <summary>Server-side apply: the fields are owned by the field manager, and what it no longer names is removed.</summary>
    Apply,

    /// <summary>RFC 6902, a list of operations.</summary>
    Json,
}

/// <summary>A change of an object, with what must be so before it is made.</summary>
public sealed class Patch
{
    private Patch(PatchKind kind, JsonNode body)
    {
        Kind = kind;
        Body = body;
    }

    public PatchKind Kind { get; }

    public JsonNode Body { get; }

    /// <summary>Apply only: take fields from other managers. Default false: the server answers with a conflict.</summary>
    public bool Force { get; private init; }

    /// <summary>Who makes the change. Default null: <see cref="ApiClientOptions.FieldManager"/>.</summary>
    public string? FieldManager { get; private init; }

    /// <summary>The server checks and admits, but stores nothing. Default false.</summary>
    public bool DryRun { get; private init; }

    /// <summary>A merge patch (RFC 7386). Null removes a field.</summary>
    public static Patch Merge(JsonNode body) => new(PatchKind.Merge, body ?? throw new ArgumentNullException(nameof(body)));

    /// <summary>A server-side apply. apiVersion, kind and name are filled in where absent.</summary>
    public static Patch Apply(JsonNode body, bool force = false) =>
        new(PatchKind.Apply, body ?? throw new ArgumentNullException(nameof(body))) { Force = force };

    /// <summary>A JSON patch (RFC 6902). Use <c>test</c> operations as preconditions.</summary>
    public static Patch Json(JsonNode operations) =>
        new(PatchKind.Json, operations as JsonArray ?? throw new ArgumentException("a JSON patch is a list of operations", nameof(operations)));

    public Patch By(string fieldManager) => new(Kind, Body) { Force = Force, FieldManager = fieldManager, DryRun = DryRun };

    public Patch AsDryRun() => new(Kind, Body) { Force = Force, FieldManager = FieldManager, DryRun = true };

    /// <summary>
    /// Makes the patch only if the object still has this UID and resource version; otherwise it fails with
    /// <see cref="ApiException.IsConflict"/>. Null leaves that one open. Not for JSON patches.
    /// </summary>
    public Patch OnlyIf(string? uid = null, string? resourceVersion = null)
    {
        if (Kind == PatchKind.Json)
        {
            throw new InvalidOperationException("a JSON patch takes test operations as preconditions");
        }
        var body = Body.DeepClone().AsObject();
        var metadata = ApiBody.Metadata(body);
        if (!string.IsNullOrEmpty(uid))
        {
            metadata["uid"] = uid;
        }
        if (!string.IsNullOrEmpty(resourceVersion))
        {
            metadata["resourceVersion"] = resourceVersion;
        }
        return new(Kind, body) { Force = Force, FieldManager = FieldManager, DryRun = DryRun };
    }

    internal string ContentType => Kind switch
    {
        PatchKind.Merge => "application/merge-patch+json",
        // JSON is YAML; servers before 1.32 know no other name for it.
        PatchKind.Apply => "application/apply-patch+yaml",
        _ => "application/json-patch+json",
    };

    internal byte[] BodyFor<T>(ResourceType<T> type, NamespacedName name) where T : class
    {
        if (Kind != PatchKind.Apply)
        {
            return ApiBody.Bytes(Body);
        }
        var body = Body.DeepClone().AsObject();
        body["apiVersion"] ??= type.ApiVersion;
        body["kind"] ??= type.Kind;
        ApiBody.Metadata(body)["name"] ??= name.Name;
        return ApiBody.Bytes(body);
    }
}
