using System.Text;
using Ostler.Api.OSImages;
using Ostler.Controller.Resources;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Validation;

namespace Ostler.Controller.Health;

/// <summary>Reads a key of a Secret when a check needs it.</summary>
internal sealed class CheckSecrets(ApiClient client)
{
    private readonly MarkedSecrets _secrets = new(client);

    /// <exception cref="CheckException">It cannot be read; the message says what to do.</exception>
    public async Task<string> ReadAsync(SecretReference secret, string key, CancellationToken cancellationToken)
    {
        var name = $"the Secret {secret.Namespace}/{secret.Name}";
        var found = await _secrets.GetAsync(secret, SecretUse.HealthCheck, name, "the Role ostler-health-checks", cancellationToken);
        if (found.Data?.GetValueOrDefault(key) is not { Length: > 0 } text)
        {
            throw new CheckException($"{name} has no key {key}");
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw new CheckException($"the key {key} of {name} cannot be read");
        }
    }
}

/// <summary>Calls of the API server whose failure is a sentence.</summary>
internal static class ApiCalls
{
    /// <returns>Null when there is no such object.</returns>
    /// <exception cref="CheckException">It cannot be read.</exception>
    public static async Task<T?> GetAsync<T>(ApiClient client, ResourceType<T> type, NamespacedName name, string shown, string grant, CancellationToken cancellationToken) where T : class
    {
        try
        {
            return await client.GetAsync(type, name, cancellationToken);
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            throw new CheckException($"the controller may not read {shown}: grant get on {type.QualifiedName} with {grant}");
        }
        catch (Exception e) when (e is ApiException or TimeoutException or HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            throw new CheckException($"{shown} cannot be read: {e.Message}");
        }
    }
}
