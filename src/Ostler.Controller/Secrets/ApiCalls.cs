using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;

namespace Ostler.Controller.Secrets;

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

    /// <summary>Judges objects one by one, as they are read.</summary>
    /// <exception cref="CheckException">They cannot be listed.</exception>
    public static async Task VisitAsync<T>(
        ApiClient client, ResourceType<T> type, ListOptions options, Func<T, T> visit, string shown, string grant,
            CancellationToken cancellationToken) where T : class
    {
        try
        {
            await client.ListAsync(type, options, cancellationToken, visit);
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            throw new CheckException($"the controller may not list {shown}: grant list on {type.QualifiedName} with {grant}");
        }
        catch (Exception e) when (
            e is ApiException or TimeoutException or HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            throw new CheckException($"{shown} cannot be listed: {e.Message}");
        }
    }
}
