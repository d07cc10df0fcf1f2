namespace Ostler.Rollout.Validation;

/// <summary>
/// For what a Secret may be used. Who writes policies and images chooses which Secret the controller reads; who owns a Secret says by
/// <c>ostler.dev/use</c> on it
/// that this is meant, so that no other Secret of the namespace can be sent anywhere.
/// </summary>
public static class SecretUse
{
    /// <summary>Label or annotation on the Secret. As an annotation it may name several purposes, with commas between.</summary>
    public const string Mark = Ostler.Api.Meta.OstlerApi.Group + "/use";

    /// <summary>Registry credentials, and the authorities of registries.</summary>
    public const string Pull = "pull";

    /// <summary>Tokens and authorities of health checks.</summary>
    public const string HealthCheck = "health-check";

    /// <summary>Addresses and tokens of notifications.</summary>
    public const string Notification = "notification";

    /// <summary>Public keys of image signatures.</summary>
    public const string Verification = "verification";

    private const string ServiceAccountToken = "kubernetes.io/service-account-token";

    private const string ServiceAccountName = "kubernetes.io/service-account.name";

    /// <summary>Why the Secret may not be used, to follow its name; null when it may be.</summary>
    /// <param name="purpose">One of the purposes above.</param>
    /// <param name="of">Namespace and name, for the command that fixes it.</param>
    /// <param name="type">Its type.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="annotations">Its annotations.</param>
    public static string? Problem(
        string purpose, (string Namespace, string Name) of, string? type, IReadOnlyDictionary<string, string>? labels, IReadOnlyDictionary<string, string>? annotations)
    {
        // Whatever marks it has: what it opens is the API server itself.
        if (type == ServiceAccountToken || annotations?.ContainsKey(ServiceAccountName) == true)
        {
            return "is a service account token, which Ostler never uses: create a Secret of type Opaque with a token for this purpose alone";
        }

        string[] uses = [.. Values(labels), .. Values(annotations)];
        return uses.Contains(purpose, StringComparer.Ordinal) ? null
            : $"is {(uses.Length == 0 ? "not marked for use by Ostler" : $"marked {Mark}: {string.Join(',', uses)}")}, but is used for {purpose}. "
            + $"If that is intended, run: kubectl -n {of.Namespace} {(uses.Length == 0 ? "label" : "annotate")} secret {of.Name} {Mark}={string.Join(',', [.. uses, purpose])}"
            + (uses.Length == 0 ? "" : " --overwrite");
    }

    private static string[] Values(IReadOnlyDictionary<string, string>? marks) =>
        marks?.GetValueOrDefault(Mark)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
