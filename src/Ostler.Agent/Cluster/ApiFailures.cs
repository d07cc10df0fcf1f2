using System.Text.Json;
using Ostler.Kubernetes.Client;

namespace Ostler.Agent.Cluster;

/// <summary>Which exceptions say that the API server could not be reached, or said no.</summary>
internal static class ApiFailures
{
    /// <summary>The failure with its causes: HTTP's own message mostly says no more than that there is one.</summary>
    public static string Describe(Exception failure)
    {
        var message = failure.Message;
        for (var cause = failure.InnerException; cause is not null; cause = cause.InnerException)
        {
            message += $" ({cause.Message})";
        }

        return message;
    }

    public static bool Is(Exception e) =>
        e is ApiException or HttpRequestException or IOException or TimeoutException or InvalidDataException or JsonException;
}
