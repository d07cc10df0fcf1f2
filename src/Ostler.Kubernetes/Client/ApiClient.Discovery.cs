using System.Text.Json;

namespace Ostler.Kubernetes.Client;

public sealed partial class ApiClient
{
    /// <summary>What the server serves in a group and version (an empty group is core).</summary>
    /// <returns>Null when it does not know the group or the version.</returns>
    public async Task<IReadOnlyList<ApiResource>?> DiscoverAsync(string group, string version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentException.ThrowIfNullOrEmpty(version);
        var path = group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
        try
        {
            return await CallAsync(
                new ApiRequest(HttpMethod.Get, path, "discover", ""),
                static async (response, token) =>
                {
                    var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
                    await using (stream.ConfigureAwait(false))
                    {
                        var list = await JsonSerializer.DeserializeAsync(stream, ApiJson.Default.ApiResourceList, token).ConfigureAwait(false);
                        return list?.Resources ?? [];
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>The server's own version, as in <c>v1.33.1</c>; <c>unknown</c> when it does not say.</summary>
    public Task<string> GetServerVersionAsync(CancellationToken cancellationToken) => CallAsync(
        new ApiRequest(HttpMethod.Get, "version", "read the version", ""),
        static async (response, token) =>
        {
            var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var info = await JsonSerializer.DeserializeAsync(stream, ApiJson.Default.JsonObject, token).ConfigureAwait(false);
                return info?["gitVersion"]?.GetValue<string>() ?? "unknown";
            }
        },
        cancellationToken);

    /// <summary>Does the server have this resource?</summary>
    public async Task<bool> HasResourceAsync(string group, string version, string plural, CancellationToken cancellationToken)
    {
        var resources = await DiscoverAsync(group, version, cancellationToken).ConfigureAwait(false);
        return resources?.Any(r => r.Name == plural) ?? false;
    }

    /// <summary>Does the server have this resource in the version of <paramref name="type"/>?</summary>
    public Task<bool> HasResourceAsync<T>(ResourceType<T> type, CancellationToken cancellationToken) where T : class =>
        HasResourceAsync(type.Group, type.Version, type.Plural, cancellationToken);
}
